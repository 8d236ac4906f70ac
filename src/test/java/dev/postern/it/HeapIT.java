package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.Taken;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Large messages, and many of them at once, through a heap of 64 MiB: memory grows neither with
/// the size of a message nor with the number of connections.
class HeapIT {

    private static final int CONNECTIONS = Integer.getInteger("heap.connections", 200);
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int BLOCKS = 10;
    private static final int LARGE_BLOCKS = 40;
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private static final byte[] HEADER =
            """
            From: app@example.org\r
            To: user@example.com\r
            Date: Sun, 22 Nov 2026 12:00:00 +0000\r
            Message-ID: <large@example.org>\r
            Subject: Large\r
            \r
            """
                    .getBytes(US_ASCII);

    private static final byte[] BLOCK = block();

    /// Shorter, so that a message has a whole number of mebibytes.
    private static final byte[] LAST_BLOCK = Arrays.copyOfRange(BLOCK, HEADER.length, BLOCK_BYTES);

    @Test
    void manyConnectionsHalfWayThroughLargeMessages(@TempDir Path directory) throws Exception {
        try (Sink sink = Sink.start();
                Postern postern = start(directory, sink)) {
            CountDownLatch halfWay = new CountDownLatch(CONNECTIONS);
            Map<String, String> replies = new ConcurrentHashMap<>();
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                String sender = "a" + i + "@example.org";
                clients.add(
                        Thread.ofVirtual()
                                .start(() -> replies.put(sender, send(postern, sender, halfWay))));
            }
            for (Thread client : clients) {
                client.join();
            }
            assertEquals(Map.of(), filter(replies, reply -> !reply.startsWith("250 ")), "refused");
            assertEquals(0, halfWay.getCount());
            assertArrive(sink, postern, BLOCKS, CONNECTIONS);
        }
    }

    @Test
    void aMessageOfFortyMebibytes(@TempDir Path directory) throws Exception {
        try (Sink sink = Sink.start();
                Postern postern = start(directory, sink);
                SmtpClient client = new SmtpClient(postern.smtpPort())) {
            assertTrue(begin(client, "a0@example.org").startsWith("354"));
            write(client, LARGE_BLOCKS - 1);
            client.write(LAST_BLOCK);
            assertTrue(client.end().startsWith("250 "));
            assertArrive(sink, postern, LARGE_BLOCKS, 1);
        }
    }

    private static Postern start(Path directory, Sink sink) throws IOException {
        return Postern.in(directory).egress(sink.egress()).javaOptions("-Xmx64m").start();
    }

    /// Sends half a message, waits until everybody has, and sends the rest.
    private static String send(Postern postern, String sender, CountDownLatch halfWay) {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            String reply = begin(client, sender);
            if (!reply.startsWith("354")) {
                halfWay.countDown();
                return reply;
            }
            write(client, BLOCKS / 2);
            halfWay.countDown();
            halfWay.await();
            write(client, BLOCKS - BLOCKS / 2 - 1);
            client.write(LAST_BLOCK);
            return client.end();
        } catch (IOException broken) {
            halfWay.countDown();
            return broken.toString();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    private static String begin(SmtpClient client, String sender) throws IOException {
        client.say("EHLO client.example.org");
        String reply = client.begin(sender, List.of("user@example.com"));
        if (reply.startsWith("354")) {
            client.write(HEADER);
        }
        return reply;
    }

    private static void write(SmtpClient client, int blocks) throws IOException {
        for (int i = 0; i < blocks; i++) {
            client.write(BLOCK);
        }
    }

    private static void assertArrive(Sink sink, Postern postern, int blocks, int messages) {
        Await.until(
                "all arrive",
                LIMIT,
                () ->
                        sink.taken().stream().filter(Taken::whole).count() >= messages
                                || !postern.isAlive());
        assertTrue(postern.isAlive(), () -> String.join("\n", postern.lines()));
        assertEquals(messages, sink.taken().stream().map(Taken::sender).distinct().count());
        String expected = digest(blocks);
        assertEquals(
                List.of(),
                sink.taken().stream().filter(it -> !it.digest().equals(expected)).toList());
        assertEquals(0, postern.stop());
        assertEquals(
                List.of(),
                postern.log().stream().filter(line -> line.contains("OutOfMemory")).toList());
    }

    private static Map<String, String> filter(
            Map<String, String> replies, Predicate<String> wanted) {
        return replies.entrySet().stream()
                .filter(entry -> wanted.test(entry.getValue()))
                .collect(
                        Collectors.toMap(
                                Map.Entry::getKey, Map.Entry::getValue, (a, _) -> a, TreeMap::new));
    }

    private static String digest(int blocks) {
        MessageDigest digest = Letter.sha256();
        digest.update(HEADER);
        for (int i = 0; i < blocks - 1; i++) {
            digest.update(BLOCK);
        }
        digest.update(LAST_BLOCK);
        return HexFormat.of().formatHex(digest.digest());
    }

    private static byte[] block() {
        String line = "A line as long as most lines in messages are, and then a few letters.\r\n";
        StringBuilder block = new StringBuilder(line.repeat(BLOCK_BYTES / line.length()));
        block.append("x".repeat(BLOCK_BYTES - block.length() - 2)).append("\r\n");
        return block.toString().getBytes(US_ASCII);
    }
}
