package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Postern;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.ScriptedServer.Received;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
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

/// Trouble at the one next hop, seen from outside the whole program: each refusal and each break at
/// each verb has its outcome by docs/troubles.md, and mail that can still go goes once the trouble
/// is over, exactly once.
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(180)
class OutcomesIT {

    private static final List<String> REPLIES =
            List.of(
                    "421 4.3.2 closing",
                    "451 4.3.0 trouble",
                    "452 4.3.1 full",
                    "535 5.7.8 who are you",
                    "550 5.7.1 no",
                    "552 5.3.4 too big",
                    "554 5.0.0 no");

    private static final List<String> VERBS =
            List.of("GREETING", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", ".");

    /// What of a session precedes MAIL.
    private static final Set<String> BEFORE_MAIL = Set.of("GREETING", "EHLO", "STARTTLS", "AUTH");

    // spotless:off
    /// A column for each verb, a row for each reply; the letters are those of [Fate].
    private static final List<String> EXPECTED =
            List.of(
                    // GREETING EHLO STARTTLS AUTH MAIL RCPT DATA .
                    "         U    U    U        U    U    U    U    U", // 421
                    "         U    U    U        U    D    D    D    D", // 451
                    "         U    U    U        U    D    D    D    D", // 452
                    "         U    U    U        U    U    U    U    U", // 535
                    "         U    U    U        U    R    R    R    R", // 550
                    "         U    U    U        U    Z    Z    Z    Z", // 552
                    "         U    U    U        U    R    R    R    R"); // 554
    // spotless:on

    /// More than the buffers between the two sides hold.
    private static final int LARGE_OCTETS = 12 << 20;

    /// Unavailable, deferred, rejected, unsuited: what the API says of the attempt and then of the
    /// message.
    enum Fate {
        U("unavailable", "deferred", "egress-down"),
        D("deferred", "deferred", "recipient"),
        R("rejected", "failed", null),
        Z("unsuited", "failed", null);

        private final String outcome;
        private final String state;
        private final String reason;

        Fate(String outcome, String state, String reason) {
            this.outcome = outcome;
            this.state = state;
            this.reason = reason;
        }
    }

    private ScriptedServer server;
    private Postern postern;
    private int messages;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        server = Submitted.prepared(ScriptedServer.start());
        postern =
                Postern.in(directory)
                        .settings("retry: {schedule: [1h]}\n")
                        .egress(Submitted.egress("next", server.port(), "concurrency: 2"))
                        .start();
    }

    @AfterAll
    void stop() throws IOException {
        if (postern != null) {
            postern.close();
        }
        server.close();
    }

    /// Every test begins with an egress that works and no connection to it.
    @BeforeEach
    void pacify() throws IOException {
        server.behave();
        postern.post("/api/v1/egress/next/probe");
        postern.post("/api/v1/queue/flush");
        server.hangUp();
    }

    static Stream<Arguments> refusals() {
        return VERBS.stream()
                .flatMap(verb ->
                        REPLIES.stream()
                                .map(reply -> Arguments.of(verb, reply, fate(verb, reply))));
    }

