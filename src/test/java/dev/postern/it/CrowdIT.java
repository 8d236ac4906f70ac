package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Await;
import dev.postern.testing.EndpointFile;
import dev.postern.testing.Postern;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Crowds that want all there is, against the heap that a container of 128 MiB gives: the program
/// lives, and who comes from another address is served.
class CrowdIT {

    private static final String HEAP = "-Xmx38m";
    private static final int RECIPIENTS = 1000;

    /// An address of 236 octets.
    private static final String ADDRESS = "%04d" + "x".repeat(60) + "@" + domain();

    private static final int TRIES = 10;

    /// So many octets a slow session sends before the others come.
    private static final int ROUNDS = 4;

    private static final Duration LIVE_WITHIN = Duration.ofSeconds(1);
    private static final Duration SERVED_WITHIN = Duration.ofSeconds(2);
    private static final byte[] LETTER = "Subject: Honest\r\n\r\nHello\r\n".getBytes(US_ASCII);

    private static String domain() {
        return ("y".repeat(56) + ".").repeat(2) + "z".repeat(45) + ".example.net";
    }

    private static Postern start(Path directory) throws IOException {
        return Postern.in(directory).smtp("allow: [127.0.0.0/8]").javaOptions(HEAP).start();
    }

    @ParameterizedTest(name = "{0} sessions")
    @ValueSource(ints = {146, 300})
    void envelopesThatAreHeldOpen(int sessions, @TempDir Path directory) throws Exception {
        List<SmtpClient> crowd = new ArrayList<>();
        try (Postern postern = start(directory)) {
            Map<String, Integer> replies = new TreeMap<>();
            for (int i = 0; i < sessions; i++) {
                crowd.add(slow(postern, "MAIL FROM:<a@example.org>"));
            }
            for (SmtpClient client : crowd) {
                address(client, replies);
            }
            assertTrue(replies.containsKey("452 4.5.3"), replies::toString);
            open(postern, "127.0.0.1", replies).ifPresent(crowd::add);
            for (SmtpClient client : crowd) {
                replies.merge(noop(client), 1, Integer::sum);
            }
            // The new one, or those whose room it got.
            assertTrue(replies.containsKey("421 4.7.0"), replies::toString);
            assertLives(postern);

            serveHonestClients(postern);
            assertServesALargeEnvelope(postern, "127.0.0.2");
            for (SmtpClient client : crowd) {
                client.close();
            }
            assertServesALargeEnvelope(postern, "127.0.0.1");
            assertLives(postern);
            assertEquals(0, postern.stop());
        } finally {
            for (SmtpClient client : crowd) {
                client.close();
            }
        }
    }

    /// Says many RCPTs, and counts the replies by their codes.
    private static void address(SmtpClient client, Map<String, Integer> replies) {
        try {
            client.write(recipients());
            for (int i = 0; i < RECIPIENTS; i++) {
                replies.merge(code(client.reply()), 1, Integer::sum);
            }
        } catch (IOException ended) {
            replies.merge("ended", 1, Integer::sum);
        }
    }

    /// Returns a new session in a transaction; empty when there was no place for it.
    private static Optional<SmtpClient> open(
            Postern postern, String from, Map<String, Integer> replies) throws IOException {
        SmtpClient client;
        try {
            client = new SmtpClient(postern.smtpPort(), from);
        } catch (IOException refused) {
            String greeting = String.valueOf(refused.getMessage()).replace("greeted with ", "");
            replies.merge(code(greeting), 1, Integer::sum);
            return Optional.empty();
        }
        client.say("EHLO crowd.example.org");
        client.say("MAIL FROM:<a@example.org>");
        return Optional.of(client);
    }

    private static String noop(SmtpClient client) {
        try {
            return code(client.say("NOOP"));
        } catch (IOException ended) {
            return "ended";
        }
    }

    private static byte[] recipients() {
        StringBuilder commands = new StringBuilder();
        for (int i = 0; i < RECIPIENTS; i++) {
            commands.append("RCPT TO:<").append(ADDRESS.formatted(i)).append(">\r\n");
        }
        return commands.toString().getBytes(US_ASCII);
    }

    private static String code(String reply) {
        return reply.length() < 9 ? reply : reply.substring(0, 9);
    }

    private static void assertServesALargeEnvelope(Postern postern, String from)
            throws IOException {
        Map<String, Integer> replies = new TreeMap<>();
        try (SmtpClient client = open(postern, from, replies).orElseThrow()) {
            address(client, replies);
            assertEquals(Map.of("250 2.1.5", RECIPIENTS), replies);
            assertTrue(client.say("DATA").startsWith("354 "));
            client.write(LETTER);
            assertTrue(client.end().startsWith("250 2.0.0 Ok: queued as "));
        }
    }

    /// From another address than the crowd's.
    private static void serveHonestClients(Postern postern) throws IOException {
        List<String> served = new ArrayList<>();
        int inTime = 0;
        for (int i = 0; i < TRIES; i++) {
            long began = System.nanoTime();
            String reply = submit(postern);
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            served.add(reply + " after " + took);
            boolean soon = took.compareTo(SERVED_WITHIN) <= 0;
            inTime += reply.startsWith("250 ") && soon ? 1 : 0;
            assertLives(postern);
        }
        assertTrue(inTime >= TRIES - 1, served::toString);
    }

