package dev.postern;

import dev.postern.exec.Signals;
import dev.postern.log.Logging;
import java.util.concurrent.CountDownLatch;

/// The request to end: SIGTERM or SIGINT.
///
/// A shutdown hook would be the other way to notice them, but hooks run beside those of the JDK,
/// one of which silences the log at once, and the process could not end with status 0.
final class Termination {

    /// Exit status of an end without a drain.
    private static final int AT_ONCE = 1;

    private final CountDownLatch requested = new CountDownLatch(1);

    private Termination() {}

    /// Catches the signals from now on. The first one asks for an orderly end; after it the next
    /// ends the process at once, as somebody who presses Ctrl-C twice wants.
    static Termination catching() {
        Termination termination = new Termination();
        for (String name : new String[] {"TERM", "INT"}) {
            Signals.handle(name, termination::caught);
        }
        return termination;
    }

    private void caught() {
        if (requested.getCount() == 0) {
            Logging.stop();
            Runtime.getRuntime().halt(AT_ONCE);
        }
        requested.countDown();
    }

    /// Blocks until one of them came.
    void await() {
        boolean waiting = true;
        while (waiting) {
            try {
                requested.await();
                waiting = false;
            } catch (InterruptedException _) {
                // Nobody has a reason to interrupt the main thread.
            }
        }
    }
}
