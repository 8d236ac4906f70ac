package dev.postern.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// A process that a test started and ends, with all its children; what it prints is kept by line.
///
/// Whatever is still alive when the tests' JVM ends is killed then.
public final class Daemon implements AutoCloseable {

    private static final long END_SECONDS = 60;
    private static final Set<Daemon> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Daemon::kill)));
    }

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;

    private Daemon(Process process) {
        this.process = process;
        this.reader = Thread.ofPlatform().daemon().start(this::read);
    }

    /// Starts a process; its standard error goes where its standard output goes.
    public static Daemon start(ProcessBuilder builder) throws IOException {
        builder.redirectErrorStream(true);
        Daemon daemon = new Daemon(Programs.start(builder));
        ALIVE.add(daemon);
        return daemon;
    }

    /// Starts a process.
    public static Daemon start(String... command) throws IOException {
        return start(new ProcessBuilder(command));
    }

    private void read() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            output.lines().forEach(lines::add);
        } catch (IOException | UncheckedIOException closed) {
            lines.add("(output ended: " + closed.getMessage() + ")");
        }
    }

    /// Returns what was printed so far.
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /// Returns what was printed so far as one text, for messages of tests that failed.
    public String output() {
        return String.join("\n", lines);
    }

    /// Returns its process id.
    public long pid() {
        return process.pid();
    }

    /// Returns whether it still runs.
    public boolean isAlive() {
        return process.isAlive();
    }

    /// Asks it to end (SIGTERM) without waiting.
    public void terminate() {
        process.toHandle().destroy();
    }

    /// Returns its exit status once it has ended by itself and all that it printed was read.
    public int awaitExit() {
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError("still runs after a minute:\n" + output());
            }
            reader.join(TimeUnit.SECONDS.toMillis(END_SECONDS));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
        return process.exitValue();
    }

    /// Kills it and its children (SIGKILL) and waits until they are gone.
    public void kill() {
        end(true);
    }

    /// Ends it and its children (SIGTERM) and waits until they are gone.
    @Override
    public void close() {
        end(false);
    }

    private void end(boolean forcibly) {
        List<ProcessHandle> family =
                new ArrayList<>(
                        Stream.concat(Stream.of(process.toHandle()), process.descendants())
                                .toList());
        family.forEach(member -> signal(member, forcibly));
        for (ProcessHandle member : family) {
            awaitEnd(member);
        }
        ALIVE.remove(this);
    }

    private static void signal(ProcessHandle member, boolean forcibly) {
        if (forcibly) {
            member.destroyForcibly();
        } else {
            member.destroy();
        }
    }

    private static void awaitEnd(ProcessHandle member) {
        try {
            member.onExit().get(10, TimeUnit.SECONDS);
        } catch (TimeoutException stubborn) {
            member.destroyForcibly();
            member.onExit().join();
        } catch (InterruptedException | java.util.concurrent.ExecutionException trouble) {
            throw new AssertionError("can't end " + member.pid(), trouble);
        }
    }
}