    private static String submit(Postern postern) {
        try (SmtpClient client = new SmtpClient(postern.smtpPort(), "127.0.0.2")) {
            client.say("EHLO honest.example.org");
            return client.send("a@example.org", List.of("b@example.net"), LETTER);
        } catch (IOException refused) {
            return String.valueOf(refused.getMessage());
        }
    }

    private static void assertLives(Postern postern) throws IOException {
        assertTrue(postern.isAlive(), () -> String.join("\n", postern.lines()));
        long began = System.nanoTime();
        assertEquals(200, postern.health("/health/live").statusCode());
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        assertTrue(took.compareTo(LIVE_WITHIN) <= 0, took::toString);
    }

    /// @return whether there was a place for it
    private static boolean enter(
            Postern postern, List<SmtpClient> crowd, Map<String, Integer> replies) {
        try {
            Optional<SmtpClient> client = open(postern, "127.0.0.1", replies);
            client.ifPresent(crowd::add);
            return client.isPresent();
        } catch (IOException ended) {
            replies.merge("ended", 1, Integer::sum);
            return false;
        }
    }

    @Test
    void allOfThemAtOnce(@TempDir Path directory) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        List<Socket> silent = new ArrayList<>();
        List<SmtpClient> crowd = new ArrayList<>();
        try (Postern postern = start(directory)) {
            for (int i = 0; i < 200; i++) {
                silent.add(
                        new Socket(
                                InetAddress.getLoopbackAddress(),
                                postern.port(EndpointFile.HEALTH)));
            }
            Map<String, Integer> replies = new TreeMap<>();
            for (int i = 0; i < 200; i++) {
                if (enter(postern, crowd, replies)) {
                    address(crowd.getLast(), replies);
                }
            }
            assertTrue(replies.containsKey("452 4.5.3"), replies::toString);
            List<SmtpClient> slow = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                enter(postern, slow, replies);
            }
            CountDownLatch rounds = new CountDownLatch(ROUNDS);
            Thread dripping =
                    Thread.ofPlatform().start(() -> drip(postern, "", slow, rounds, over));
            rounds.await();
            serveHonestClients(postern);
            assertServesALargeEnvelope(postern, "127.0.0.2");
            over.set(true);
            dripping.join();
            crowd.addAll(slow);
            assertEquals(0, postern.stop());
        } finally {
            over.set(true);
            for (SmtpClient client : crowd) {
                client.close();
            }
            for (Socket one : silent) {
                one.close();
            }
        }
    }

    @ParameterizedTest(name = "behind {0}")
    @ValueSource(strings = {"", "EHLO x", "AUTH LOGIN", "MAIL FROM:<a@example.org>"})
    void sessionsThatSendAnOctetASecond(String opening, @TempDir Path directory) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        List<SmtpClient> crowd = new ArrayList<>();
        try (Postern postern = start(directory)) {
            for (int i = 0; i < 500; i++) {
                crowd.add(slow(postern, opening));
            }
            CountDownLatch rounds = new CountDownLatch(ROUNDS);
            Thread dripping =
                    Thread.ofPlatform().start(() -> drip(postern, opening, crowd, rounds, over));
            rounds.await();
            serveHonestClients(postern);
            over.set(true);
            dripping.join();
            assertEquals(0, postern.stop());
        } finally {
            over.set(true);
            for (SmtpClient client : crowd) {
                client.close();
            }
        }
    }

    private static SmtpClient slow(Postern postern, String opening) throws IOException {
        SmtpClient client = new SmtpClient(postern.smtpPort());
        if (opening.startsWith("MAIL") || opening.startsWith("AUTH")) {
            client.say("EHLO x");
        }
        if (!opening.isEmpty()) {
            client.say(opening);
        }
        return client;
    }

    /// Who is sent away comes again.
    private static void drip(
            Postern postern,
            String opening,
            List<SmtpClient> crowd,
            CountDownLatch rounds,
            AtomicBoolean over) {
        while (!over.get()) {
            for (int i = 0; i < crowd.size() && !over.get(); i++) {
                try {
                    crowd.get(i).write(new byte[] {'x'});
                } catch (IOException sentAway) {
                    crowd.set(i, again(postern, opening, crowd.get(i)));
                }
            }
            rounds.countDown();
            LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
        }
    }

    private static SmtpClient again(Postern postern, String opening, SmtpClient last) {
        try {
            last.close();
            return slow(postern, opening);
        } catch (IOException refused) {
            return last;
        }
    }

    /// They may go on for a moment, as any message; then they give way.
    @Test
    void messagesThatStopInTheirMiddle(@TempDir Path directory) throws Exception {
        List<SmtpClient> crowd = new ArrayList<>();
        try (Postern postern = start(directory)) {
            for (int i = 0; i < 500; i++) {
                SmtpClient client = slow(postern, "MAIL FROM:<a@example.org>");
                crowd.add(client);
                client.say("RCPT TO:<b@example.net>");
                assertTrue(client.say("DATA").startsWith("354 "));
            }
            Await.until("one is served", () -> submit(postern).startsWith("250 "));
            serveHonestClients(postern);
        } finally {
            for (SmtpClient client : crowd) {
                client.close();
            }
        }
    }
}
