package dev.postern.exec;

/// The first process's duty in a container: a process whose parent has ended becomes its child, and
/// stays a zombie until it is waited for.
final class Orphans {

    private static final long FIRST_PROCESS = 1;

    private Orphans() {}

    /// Reaps orphans from now on, if this is the first process.
    ///
    /// @param own the child that Java waits for by itself
    static void reapBeside(Process own) {
        if (!areOurs()) {
            return;
        }
        Signals.handle("CHLD", () -> reap(own));
        // Those that ended before the signal was handled; and those that our own child hid by
        // having ended first.
        reap(own);
        own.onExit().thenRun(() -> reap(own));
    }

    /// Returns whether this is the first process.
    static boolean areOurs() {
        return ProcessHandle.current().pid() == FIRST_PROCESS;
    }

    private static synchronized void reap(Process own) {
        for (int ended = Posix.ended(); ended != Posix.NOBODY; ended = Posix.ended()) {
            if (ended == own.pid()) {
                return;
            }
            Posix.reap(ended);
        }
    }
}
