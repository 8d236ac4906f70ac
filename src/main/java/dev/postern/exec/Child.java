package dev.postern.exec;

import dev.postern.config.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The app: a process that shares this one's standard streams and gets its signals.
///
/// *Contract.* From [#of] on no forwarded signal ends this process; each goes to the child, those
/// from before its start right after it. [#await] returns once the child has ended. It gets none of
/// our secrets, and finds none by looking at this process in `/proc`. One thread calls [#start] and
/// [#await]: when it ends before the child does, as with this process, the child gets TERM (see
/// [Leash]).
///
/// *Diagnostics.* [#start] throws when the child can't be started, and [#statusOfFailure] says what
/// that means. A signal that can't be forwarded is a warning; a missing [Leash] is told.
public final class Child {

    /// Exit status for a command that is not there, as shells have it (POSIX.1-2017 §2.8.2).
    public static final int NOT_FOUND = 127;

    /// Exit status for a command that can't be executed.
    public static final int NOT_EXECUTABLE = 126;

    private static final List<String> FORWARDED =
            List.of("TERM", "INT", "HUP", "USR1", "USR2", "TTIN", "TTOU", "WINCH");

    /// A terminal sends these to the whole foreground: the child has them already.
    private static final Set<String> SENT_BY_TERMINALS = Set.of("INT", "WINCH");

    private static final Set<String> ENDING = Set.of("TERM", "INT");

    /// Gives the JVM another signal than USR2 for its own ends; not the child's business.
    private static final String JVM_SIGNAL = "_JAVA_SR_SIGNUM";

    /// `bin/postern` keeps Java's own variables from this process under names that begin so.
    private static final String KEPT = "_POSTERN_KEPT_";

    /// Before what was set in the command's stead, with its value: Java needs a locale that has
    /// more than ASCII. What has another value by now is the command's own.
    private static final String ADDED = "_POSTERN_ADDED_";

    /// `bin/postern` keeps under names that begin so the variables whose names its shell can't say,
    /// such as `spring.mail.host`, and would lose: name and value in each, since no single variable
    /// holds more than 128 KiB, with [#LINE_BREAK_STAND_IN] for a line break.
    private static final String UNSPEAKABLE = "_POSTERN_UNSPEAKABLE_";

    private static final char LINE_BREAK_STAND_IN = '\001';
    private static final String PATH_WHEN_UNSET = "/bin:/usr/bin";

    /// What Linux reads of a script to find its interpreter (BINPRM_BUF_SIZE).
    private static final int SCRIPT_HEAD_BYTES = 256;

    private static final Logger log = LoggerFactory.getLogger(Child.class);

    private final List<String> command;
    private final List<String> early = new ArrayList<>();
    private @Nullable Process process;
    private OptionalLong endAskedAtNanos = OptionalLong.empty();

    private Child(List<String> command) {
        this.command = List.copyOf(command);
    }

    /// Catches the signals for a child that is not started yet.
    ///
    /// @param command its program, looked for in `PATH`, and its arguments
    public static Child of(List<String> command) {
        Child child = new Child(command);
        for (String name : FORWARDED) {
            if (!Signals.handle(name, () -> child.caught(name))) {
                log.atWarn()
                        .addKeyValue("signal", name)
                        .log(
                                "is not forwarded: the JVM uses it; bin/postern gives the JVM"
                                        + " another one");
            }
        }
        return child;
    }

    /// Starts it.
    ///
    /// `serve` starts nothing that could look at it, has a user of its own where it is packaged,
    /// and would pay at each start for what hides this process: so it does not.
    ///
    /// @param handedOn which of our variables are the child's as well
    /// @param changes variables that differ from ours
    /// @throws IOException when it can't be started; see [#statusOfFailure]
    public void start(Predicate<String> handedOn, Map<String, String> changes) throws IOException {
        Posix.hide();
        Posix.forget(handedOn.negate());
        List<String> leashed = Leash.on(command);
        if (!leashed.equals(command)) {
            checkProgram();
        }
        ProcessBuilder builder = new ProcessBuilder(leashed).inheritIO();
        // In place: what Java can't decode is the child's too, and stays as it is.
        builder.environment().keySet().removeIf(handedOn.negate());
        builder.environment().remove(JVM_SIGNAL);
        giveBack(builder.environment());
        builder.environment().putAll(changes);
        Process started = builder.start();
        Orphans.reapBeside(started);
        synchronized (this) {
            process = started;
            early.forEach(name -> pass(started, name));
            early.clear();
        }
        log.atInfo().addKeyValue("pid", started.pid()).log("command started");
    }

    private static void giveBack(Map<String, String> environment) {
        for (String name : List.copyOf(environment.keySet())) {
            if (name.startsWith(UNSPEAKABLE)) {
                giveBack(environment, Objects.requireNonNull(environment.remove(name)));
            } else if (name.startsWith(KEPT)) {
                environment.put(name.substring(KEPT.length()), environment.remove(name));
            } else if (name.startsWith(ADDED)) {
                environment.remove(name.substring(ADDED.length()), environment.remove(name));
            }
        }
    }

