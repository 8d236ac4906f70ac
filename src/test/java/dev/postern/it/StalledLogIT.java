package dev.postern.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The whole program with a log that nobody reads: mail is taken and sent all the same, and the
/// process ends.
@Timeout(180)
class StalledLogIT {

    /// Their lines are more than the pipe and, in a small heap, the log's queue have room for.
    private static final int MESSAGES = 1500;

    private static final int CLIENTS = 4;
    private static final String SMALL_HEAP = "-Xmx40m";

    private static final byte[] CONTENT = "Subject: x\r\n\r\nhello\r\n".getBytes(UTF_8);
    private static final Pattern DROPPED = Pattern.compile("\"log lines dropped\" lines=(\\d+) ");
    private static final Pattern STORY =
            Pattern.compile("message=(accepted|attempt|done) id=(\\S+) ");

    @TempDir private Path directory;

    /// Standard output as a named pipe, which this test holds open and reads when it wants to.
    private static final class Pipe implements AutoCloseable {

        private static final String END = "the pipe's end";

        private final Path path;
        private final RandomAccessFile ends;
        private final List<String> lines = new CopyOnWriteArrayList<>();
        private Thread reader;

        Pipe(Path path) throws IOException {
            this.path = path;
            Commands.run(new ProcessBuilder("mkfifo", path.toString()));
            ends = new RandomAccessFile(path.toFile(), "rw");
        }

        List<String> wrapper() {
            return List.of("sh", "-c", "exec \"$@\" >\"$0\"", path.toString());
        }

        void read() {
            reader = Thread.ofPlatform().daemon().start(this::lines);
        }

        private void lines() {
            try (BufferedReader text =
                    new BufferedReader(
                            new InputStreamReader(new FileInputStream(ends.getFD()), UTF_8))) {
                for (String line = text.readLine(); !END.equals(line); line = text.readLine()) {
                    lines.add(line);
                }
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        /// Returns all lines, once nobody writes any more.
        List<String> readToEnd() throws Exception {
            ends.write((END + "\n").getBytes(UTF_8));
            reader.join();
            return lines;
        }

        @Override
        public void close() throws IOException {
            ends.close();
        }
    }

    private Postern postern(Pipe pipe, Sink sink) throws IOException {
        return Postern.in(directory)
                .javaOptions(SMALL_HEAP)
                .wrapper(pipe.wrapper())
                .egress(sink.egress())
                .start();
    }

    private static Set<String> sendAll(Postern postern) throws Exception {
        Set<String> ids = ConcurrentHashMap.newKeySet();
        List<Callable<Void>> clients = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            clients.add(() -> {
                send(postern, MESSAGES / CLIENTS, ids);
                return null;
            });
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Void> client : threads.invokeAll(clients)) {
                client.get();
            }
        }
        return ids;
    }

    private static void send(Postern postern, int messages, Set<String> ids) throws IOException {
        String sender = "a".repeat(60) + "@" + "b".repeat(60) + "." + "c".repeat(60) + ".example";
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            for (int i = 0; i < messages; i++) {
                ids.add(client.submit(sender, List.of("b@example.com"), CONTENT));
            }
        }
    }

    private static void awaitSent(Postern postern, Sink sink) {
        Await.until("all is sent", () -> sink.arrivals().size() == MESSAGES);
        postern.awaitEmpty();
    }

    @Test
    void mailGoesOnAndWhatWasDroppedIsTold() throws Exception {
        try (Pipe pipe = new Pipe(directory.resolve("log"));
                Sink sink = Sink.start();
                Postern postern = postern(pipe, sink)) {
            Set<String> ids = sendAll(postern);
            assertEquals(MESSAGES, ids.size());
            awaitSent(postern, sink);

            pipe.read();
            Await.until("the gap is told", () -> dropped(pipe.lines) > 0);
            Set<String> later = ConcurrentHashMap.newKeySet();
            send(postern, 5, later);
            postern.awaitEmpty();
            assertEquals(0, postern.stop());

            List<String> lines = pipe.readToEnd();
            assertTrue(lines.getLast().contains("message=stopped"), lines::getLast);
            List<String> stories = new ArrayList<>();
            for (String line : lines) {
                Matcher story = STORY.matcher(line);
                if (story.find()) {
                    stories.add(story.group(1) + " " + story.group(2));
                }
            }
            for (String id : later) {
                for (String step : List.of("accepted", "attempt", "done")) {
                    assertTrue(stories.contains(step + " " + id), step + " " + id);
                }
            }
            // A few other lines may be among those that were dropped.
            long told = stories.size() + dropped(lines);
            long owed = 3L * (MESSAGES + later.size());
            assertTrue(told >= owed && told < owed + 20, told + " of " + owed);
        }
    }

    private static long dropped(List<String> lines) {
        return lines.stream()
                .map(DROPPED::matcher)
                .filter(Matcher::find)
                .mapToLong(match -> Long.parseLong(match.group(1)))
                .sum();
    }

    @Test
    void theProcessEndsThoughNobodyEverReads() throws Exception {
        try (Pipe pipe = new Pipe(directory.resolve("log"));
                Sink sink = Sink.start();
                Postern postern = postern(pipe, sink)) {
            sendAll(postern);
            awaitSent(postern, sink);
            assertEquals(0, postern.stop());
        }
    }
}
