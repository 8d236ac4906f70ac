package dev.postern.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// Commands that run to their end.
public final class Commands {

    private static final long LIMIT_SECONDS = 120;

    /// A thread for each stream: the common pool may have one for them all.
    private static final Executor THREADS = task -> Thread.ofPlatform().daemon().start(task);

    private Commands() {}

    /// What a command did.
    ///
    /// @param status its exit status
    /// @param output what it wrote to standard output
    /// @param errors what it wrote to standard error
    public record Result(int status, String output, String errors) {

        /// Returns this result.
        ///
        /// @throws AssertionError unless the exit status is the expected one
        public Result expect(int expected) {
            if (status != expected) {
                throw new AssertionError(
                        "exit status "
                                + status
                                + " instead of "
                                + expected
                                + "\n"
                                + output
                                + errors);
            }
            return this;
        }
    }

    /// Runs a command with nothing on its standard input.
    public static Result run(ProcessBuilder builder) throws IOException {
        return run(builder, new byte[0]);
    }

    /// Runs a command with the bytes on its standard input.
    ///
    /// @throws AssertionError when it hasn't ended after two minutes
    public static Result run(ProcessBuilder builder, byte[] input) throws IOException {
        Process process = Programs.start(builder);
        try {
            CompletableFuture<String> output = read(process.getInputStream());
            CompletableFuture<String> errors = read(process.getErrorStream());
            CompletableFuture<Void> fed =
                    CompletableFuture.runAsync(() -> feed(process, input), THREADS);
            if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                throw new AssertionError(builder.command() + " doesn't end");
            }
            fed.join();
            return new Result(process.exitValue(), output.join(), errors.join());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        } finally {
            process.destroyForcibly();
        }
    }

    /// A command may end without reading all that it is given.
    private static void feed(Process process, byte[] input) {
        try (var stdin = process.getOutputStream()) {
            stdin.write(input);
        } catch (IOException uninterested) {
            return;
        }
    }

    private static CompletableFuture<String> read(InputStream stream) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
                    } catch (IOException broken) {
                        throw new UncheckedIOException(broken);
                    }
                },
                THREADS);
    }
}
