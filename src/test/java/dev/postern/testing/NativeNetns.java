package dev.postern.testing;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The system call that no part of the JDK makes: a thread changes its network namespace.
@SuppressWarnings("restricted")
final class NativeNetns {

    private static final int O_CLOEXEC = 0x80000;
    private static final int CLONE_NEWNET = 0x40000000;

    private static final MethodHandle OPEN =
            function(
                    "open",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
                    Linker.Option.firstVariadicArg(2));
    private static final MethodHandle SETNS =
            function("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle CLOSE =
            function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private NativeNetns() {}

    private static MethodHandle function(
            String name, FunctionDescriptor descriptor, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor, options);
    }

    /// Moves the calling platform thread into the namespace that the file stands for (setns(2));
    /// the JVM's other threads stay where they are.
    static void enter(Path file) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int handle = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), O_CLOEXEC);
            int moved = handle < 0 ? handle : (int) SETNS.invokeExact(handle, CLONE_NEWNET);
            int closed = handle < 0 ? handle : (int) CLOSE.invokeExact(handle);
            if (moved < 0 || closed < 0) {
                throw new IOException("can't enter " + file);
            }
        } catch (IOException | RuntimeException | Error e) {
            throw e;
        } catch (Throwable impossible) {
            throw new AssertionError(impossible);
        }
    }
}
