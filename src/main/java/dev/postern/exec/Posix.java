package dev.postern.exec;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// The calls of POSIX and Linux that Java lacks: it can end a process but not signal it, waits for
/// its own children only, and can't hide what others may see of it. Linux on 64 bits.
final class Posix {

    /// Nobody is there to be waited for.
    static final int NOBODY = 0;

    private static final int P_ALL = 0;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int WNOWAIT = 0x0100_0000;

    /// `siginfo_t` of Linux: its size, and where `si_pid` is.
    private static final long SIGINFO_BYTES = 128;

    private static final long SI_PID_AT = 16;

    private static final int STANDARD_STREAMS = 3;
    private static final int PR_SET_DUMPABLE = 4;

    private static final MethodHandle KILL = call("kill", JAVA_INT, JAVA_INT);
    private static final MethodHandle WAITID =
            call("waitid", JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle WAITPID = call("waitpid", JAVA_INT, ADDRESS, JAVA_INT);
    private static final MethodHandle TCGETPGRP = call("tcgetpgrp", JAVA_INT);
    private static final MethodHandle GETPGRP = call("getpgrp");
    private static final MethodHandle PRCTL =
            call("prctl", List.of(Linker.Option.firstVariadicArg(1)), JAVA_INT, JAVA_LONG);

    private Posix() {}

    private static MethodHandle call(String name, ValueLayout... arguments) {
        return call(name, List.of(), arguments);
    }

    @SuppressWarnings("restricted")
    private static MethodHandle call(
            String name, List<Linker.Option> options, ValueLayout... arguments) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name),
                FunctionDescriptor.of(JAVA_INT, arguments),
                options.toArray(Linker.Option[]::new));
    }

    /// Closes this process's memory, its environment and its open files in `/proc` to others of the
    /// same user, and to a root without CAP_SYS_PTRACE; nor can they attach a debugger, or find a
    /// core dump. See PR_SET_DUMPABLE in prctl(2). What the process itself reads in `/proc/self`
    /// stays open to it, but for `environ`, `mem` and the like.
    static void hide() {
        answer(() -> (int) PRCTL.invokeExact(PR_SET_DUMPABLE, 0L));
    }

    /// Overwrites the values of variables where the system keeps the environment that this process
    /// was started with: `/proc/PID/environ` shows that to a root who may trace, whatever [#hide]
    /// does. Java has a copy of its own.
    ///
    /// @param names which
    @SuppressWarnings("restricted")
    static void forget(Predicate<String> names) {
        Optional<MemorySegment> environ = Linker.nativeLinker().defaultLookup().find("environ");
        if (environ.isEmpty()) {
            return;
        }
        MemorySegment first = environ.get().reinterpret(ADDRESS.byteSize()).get(ADDRESS, 0);
        if (first.equals(MemorySegment.NULL)) {
            return;
        }
        MemorySegment pointers = first.reinterpret(Long.MAX_VALUE);
        for (long at = 0; ; at += ADDRESS.byteSize()) {
            MemorySegment entry = pointers.get(ADDRESS, at);
            if (entry.equals(MemorySegment.NULL)) {
                return;
            }
            overwrite(entry.reinterpret(Long.MAX_VALUE), names);
        }
    }

    private static void overwrite(MemorySegment entry, Predicate<String> names) {
        String text = entry.getString(0, StandardCharsets.ISO_8859_1);
        int equals = text.indexOf('=');
        if (equals > 0 && names.test(text.substring(0, equals))) {
            entry.asSlice(equals + 1L, text.length() - equals - 1L).fill((byte) 0);
        }
    }

    /// Sends a signal, kill(2).
    ///
    /// @return whether there was such a process
    static boolean kill(long pid, int signal) {
        return answer(() -> (int) KILL.invokeExact((int) pid, signal)) == 0;
    }

    /// Returns a child that has ended and still waits to be reaped, without reaping it; [#NOBODY]
    /// when there is none. See waitid(2).
    static int ended() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment info = arena.allocate(SIGINFO_BYTES, Long.BYTES);
            int flags = WEXITED | WNOHANG | WNOWAIT;
            int result = answer(() -> (int) WAITID.invokeExact(P_ALL, 0, info, flags));
            return result == 0 ? info.get(JAVA_INT, SI_PID_AT) : NOBODY;
        }
    }

    /// Reaps a child that has ended, waitpid(2).
    static void reap(int pid) {
        answer(() -> (int) WAITPID.invokeExact(pid, MemorySegment.NULL, WNOHANG));
    }

    /// Returns whether this process is in the foreground of a terminal, which then gives its
    /// signals to the children as well (tcgetpgrp(3)). Any standard stream may be the terminal.
    static boolean inForeground() {
        int ours = answer(() -> (int) GETPGRP.invokeExact());
        for (int stream = 0; stream < STANDARD_STREAMS; stream++) {
            int at = stream;
            if (answer(() -> (int) TCGETPGRP.invokeExact(at)) == ours) {
                return true;
            }
        }
        return false;
    }

    @FunctionalInterface
    private interface SystemCall {
        int make() throws Throwable;
    }

    private static int answer(SystemCall call) {
        try {
            return call.make();
        } catch (RuntimeException | Error trouble) {
            throw trouble;
        } catch (Throwable impossible) {
            throw new IllegalStateException("a call of the C library threw", impossible);
        }
    }
}
