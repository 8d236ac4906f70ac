package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Await;
import dev.postern.testing.Ports;
import dev.postern.testing.Postern;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A next hop that falls silent, or whose answer is lost: before the commit point the message was
/// not taken and goes later; after it nobody knows, and a possible duplicate is named as one.
@Timeout(180)
class LostAnswersIT {

    private static final int LARGE_OCTETS = 12 << 20;

    /// Connections that fill a listener's queue; the kernel's own rounding up is below that.
    private static final int QUEUE_MOST = 64;

    private static final int TRY_MILLIS = 500;

    private static final String SHORT =
            "connect-timeout: 3s, command-timeout: 3s, data-timeout: 3s, answer-timeout: 3s,"
                    + " senders: ['@%s.example']";

    private static final List<String> SILENT_VERBS =
            List.of("GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "CONTENT", ".");

    /// All verbs at once, a way out for each, so that their time-outs run beside each other.
    @Test
    void silenceBeforeTheFinalDotIsUnavailableAndAfterItUncertain(@TempDir Path directory)
            throws IOException {
        Map<String, ScriptedServer> servers = new LinkedHashMap<>();
        try (Postern postern = Postern.in(directory)) {
            StringBuilder egresses = new StringBuilder();
            for (String verb : SILENT_VERBS) {
                ScriptedServer server = Submitted.prepared(ScriptedServer.start());
                servers.put(verb, server);
                egresses.append(egress(name(verb), server.port()));
            }
            postern.settings("retry: {schedule: [1h]}\n").egress(egresses.toString()).start();
            awaitUp(postern, servers.size());
            Map<String, Submitted> letters = new LinkedHashMap<>();
            for (Map.Entry<String, ScriptedServer> each : servers.entrySet()) {
                String verb = each.getKey();
                each.getValue().always(verb, new Act.Stall());
                int octets = verb.equals("CONTENT") ? LARGE_OCTETS : 1;
                letters.put(verb, Submitted.to(postern, "a@" + name(verb) + ".example", octets));
            }
            letters.forEach(LostAnswersIT::checkSilence);
            for (Map.Entry<String, ScriptedServer> each : servers.entrySet()) {
                each.getValue().behave();
                postern.post("/api/v1/egress/" + name(each.getKey()) + "/probe");
            }
            letters.forEach((verb, letter) -> checkAfterwards(verb, letter, servers.get(verb)));
        } finally {
            for (ScriptedServer server : servers.values()) {
                server.close();
            }
        }
    }

    private static String name(String verb) {
        return verb.equals(".") ? "dot" : verb.toLowerCase(Locale.ROOT);
    }

    private static String egress(String name, int port) {
        return Submitted.egress(name, port, SHORT.replace("%s", name));
    }

    private static void checkSilence(String verb, Submitted letter) {
        JsonNode tried = letter.attempted();
        boolean committed = verb.equals(".");
        assertEquals(
                Set.of(committed ? "uncertain" : "unavailable"),
                Set.copyOf(Submitted.outcomes(tried)),
                tried::toString);
        String reply = tried.path("attempts").path(0).path("reply").asText();
        assertTrue(reply.contains("within 3 s"), verb + ": " + reply);
        JsonNode recipient = tried.path("recipients").path(0);
        assertEquals("deferred", recipient.path("state").asText(), tried::toString);
        assertEquals(
                committed ? "uncertain" : "egress-down",
                recipient.path("reason").asText(),
                tried::toString);
    }

    private static void checkAfterwards(String verb, Submitted letter, ScriptedServer server) {
        if (verb.equals(".")) {
            JsonNode still = letter.awaitState("deferred");
            assertEquals(1, still.path("attempts").size(), still::toString);
            assertEquals(1, letter.offeredTo(server));
            return;
        }
        List<String> classes = Submitted.outcomes(letter.awaitSent());
        assertEquals("accepted", classes.getLast());
        assertEquals(1, letter.receivedBy(server).size(), verb);
    }

    private static void awaitUp(Postern postern, int count) {
        Await.until(
                "all ways out work",
                () -> {
                    try {
                        List<String> states =
                                postern.admin("/api/v1/status")
                                        .path("egress")
                                        .findValuesAsText("state");
                        return states.stream().filter("up"::equals).count() == count;
                    } catch (IOException broken) {
                        throw new UncheckedIOException(broken);
                    }
                });
    }

    @Test
    void aServerThatCannotBeReachedGetsItsMailLater(@TempDir Path directory) throws IOException {
        try (Postern postern = Postern.in(directory)) {
            ScriptedServer refusing = Submitted.prepared(ScriptedServer.start());
            ScriptedServer dropping = Submitted.prepared(ScriptedServer.start());
            List<Integer> ports = List.of(refusing.port(), dropping.port());
            postern.settings("retry: {schedule: [1h]}\n")
                    .egress(egress("refusing", ports.get(0)) + egress("dropping", ports.get(1)))
                    .start();
            awaitUp(postern, 2);
            refusing.close();
            dropping.close();
            List<Submitted> letters = new ArrayList<>();
            try (FullQueue full = new FullQueue(ports.get(1))) {
                letters.add(Submitted.to(postern, "a@refusing.example", 1));
                letters.add(Submitted.to(postern, "a@dropping.example", 1));
                List<String> replies = new ArrayList<>();
                for (Submitted letter : letters) {
                    JsonNode tried = letter.attempted();
                    assertEquals(List.of("unavailable"), Submitted.outcomes(tried));
                    assertEquals("deferred", tried.path("state").asText());
                    JsonNode recipient = tried.path("recipients").path(0);
                    assertEquals("egress-down", recipient.path("reason").asText());
                    replies.add(recipient.path("reply").asText());
                }
                assertTrue(replies.get(0).contains("connection refused"), replies::toString);
                assertTrue(replies.get(1).contains("timed out after 3 s"), replies::toString);
                assertTrue(full.isFull());
            }
            try (ScriptedServer first = Submitted.prepared(ScriptedServer.start(ports.get(0)));
                    ScriptedServer second =
                            Submitted.prepared(ScriptedServer.start(ports.get(1)))) {
                letters.forEach(Submitted::awaitSent);
                assertEquals(1, letters.get(0).receivedBy(first).size());
                assertEquals(1, letters.get(1).receivedBy(second).size());
            }
        }
    }

    /// A listener that takes no more connections: packets that would make one are dropped.
    private static final class FullQueue implements AutoCloseable {

        private final ServerSocket listener;
        private final List<Socket> queued = new ArrayList<>();
        private boolean full;

        FullQueue(int port) throws IOException {
            listener = Ports.retake(port, 1);
            while (!full && queued.size() < QUEUE_MOST) {
                Socket socket = new Socket();
                queued.add(socket);
                try {
                    socket.connect(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                            TRY_MILLIS);
                } catch (SocketTimeoutException dropped) {
                    full = true;
                }
            }
        }

        boolean isFull() {
            return full;
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : queued) {
                socket.close();
            }
            listener.close();
        }
    }

