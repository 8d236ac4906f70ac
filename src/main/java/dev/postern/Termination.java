package dev.postern;

import java.lang.reflect.Proxy;
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
            handle(name, termination::caught);
        }
        return termination;
    }

    /// Has `task` run at each signal `name`. By reflection: `sun.misc.Signal` is the only way in
    /// Java, and the compiler's warning about it can't be turned off.
    static void handle(String name, Runnable task) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object running =
                    Proxy.newProxyInstance(
                            Termination.class.getClassLoader(),
                            new Class<?>[] {handler},
                            (_, _, _) -> {
                                task.run();
                                return null;
                            });
            Object named = signal.getConstructor(String.class).newInstance(name);
            signal.getMethod("handle", signal, handler).invoke(null, named, running);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }

    private void caught() {
        if (requested.getCount() == 0) {
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