    private static Fate fate(String verb, String reply) {
        String[] row = EXPECTED.get(REPLIES.indexOf(reply)).strip().split(" +");
        return Fate.valueOf(row[VERBS.indexOf(verb)]);
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void aRefusalHasItsOutcome(String verb, String reply, Fate fate) throws IOException {
        JsonNode first = suffer(verb, new Act.Say(reply), fate, 1);
        assertEquals(reply, first.path("reply").asText());
    }

    static Stream<Arguments> breaks() {
        List<Act> acts =
                List.of(
                        new Act.Close(),
                        new Act.Reset(),
                        new Act.SayAndClose("421 4.3.2 shutting down"));
        List<String> verbs = new ArrayList<>(VERBS);
        verbs.remove(".");
        verbs.add("CONTENT");
        return verbs.stream().flatMap(verb -> acts.stream().map(act -> Arguments.of(verb, act)));
    }

    @ParameterizedTest
    @MethodSource("breaks")
    void aBreakBeforeTheFinalDotLeavesTheMessageUnsent(String verb, Act act) throws IOException {
        suffer(verb, act, Fate.U, verb.equals("CONTENT") ? LARGE_OCTETS : 1);
    }

    @Test
    void goodbyeIsNoPartOfTheMessage() throws IOException {
        for (Act act : List.of(new Act.Reset(), new Act.Close(), new Act.Say("550 5.0.0 stay"))) {
            server.always("QUIT", act);
            String probe = postern.post("/api/v1/egress/next/probe").path("result").asText();
            assertEquals("passed", probe);
            Submitted letter = submit(1);
            letter.awaitState("sent");
            assertEquals(1, letter.offeredTo(server));
        }
    }

    @Test
    void eachRecipientHasItsOwnOutcome() throws IOException {
        server.always("RCPT TO:<full@", new Act.Say("452 4.2.2 mailbox full"));
        server.always("RCPT TO:<nobody@", new Act.Say("550 5.1.1 no such user"));
        String sender = "partial@example.org";
        Submitted letter =
                Submitted.to(
                        postern,
                        sender,
                        1,
                        "a@example.com",
                        "full@example.com",
                        "nobody@example.com",
                        "b@example.com");
        JsonNode tried = letter.attempted();
        assertEquals("deferred", tried.path("state").asText(), tried::toString);
        assertEquals(
                List.of(
                        "a@example.com sent null",
                        "full@example.com deferred recipient",
                        "nobody@example.com failed null",
                        "b@example.com sent null"),
                recipients(tried));
        assertEquals(
                Set.of(
                        "accepted [\"a@example.com\",\"b@example.com\"]",
                        "deferred [\"full@example.com\"]",
                        "rejected [\"nobody@example.com\"]"),
                Set.copyOf(attempts(tried)));

        server.behave();
        postern.post("/api/v1/messages/" + letter.id() + "/retry");
        JsonNode done = letter.awaitState("failed");
        assertEquals("full@example.com sent null", recipients(done).get(1));
        List<List<String>> taken = letter.receivedBy(server).stream().map(Received::rcpts).toList();
        assertEquals(2, taken.size());
        assertEquals(List.of("RCPT TO:<full@example.com>"), taken.get(1));
        assertEquals(2, taken.get(0).size(), taken::toString);
    }

    @Test
    void aCertificateForAnotherNameGetsNoMailAndNoPassword() throws IOException {
        server.startTls("other");
        try {
            long authed = server.count("AUTH");
            Submitted letter = submit(1);
            JsonNode tried = check(letter, Fate.U);
            String reply = tried.path("reply").asText();
            assertTrue(reply.contains("other.example") && reply.contains("localhost"), reply);
            assertEquals(authed, server.count("AUTH"));
            assertEquals(0, letter.offeredTo(server));
            JsonNode egress = postern.admin("/api/v1/status").path("egress").path(0);
            assertEquals("down", egress.path("state").asText(), egress::toString);
            server.startTls("localhost");
            deliver(letter, Fate.U);
        } finally {
            server.startTls("localhost");
        }
    }

    /// Sends a message into the trouble and, if it can still go, through once that is over.
    ///
    /// @return its first attempt
    private JsonNode suffer(String verb, Act act, Fate fate, int octets) throws IOException {
        server.always(verb, act);
        Submitted letter = submit(octets);
        JsonNode first = check(letter, fate);
        assertEquals(0, letter.receivedBy(server).size());
        if (BEFORE_MAIL.contains(verb)) {
            assertEquals(0, letter.offeredTo(server));
        }
        server.behave();
        deliver(letter, fate);
        return first;
    }

    private Submitted submit(int octets) throws IOException {
        messages++;
        return Submitted.to(postern, "m" + messages + "@example.org", octets);
    }

    private static JsonNode check(Submitted letter, Fate fate) {
        JsonNode tried = letter.attempted();
        Set<String> classes = Set.copyOf(Submitted.outcomes(tried));
        assertEquals(Set.of(fate.outcome), classes, tried::toString);
        assertEquals(fate.state, tried.path("state").asText(), tried::toString);
        assertEquals(
                List.of(Submitted.RECIPIENT + " " + fate.state + " " + fate.reason),
                recipients(tried));
        return tried.path("attempts").path(0);
    }

    /// The server behaves again: what waits goes, once; what failed stays where it is.
    private void deliver(Submitted letter, Fate fate) throws IOException {
        if (fate.state.equals("failed")) {
            postern.post("/api/v1/queue/flush");
            assertEquals("failed", letter.awaitState("failed").path("state").asText());
            assertEquals(0, letter.receivedBy(server).size());
            return;
        }
        if (fate == Fate.U) {
            postern.post("/api/v1/egress/next/probe");
        } else {
            postern.post("/api/v1/messages/" + letter.id() + "/retry");
        }
        List<String> classes = Submitted.outcomes(letter.awaitSent());
        assertEquals("accepted", classes.getLast());
        assertEquals(1, classes.stream().filter("accepted"::equals).count(), classes::toString);
        List<Received> received = letter.receivedBy(server);
        assertEquals(1, received.size());
        String body = received.getFirst().content();
        String text = new String(Submitted.content(letter.sender(), 1), US_ASCII);
        assertTrue(received.getFirst().size() > LARGE_OCTETS || body.endsWith(text), body);
    }

    private static List<String> recipients(JsonNode message) {
        List<String> recipients = new ArrayList<>();
        for (JsonNode each : message.path("recipients")) {
            recipients.add(
                    each.path("address").asText()
                            + " "
                            + each.path("state").asText()
                            + " "
                            + each.path("reason").asText(null));
        }
        return recipients;
    }

    private static List<String> attempts(JsonNode message) {
        List<String> attempts = new ArrayList<>();
        for (JsonNode each : message.path("attempts")) {
            attempts.add(each.path("outcome").asText() + " " + each.path("recipients"));
        }
        return attempts;
    }
}
