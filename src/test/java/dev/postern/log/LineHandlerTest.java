package dev.postern.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.log.LineFormatter.JsonFormatter;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import dev.postern.outcome.OutcomeLog;
import dev.postern.testing.Await;
import dev.postern.testing.Seeds;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.event.KeyValuePair;

@Timeout(60)
class LineHandlerTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int EVERYTHING = Integer.MAX_VALUE;

    private final Reader reader = new Reader();
    private final AtomicLong now = new AtomicLong();
    private LineQueue queue = new LineQueue(10, 1 << 20);
    private LineHandler handler = handler(reader);

    @AfterEach
    void close() {
        reader.take(EVERYTHING);
        end();
    }

    /// Ends the handler; a busy machine may take its time to write.
    private void end() {
        handler.close();
        awaitWritten();
    }

    private void awaitWritten() {
        assertTrue(queue.flush(Duration.ofSeconds(30)), "not written");
    }

    private LineHandler handler(Reader reader) {
        return new LineHandler(
                reader, new JsonFormatter(UnaryOperator.identity()), now::get, queue);
    }

    /// A pipe's other end that takes as many lines as it is told to.
    private static final class Reader extends OutputStream {

        private final Semaphore wanted = new Semaphore(0);
        private final List<String> lines = new CopyOnWriteArrayList<>();

        void take(int more) {
            if (more == EVERYTHING) {
                wanted.drainPermits();
            }
            wanted.release(more);
        }

        @Override
        public void write(byte[] octets, int from, int length) {
            wanted.acquireUninterruptibly();
            lines.add(new String(octets, from, length, UTF_8));
        }

        @Override
        public void write(int octet) {
            throw new AssertionError("a line is one write");
        }

        List<JsonNode> facts() throws IOException {
            List<JsonNode> facts = new ArrayList<>();
            for (String line : lines) {
                assertTrue(line.endsWith("}\n"), line);
                facts.add(JSON.readTree(line));
            }
            return facts;
        }

        List<String> messages() throws IOException {
            return facts().stream().map(fact -> fact.get("message").asText()).toList();
        }
    }

    private static Fact each(String message) {
        return new Fact(Level.INFO, "t", message, message, List.of(), true);
    }

    private static Fact folded(String message, int number) {
        return new Fact(
                Level.WARNING,
                "t",
                message,
                message,
                List.of(new KeyValuePair("number", number)),
                false);
    }

    private static List<String> numbered(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
    }

    @Test
    void linesComeInOrderOneAWrite() throws IOException {
        reader.take(EVERYTHING);
        for (int i = 0; i < 1000; i++) {
            handler.publish(each("line " + i));
            awaitWritten();
        }
        assertEquals(numbered(0, 1000), reader.messages());
    }

    @Test
    void whoLogsNeverWaitsAndWhatIsDroppedIsToldInItsPlace() throws IOException {
        Instant before = Instant.now();
        for (int i = 0; i < 500; i++) {
            handler.publish(each("line " + i));
        }
        reader.take(EVERYTHING);
        awaitWritten();
        handler.publish(each("after"));
        end();

        List<String> messages = reader.messages();
        int written = messages.indexOf("log lines dropped");
        assertTrue(written >= 10 && written <= 11, messages::toString);
        List<String> expected = new ArrayList<>(numbered(0, written));
        expected.add("log lines dropped");
        expected.add("after");
        assertEquals(expected, messages);
        JsonNode dropped = reader.facts().get(written);
        assertEquals(500 - written, dropped.get("lines").asInt());
        assertEquals("warn", dropped.get("level").asText());
        Instant since = Instant.parse(dropped.get("since").asText());
        assertFalse(since.isBefore(before.minusMillis(1)));
    }

    @Test
    void theQueueIsBoundedInOctetsToo() throws IOException {
        close();
        Reader slow = new Reader();
        queue = new LineQueue(1000, 4096);
        handler = handler(slow);
        for (int i = 0; i < 500; i++) {
            handler.publish(each("line " + i + " " + "x".repeat(1000)));
        }
        slow.take(EVERYTHING);
        end();
        assertTrue(slow.lines.size() <= 5, () -> slow.lines.size() + " lines");
        assertEquals(501, slow.lines.size() + slow.facts().getLast().get("lines").asInt());
    }

    /// One gap, though the reader takes line after line.
    @Test
    void aSlowReaderIsNotToldOfEachDroppedLine() throws IOException {
        for (int i = 0; i < 100; i++) {
            handler.publish(each("line " + i));
        }
        for (int taken = 1; taken <= 3; taken++) {
            reader.take(1);
            int so = taken;
            Await.until("line " + so, () -> reader.lines.size() == so);
            handler.publish(each("more"));
        }
        reader.take(EVERYTHING);
        end();
        List<String> messages = reader.messages();
        assertEquals(1, messages.stream().filter("log lines dropped"::equals).count());
        assertFalse(messages.contains("more"), messages::toString);
    }

    @Test
    void anEndDoesNotWaitForAReaderThatDoesNotRead() {
        handler.publish(each("line"));
        assertFalse(queue.flush(Duration.ofMillis(1)));
        handler.close();
        assertEquals(List.of(), reader.lines);
    }

    @Test
    void aCountComesOnceItsMinuteIsOver() throws IOException {
        reader.take(EVERYTHING);
        for (int i = 0; i < 280; i++) {
            handler.publish(folded("too many connections", i));
        }
        handler.publish(each("other"));
        awaitWritten();
        assertEquals(List.of("too many connections", "other"), reader.messages());

        now.addAndGet(Folding.EVERY.toNanos());
        handler.publish(each("later"));
        end();
        assertEquals(
                List.of("too many connections", "other", "too many connections", "later"),
                reader.messages());
        JsonNode count = reader.facts().get(2);
        assertEquals(279, count.get("repeated").asInt());
        assertEquals(279, count.get("number").asInt());
        assertEquals("warn", count.get("level").asText());
    }

    @Test
    void countsThatAreNotToldYetComeAtTheEnd() throws IOException {
        reader.take(EVERYTHING);
        for (int i = 0; i < 3; i++) {
            handler.publish(folded("m", i));
        }
        end();
        assertEquals(List.of("m", "m"), reader.messages());
        assertEquals(2, reader.facts().getLast().get("repeated").asInt());
    }

    @Test
    void attemptsDoubtsAndEndsAreToldOneByOne() throws IOException {
        reader.take(EVERYTHING);
        Logger logger = Logger.getLogger(OutcomeLog.class.getName());
        logger.addHandler(handler);
        logger.setLevel(Level.INFO);
        logger.setUseParentHandlers(false);
        handler.setLevel(Level.ALL);
        Recipient to = new Recipient(new ForwardPath("b@example.net"), State.SENT, null, "", "g");
        OutcomeLog log = new OutcomeLog();
        try {
            for (int i = 0; i < 5; i++) {
                log.done(new QueueId(i), List.of(to));
                log.possibleDuplicate(new QueueId(i), "gmail", "reset");
                log.fallback(new QueueId(i), "sendgrid", "gmail", "timed out");
                log.waits(new QueueId(i), List.of(to), Instant.EPOCH);
                awaitWritten();
            }
        } finally {
            logger.removeHandler(handler);
            logger.setLevel(null);
            logger.setUseParentHandlers(true);
        }
        end();
        List<String> messages = reader.messages();
        for (String each : List.of("done", "possible duplicate")) {
            assertEquals(5, messages.stream().filter(each::equals).count(), each);
        }
        for (String folded : List.of("fallback", "waits")) {
            assertEquals(2, messages.stream().filter(folded::equals).count(), folded);
        }
    }

    /// Whatever is logged, at whatever time, however slowly it is read: the lines, the counts and
    /// the gaps tell of every fact once.
    @Test
    void nothingIsLostInSilence() {
        Seeds.forEach(
                60,
                random -> {
                    Reader slow = new Reader();
                    queue = new LineQueue(1 + random.nextInt(50), 8192);
                    handler = handler(slow);
                    int logged = random.nextInt(2000);
                    for (int i = 0; i < logged; i++) {
                        handler.publish(record(random.nextInt(9), i));
                        if (random.nextInt(20) == 0) {
                            slow.take(random.nextInt(60));
                            now.addAndGet(random.nextLong(Folding.EVERY.toNanos()));
                        }
                    }
                    slow.take(EVERYTHING);
                    end();
                    long told = 0;
                    for (JsonNode fact : slow.facts()) {
                        told += fact.path("repeated").asInt(fact.path("lines").asInt(1));
                    }
                    assertEquals(logged, told);
                });
    }

    private static LogRecord record(int kind, int number) {
        return switch (kind) {
            case 0 -> each("line " + number);
            case 1 -> {
                LogRecord entry = new LogRecord(Level.WARNING, "third {0}");
                entry.setParameters(new Object[] {number});
                yield entry;
            }
            default -> folded("kind " + kind, number);
        };
    }
}
