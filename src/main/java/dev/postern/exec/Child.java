package dev.postern.exec;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The app: a process that shares this one's standard streams and gets its signals.
///
/// *Contract.* From [#of] on no forwarded signal ends this process; each goes to the child, those
/// from before its start right after it. [#await] returns once the child has ended.
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
    /// @param changes variables that differ from ours
    /// @throws IOException when it can't be started; see [#statusOfFailure]
    public void start(Map<String, String> changes) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
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
            if (name.startsWith(KEPT)) {
                environment.put(name.substring(KEPT.length()), environment.remove(name));
            }
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
        if (process == null) {
            throw new IllegalStateException("not started");
        }
        return process;
    }

    /// Returns the nanoseconds since the first TERM or INT; 0 if none came.
    public synchronized long nanosSinceEndWasAsked() {
        return endAskedAtNanos.isEmpty() ? 0 : System.nanoTime() - endAskedAtNanos.getAsLong();
    }

    /// Returns the exit status for a command that could not be started.
    public int statusOfFailure() {
        String program = command.getFirst();
        String path = System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
        boolean there =
                program.contains("/")
                        ? Files.exists(Path.of(program))
                        : Arrays.stream(path.split(":"))
                                .anyMatch(place -> Files.exists(Path.of(place, program)));
        return there ? NOT_EXECUTABLE : NOT_FOUND;
    }
}