    private static void giveBack(Map<String, String> environment, String entry) {
        int equals = entry.indexOf('=');
        if (equals > 0) {
            if (Machine.isSpoiled(entry)) {
                log.atWarn()
                        .addKeyValue("variable", entry.substring(0, equals))
                        .log(
                                "reaches the command spoiled: it is no text in the locale's"
                                        + " charset");
            }
            String value = entry.substring(equals + 1).replace(LINE_BREAK_STAND_IN, '\n');
            environment.put(entry.substring(0, equals), value);
        }
    }

    private synchronized void caught(String name) {
        if (ENDING.contains(name) && endAskedAtNanos.isEmpty()) {
            endAskedAtNanos = OptionalLong.of(System.nanoTime());
        }
        if (process == null) {
            early.add(name);
        } else {
            pass(process, name);
        }
    }

    private static void pass(Process process, String name) {
        // A container's runtime sends its stop signal to the first process alone, terminal or not.
        boolean has =
                SENT_BY_TERMINALS.contains(name) && !Orphans.areOurs() && Posix.inForeground();
        if (process.isAlive() && !has) {
            Posix.kill(process.pid(), Signals.number(name));
        }
    }

    /// Blocks until it has ended.
    ///
    /// @return its exit status; 128 and the signal's number if one ended it
    public int await() {
        Process running = running();
        while (true) {
            try {
                return running.waitFor();
            } catch (InterruptedException _) {
                // Nobody has a reason to interrupt the main thread.
            }
        }
    }

    private synchronized Process running() {
        return Objects.requireNonNull(process, "not started");
    }

    /// Returns the nanoseconds since the first TERM or INT; 0 if none came.
    public synchronized long nanosSinceEndWasAsked() {
        return endAskedAtNanos.isEmpty() ? 0 : System.nanoTime() - endAskedAtNanos.getAsLong();
    }

    /// Returns the exit status for a command that could not be started.
    public int statusOfFailure() {
        return places(command.getFirst()).anyMatch(Files::exists) ? NOT_EXECUTABLE : NOT_FOUND;
    }

    /// Finds out before [Leash] does whether the program can be started: what comes after is not
    /// Java's to tell.
    private void checkProgram() throws IOException {
        String program = command.getFirst();
        Path found =
                places(program)
                        .filter(place -> Files.isRegularFile(place) && Files.isExecutable(place))
                        .findFirst()
                        .orElseThrow(
                                () -> new IOException("it is no file that this user may execute"));
        String interpreter = interpreter(found);
        Path file = Machine.path(interpreter);
        if (!interpreter.isEmpty() && (file == null || !Files.isExecutable(file))) {
            throw new IOException("its interpreter " + interpreter + " can't be executed");
        }
    }

    /// Returns whom the first line of a script names; empty for other programs.
    private static String interpreter(Path program) {
        try (InputStream in = Files.newInputStream(program)) {
            String head = new String(in.readNBytes(SCRIPT_HEAD_BYTES), StandardCharsets.UTF_8);
            return head.startsWith("#!")
                    ? head.substring(2).lines().findFirst().orElse("").strip().split("[ \t]", 2)[0]
                    : "";
        } catch (IOException _) {
            // What may be executed need not be readable; a script must.
            return "";
        }
    }

    private static Stream<Path> places(String program) {
        if (program.contains("/")) {
            return Stream.ofNullable(Machine.path(program));
        }
        String path = System.getenv().getOrDefault("PATH", PATH_WHEN_UNSET);
        return Arrays.stream(path.split(":"))
                .map(place -> Machine.path(place.isEmpty() ? program : place + "/" + program))
                .filter(Objects::nonNull);
    }

    /// Has the kernel send TERM to the child when the thread that started it dies, as all do with
    /// this process. Only the process itself can ask for that (PR_SET_PDEATHSIG in prctl(2)), so it
    /// is setpriv(1) that asks and then becomes the child. Between its start and its asking lies a
    /// millisecond in which nobody would tell the child.
    ///
    /// None is needed where this is the first process: with that the kernel ends all others.
    private static final class Leash {

        private static final String ASKING = "--pdeathsig=TERM";
        private static final long ANSWER_SECONDS = 5;

        /// Returns the command that runs `command` so; itself where that can't be had.
        static List<String> on(List<String> command) {
            if (Orphans.areOurs()) {
                return command;
            }
            Optional<Path> setpriv =
                    places("setpriv").filter(Files::isExecutable).filter(Leash::asks).findFirst();
            if (setpriv.isEmpty()) {
                log.atInfo().log(
                        "no setpriv of util-linux 2.33 or later in PATH: were this process"
                                + " killed, the command would not be told");
                return command;
            }
            return Stream.concat(
                            Stream.of(setpriv.get().toString(), ASKING, "--"), command.stream())
                    .toList();
        }

        /// Returns whether this setpriv knows the options: BusyBox's does not.
        private static boolean asks(Path setpriv) {
            ProcessBuilder builder =
                    new ProcessBuilder(setpriv.toString(), ASKING, "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().clear();
            try {
                Process answer = builder.start();
                boolean ended = answer.waitFor(ANSWER_SECONDS, TimeUnit.SECONDS);
                answer.destroyForcibly();
                return ended && answer.exitValue() == 0;
            } catch (IOException | InterruptedException _) {
                // Nobody has a reason to interrupt the main thread.
                return false;
            }
        }
    }

    /// The first process's duty in a container: a process whose parent has ended becomes its child,
    /// and stays a zombie until it is waited for.
    static final class Orphans {

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
}