    @Test
    void whatMayHaveBeenTakenIsRepeatedOnlyAsAPossibleDuplicate(@TempDir Path directory)
            throws IOException {
        try (ScriptedServer server = Submitted.prepared(ScriptedServer.start());
                Postern postern =
                        Postern.in(directory)
                                .settings("retry: {schedule: [1s]}\n")
                                .egress(
                                        Submitted.egress(
                                                "next", server.port(), "answer-timeout: 20s"))
                                .start()) {
            List<Submitted> letters = new ArrayList<>();
            for (Act act : List.of(new Act.Close(), new Act.Reset(), new Act.Say("Hello?"))) {
                server.on(".", act);
                Submitted letter = Submitted.to(postern, "u" + letters.size() + "@example.org", 1);
                letters.add(letter);
                checkUncertain(letter, server);
            }
            postern.post("/api/v1/queue/flush");
            // Refused for now and then taken by its own schedule: the flush is over by then.
            server.say("RCPT", "451 4.3.0 trouble");
            Submitted other = Submitted.to(postern, "other@example.org", 1);
            assertEquals(
                    List.of("deferred", "accepted"),
                    Submitted.outcomes(other.awaitState("sent")),
                    () -> server.commands() + String.join("\n", postern.log()));
            for (Submitted letter : letters) {
                JsonNode still = letter.awaitState("deferred");
                assertEquals(1, still.path("attempts").size(), still::toString);
                assertEquals(1, letter.offeredTo(server));
            }

            // The next life knows of the doubt, but of no reason to go on waiting.
            postern.kill9();
            postern.start();
            postern.post("/api/v1/queue/flush");
            for (Submitted letter : letters) {
                JsonNode sent = letter.awaitState("sent");
                assertEquals(List.of("uncertain", "accepted"), Submitted.outcomes(sent));
                postern.awaitLine("possible duplicate", letter.id());
                assertEquals(2, letter.offeredTo(server));
                assertEquals(1, letter.receivedBy(server).size());
            }
            assertEquals(1, other.receivedBy(server).size());
            assertFalse(
                    postern.log().stream()
                            .anyMatch(line ->
                                    line.contains("possible duplicate")
                                            && line.contains(other.id())));
        }
    }

    private static void checkUncertain(Submitted letter, ScriptedServer server) {
        JsonNode tried = letter.attempted();
        assertEquals(List.of("uncertain"), Submitted.outcomes(tried), tried::toString);
        JsonNode recipient = tried.path("recipients").path(0);
        assertEquals("deferred", recipient.path("state").asText(), tried::toString);
        assertEquals("uncertain", recipient.path("reason").asText(), tried::toString);
        Instant at = Instant.parse(tried.path("attempts").path(0).path("at").asText());
        Instant next = Instant.parse(tried.path("next-attempt").asText());
        assertTrue(!next.isBefore(at.plus(Duration.ofMinutes(5))), tried::toString);
        letter.postern().awaitLine("possible duplicate", letter.id());
        assertEquals(0, letter.receivedBy(server).size());
    }
}
