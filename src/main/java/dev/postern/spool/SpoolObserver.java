package dev.postern.spool;

import java.time.Duration;

/// Who is told of the spool's work, for metrics and logs. Called on the spool's threads; must be
/// quick.
public interface SpoolObserver {

    /// An observer that looks away.
    SpoolObserver NONE = (_, _) -> {};

    /// One sync of the disk is over.
    ///
    /// @param took how long it lasted
    /// @param commits how many messages it made durable
    void synced(Duration took, int commits);
}
