package dev.postern.listener;

import java.time.Duration;

/// Who is told of the listener's work, for metrics. Called on event loops and on the spool's
/// threads; must be quick.
public interface ListenerObserver {

    /// An observer that looks away.
    ListenerObserver NONE = new ListenerObserver() {};

    /// The number of open sessions changed.
    default void sessions(int open) {}

    /// A message was answered 250, or the like over HTTP.
    ///
    /// @param took from the end of the data to the answer
    /// @param sizeBytes octets of content as the client sent it, decoded
    default void accepted(Duration took, long sizeBytes) {}

    /// Mail, or a recipient of it, was not taken.
    default void rejected(Rejection reason) {}

    /// A log-in failed.
    default void authFailed() {}
}
