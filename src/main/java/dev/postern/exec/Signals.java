package dev.postern.exec;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;

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
        InvocationHandler running =
                (_, _, _) -> {
                    task.run();
                    return null;
                };
        try {
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object signal = signal(name);
            Object proxy =
                    Proxy.newProxyInstance(
                            Signals.class.getClassLoader(), new Class<?>[] {handler}, running);
            signal.getClass()
                    .getMethod("handle", signal.getClass(), handler)
                    .invoke(null, signal, proxy);
            return true;
        } catch (ReflectiveOperationException e) {
            if (e.getCause() instanceof IllegalArgumentException) {
                return false;
            }
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }

    /// Returns a signal's number on this system.
    static int number(String name) {
        try {
            Object signal = signal(name);
            return (int) signal.getClass().getMethod("getNumber").invoke(signal);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Java has no sun.misc.Signal", e);
        }
    }

    private static Object signal(String name) throws ReflectiveOperationException {
        return Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(name);
    }
}
