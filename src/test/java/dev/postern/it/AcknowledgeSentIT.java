package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.ScriptedServer.Received;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// `acknowledge: sent`, the whole program: the client hears what became of its message at the next
/// hop, and what was not accepted there is not kept here.
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(180)
class AcknowledgeSentIT {

    private static final String SETTINGS =
            """
            acknowledge: sent
            acknowledge-timeout: 3s
            retry: {schedule: [1h]}
            """;

    private static final Pattern SENT =
            Pattern.compile("250 2\\.0\\.0 Ok: sent as (\\S+) via next: .*queued as 4XyZ123abc");

    private ScriptedServer server;
    private Postern postern;
    private int messages;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        server = Submitted.prepared(ScriptedServer.start());
        postern =
                Postern.in(directory)
                        .settings(SETTINGS)
                        .egress(Submitted.egress("next", server.port(), "answer-timeout: 30s"))
                        .start();
    }

    @AfterAll
    void stop() throws IOException {
        if (postern != null) {
            postern.close();
        }
        server.close();
    }

    @BeforeEach
    void pacify() throws IOException {
        server.behave();
        postern.post("/api/v1/egress/next/probe");
        server.hangUp();
    }

    private String nextSender() {
        messages++;
        return "m" + messages + "@example.org";
    }

    private String send(String sender, String... recipients) throws IOException {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.send(sender, List.of(recipients), Submitted.content(sender, 1));
        }
    }

    private Submitted sent(String sender, String reply) {
        Matcher matcher = SENT.matcher(reply);
        assertTrue(matcher.matches(), reply);
        return new Submitted(postern, matcher.group(1), sender);
    }

    private void assertNothingKept(String sender) throws IOException {
        JsonNode found = postern.admin("/api/v1/messages?sender=" + sender);
        assertEquals("[]", found.path("messages").toString());
    }

    @Test
    void acceptanceIsPassedOn() throws IOException {
        String sender = nextSender();
        Submitted letter = sent(sender, send(sender, "a@example.com", "b@example.com"));
        assertEquals(List.of("accepted"), Submitted.outcomes(letter.awaitState("sent")));
        assertEquals(2, letter.receivedBy(server).getFirst().rcpts().size());
        assertEquals(1, letter.offeredTo(server));
        assertEquals(410, postern.raw(letter.id()).statusCode());
    }

    @Test
    void oneRecipientIsEnoughAndTheSpoolOwesTheRest() throws IOException {
        server.always("RCPT TO:<full@", new Act.Say("452 4.2.2 mailbox full"));
        server.always("RCPT TO:<nobody@", new Act.Say("550 5.1.1 no such user"));
        String sender = nextSender();
        String reply = send(sender, "nobody@example.com", "full@example.com", "a@example.com");
        Submitted letter = sent(sender, reply);
        JsonNode kept = letter.awaitState("deferred");
        List<String> states = kept.path("recipients").findValuesAsText("state");
        assertEquals(List.of("failed", "deferred", "sent"), states);

        server.behave();
        postern.post("/api/v1/queue/flush");
        letter.awaitState("failed");
        List<List<String>> rcpts = letter.receivedBy(server).stream().map(Received::rcpts).toList();
        assertEquals(
                List.of(List.of("RCPT TO:<a@example.com>"), List.of("RCPT TO:<full@example.com>")),
                rcpts);
    }

    static Stream<Arguments> refusals() {
        String notNow = "451 4.4.1 ";
        return Stream.of(
                Arguments.of("MAIL", "550 5.7.1 not you", "550 5.7.1 not you"),
                Arguments.of("MAIL", "552 5.3.4 too big", "552 5.3.4 too big"),
                Arguments.of("RCPT", "550 5.1.1 no such user", "550 5.1.1 no such user"),
                Arguments.of("RCPT", "553 no such place", "553 5.0.0 no such place"),
                Arguments.of("DATA", "554 5.0.0 no", "554 5.0.0 no"),
                Arguments.of(".", "554 5.6.0 malformed", "554 5.6.0 malformed"),
                Arguments.of("MAIL", "451 4.3.0 trouble", notNow),
                Arguments.of("RCPT", "450 4.2.1 busy", notNow),
                Arguments.of("DATA", "421 4.3.2 closing", notNow),
                Arguments.of(".", "452 4.3.1 full", notNow),
                Arguments.of("GREETING", "554 5.7.1 go away", notNow),
                Arguments.of("AUTH", "535 5.7.8 who are you", notNow));
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void aRefusalIsPassedOnAndNothingIsKept(String verb, String said, String expected)
            throws IOException {
        server.always(verb, new Act.Say(said));
        String sender = nextSender();
        String reply = send(sender, "a@example.com", "b@example.com");
        assertTrue(reply.startsWith(expected), reply);
        assertNothingKept(sender);

        server.behave();
        postern.post("/api/v1/egress/next/probe");
        Submitted letter = sent(sender, send(sender, "a@example.com", "b@example.com"));
        assertEquals(1, letter.receivedBy(server).size());
    }

    @Test
    void theFirstOfSeveralRefusalsSpeaks() throws IOException {
        server.always("RCPT TO:<b@", new Act.Say("550 5.1.1 no such user"));
        server.always("RCPT TO:<a@", new Act.Say("551 5.1.6 moved away"));
        String sender = nextSender();
        assertEquals("551 5.1.6 moved away", send(sender, "a@example.com", "b@example.com"));
        server.behave();
        server.always("RCPT TO:<b@", new Act.Say("450 4.2.1 busy"));
        server.always("RCPT TO:<a@", new Act.Say("551 5.1.6 moved away"));
        String reply = send(sender, "a@example.com", "b@example.com");
        assertTrue(reply.startsWith("451 4.4.1 "), reply);
        assertNothingKept(sender);
    }

    @Test
    void aMessageIsBrokenOffBeforeItsCommitPointAndAwaitedAfterIt() throws IOException {
        CountDownLatch taken = new CountDownLatch(1);
        server.on(".", new Act.Hold(taken));
        String early = nextSender();
        String late = nextSender();
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            long before = server.count("DATA");
            client.begin(early, List.of(Submitted.RECIPIENT));
            client.write(Submitted.content(early, 1));
            client.write(new byte[] {'.', '\r', '\n'});
            Await.until("it is on its way", () -> server.count("DATA") > before);
            server.always("DATA", new Act.Stall());
            // Given after the other one, it comes back when the time of both is over.
            String reply = send(late, Submitted.RECIPIENT);
            assertTrue(reply.startsWith("451 4.4.1 "), reply);
            assertNothingKept(late);
            taken.countDown();
            Submitted letter = sent(early, client.reply());
            letter.awaitState("sent");
            assertEquals(1, letter.offeredTo(server));
        }
    }

    @Test
    void aLostAnswerIsAPossibleDuplicateAndNothingIsKept() throws IOException {
        server.on(".", new Act.Reset());
        String sender = nextSender();
        String reply = send(sender, Submitted.RECIPIENT);
        assertTrue(reply.startsWith("451 4.4.1 "), reply);
        assertNothingKept(sender);
        postern.awaitLine("possible duplicate", "egress=next");
        postern.awaitEmpty();
        assertEquals(1, server.count("MAIL FROM:<" + sender + ">"));
    }

    @Test
    void withoutAnEgressNothingIsTaken(@TempDir Path directory) throws IOException {
        try (Postern alone = Postern.in(directory).settings(SETTINGS).start();
                SmtpClient client = new SmtpClient(alone.smtpPort())) {
            client.say("EHLO client.example.org");
            String sender = "alone@example.org";
            byte[] content = Submitted.content(sender, 1);
            String reply = client.send(sender, List.of(Submitted.RECIPIENT), content);
            assertTrue(reply.startsWith("451 4.4.1 "), reply);
            JsonNode found = alone.admin("/api/v1/messages");
            assertFalse(found.path("messages").elements().hasNext(), found::toString);
        }
    }
}
