package dev.postern.spool;

import java.io.IOException;

/// Something for the [Writer] to put into the journal. All methods run on its thread, in this
/// order: [#stage], then [#written], then [#durable]; or [#failed] instead of any of these. What
/// becomes durable at once is told of [#durable] alone or first.
interface Work {

    /// Appends records.
    ///
    /// @return whether [#written] and [#durable] shall be called
    boolean stage(Journal journal) throws IOException;

    /// Returns whether somebody waits for [#durable]; else it comes with the next sync, or soon.
    default boolean wantsSync() {
        return false;
    }

    /// Returns whether it accepts a message.
    default boolean isCommit() {
        return false;
    }

    /// Returns whether it is staged again after a failure, instead of [#failed].
    default boolean survives() {
        return false;
    }

    default void written() {}

    default void durable() {}

    default void failed(SpoolException trouble) {}
}
