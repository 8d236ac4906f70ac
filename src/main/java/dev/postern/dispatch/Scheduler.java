package dev.postern.dispatch;

import java.time.Instant;

/// Time and threads, as the dispatcher uses them.
interface Scheduler extends AutoCloseable {

    /// Returns the time.
    Instant now();

    /// Runs `task` on a thread of its own, soon.
    ///
    /// @param name of the thread, for stack dumps
    /// @return what interrupts that thread
    Runnable start(String name, Runnable task);

    /// Runs `task` once at `when`, or soon where that has passed. It must be brief.
    ///
    /// @return what makes it forget the task
    Runnable at(Instant when, Runnable task);

    /// Forgets what was to run later.
    @Override
    void close();
}
