package dev.postern.exec;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Optional;

/// Signals to this process. By reflection: `sun.misc.Signal` is the only way in Java, and the
/// compiler's warning about it can't be turned off.
public final class Signals {

    private Signals() {}

    /// Has `task` run at each signal.
    ///
    /// @param name without `SIG`
    /// @return whether that was possible: the JVM keeps some for itself, USR2 for one unless
    ///   `_JAVA_SR_SIGNUM` gives it another
    public static boolean handle(String name, Runnable task) {
        Optional<Object> signal = signal(name);
        if (signal.isEmpty()) {
            return false;
        }
        try {
            Class<?> type = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object running =
                    Proxy.newProxyInstance(
                            Signals.class.getClassLoader(),
                            new Class<?>[] {handler},
                            (_, _, _) -> {
                                task.run();
                                return null;
                            });
            type.getMethod("handle", type, handler).invoke(null, signal.get(), running);
            return true;
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException) {
                return false;
            }
            throw new IllegalStateException(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }

    /// Returns a signal's number on this system.
    static int number(String name) {
        try {
            Object signal = signal(name).orElseThrow();
            return (int) signal.getClass().getMethod("getNumber").invoke(signal);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }

    private static Optional<Object> signal(String name) {
        try {
            return Optional.of(
                    Class.forName("sun.misc.Signal")
                            .getConstructor(String.class)
                            .newInstance(name));
        } catch (InvocationTargetException e) {
            return Optional.empty();
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }
}
