package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.OutboundMessage;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Mail;
import dev.postern.testing.RepeatedContent;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Networks and servers that refuse, stall, reset, hang up, or talk nonsense.
@Timeout(120)
class NetworkTroubleTest {

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static Outcome send(EgressSetup setup, OutboundMessage outbound) {
        try (SmtpEgress egress = setup.build()) {
            return egress.send(outbound, CommitGate.OPEN).outcomes().firstEntry().getValue();
        }
    }

    private Outcome send(EgressSetup setup) {
        return send(setup, Mail.to("b@example.net"));
    }

    private static void assertUnavailable(Fault fault, String words, Outcome outcome) {
        Outcome.Unavailable unavailable = assertInstanceOf(Outcome.Unavailable.class, outcome);
        assertEquals(words, unavailable.reply());
        assertEquals(fault, unavailable.fault());
    }

    private String peer() {
        return "localhost:" + server.port() + " [127.0.0.1]";
    }

    @Test
    void saysWhoRefusedTheConnection() throws IOException {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        EgressSetup setup = EgressSetup.to(port);
        setup.host = "127.0.0.1";
        assertUnavailable(Fault.NETWORK, "connection refused by 127.0.0.1:" + port, send(setup));
    }

    @Test
    void takesTheFirstPortThatWorksAndRemembersIt() throws IOException {
        try (ScriptedServer refusing = ScriptedServer.start()) {
            for (int i = 0; i < 9; i++) {
                refusing.say("GREETING", "554 5.7.1 go away");
            }
            EgressSetup setup = EgressSetup.to(server);
            setup.auto(refusing.port(), server.port());
            setup.limits = new SmtpEgress.Reuse(EgressSetup.LONG, EgressSetup.LONG, 1);
            try (SmtpEgress egress = setup.build()) {
                for (int i = 0; i < 3; i++) {
                    egress.send(Mail.to("b@example.net"), CommitGate.OPEN);
                }
            }
            assertEquals(3, server.messages().size());
            assertEquals(1, refusing.connections());
        }
    }

    @Test
    void thePortThatCameFurthestTellsWhyNoneWorks() throws IOException {
        try (ScriptedServer refusing = ScriptedServer.start()) {
            refusing.say("GREETING", "554 5.7.1 go away");
            EgressSetup setup = EgressSetup.to(server).login("user", "word");
            setup.auto(refusing.port(), server.port());
            assertEquals(Fault.CREDENTIALS, fault(send(setup)));
        }
    }

    @Test
    void saysWhichHostIsUnknown() {
        EgressSetup setup = EgressSetup.to(server);
        setup.host = "nowhere.invalid";
        setup.resolver =
                host -> {
                    throw new UnknownHostException(host);
                };
        assertUnavailable(Fault.NETWORK, "no such host: nowhere.invalid", send(setup));
    }

    @Test
    void triesEveryAddress() {
        EgressSetup setup = EgressSetup.to(server);
        setup.resolver =
                _ ->
                        new InetAddress[] {
                            InetAddress.getByAddress(new byte[] {127, 0, 0, 77}),
                            InetAddress.getLoopbackAddress()
                        };
        assertInstanceOf(Outcome.Accepted.class, send(setup));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GREETING", "EHLO", "MAIL", "RCPT", "DATA"})
    void aServerThatStallsBeforeTheContentTimesOut(String verb) {
        server.on(verb, new Act.Stall());
        EgressSetup setup = EgressSetup.to(server);
        setup.commandTimeout = EgressSetup.SHORT;
        Outcome.Unavailable outcome = assertInstanceOf(Outcome.Unavailable.class, send(setup));
        assertEquals(Fault.TIMEOUT, outcome.fault());
        assertTrue(outcome.reply().contains(peer() + " within 0.2 s"), outcome.reply());
    }

    @ParameterizedTest
    @ValueSource(strings = {"GREETING", "EHLO", "MAIL", "DATA"})
    void aServerThatDribblesItsReplyTimesOut(String verb) {
        server.on(verb, new Act.Dribble());
        EgressSetup setup = EgressSetup.to(server);
        setup.commandTimeout = EgressSetup.SHORT;
        assertEquals(Fault.TIMEOUT, fault(send(setup)));
    }

    @Test
    void aReplyWithoutEndIsTrouble() {
        server.on("MAIL", new Act.Flood());
        assertEquals(Fault.NETWORK, fault(send(EgressSetup.to(server))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GREETING", "EHLO", "MAIL", "RCPT", "DATA"})
    void aServerThatResetsBeforeTheContentIsUnavailable(String verb) {
        server.on(verb, new Act.Reset());
        assertEquals(Fault.NETWORK, fault(send(EgressSetup.to(server))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"GREETING", "EHLO", "MAIL", "RCPT", "DATA"})
    void aServerThatHangsUpBeforeTheContentIsUnavailable(String verb) {
        server.on(verb, new Act.Close());
        assertEquals(Fault.NETWORK, fault(send(EgressSetup.to(server))));
    }

    private static Fault fault(Outcome outcome) {
        return assertInstanceOf(Outcome.Unavailable.class, outcome).fault();
    }

    @Test
    void aServerThatTalksSomethingElseIsUnavailable() {
        server.on("GREETING", new Act.SayAndClose("SSH-2.0-OpenSSH_9.2"));
        Outcome outcome = send(EgressSetup.to(server));
        assertEquals(Fault.SERVICE, fault(outcome));
        assertTrue(outcome.reply().contains("SSH-2.0"), outcome.reply());
    }

    @Test
    void aWriteThatBlocksInMidContentTimesOut() {
        server.on("CONTENT", new Act.Stall());
        EgressSetup setup = EgressSetup.to(server);
        setup.dataTimeout = EgressSetup.SHORT;
        Outcome outcome =
                send(
                        setup,
                        Mail.of(
                                "a@example.org",
                                RepeatedContent.ofMiB(40),
                                false,
                                "b@example.net"));
        assertUnavailable(
                Fault.TIMEOUT, "no answer from " + peer() + " within 0.2 s at DATA", outcome);
    }

    @Test
    void aResetInMidContentIsUnavailable() {
        server.on("CONTENT", new Act.Reset());
        Outcome outcome =
                send(
                        EgressSetup.to(server),
                        Mail.of(
                                "a@example.org",
                                RepeatedContent.ofMiB(40),
                                false,
                                "b@example.net"));
        assertUnavailable(Fault.NETWORK, "connection reset by " + peer() + " at DATA", outcome);
        assertEquals(0, server.messages().size());
    }

    @Test
    void silenceAfterTheDotIsUncertain() {
        server.on(".", new Act.Stall());
        EgressSetup setup = EgressSetup.to(server);
        setup.answerTimeout = EgressSetup.SHORT;
        assertEquals(
                new Outcome.Uncertain(
                        "no answer from " + peer() + " within 0.2 s after the final dot"),
                send(setup));
    }

    @Test
    void aHangUpAfterTheDotIsUncertain() {
        server.on(".", new Act.Close());
        assertEquals(
                new Outcome.Uncertain("connection to " + peer() + " lost after the final dot"),
                send(EgressSetup.to(server)));
    }

    @Test
    void aResetAfterTheDotIsUncertain() {
        server.on(".", new Act.Reset());
        assertEquals(
                new Outcome.Uncertain("connection to " + peer() + " lost after the final dot"),
                send(EgressSetup.to(server)));
    }

    @Test
    void nonsenseAfterTheDotIsUncertain() {
        server.say(".", "HTTP/1.1 200 OK");
        assertInstanceOf(Outcome.Uncertain.class, send(EgressSetup.to(server)));
    }

    @Test
    void anyOtherPositiveReplyAfterTheDotIsNoAcceptance() {
        server.say(".", "251 2.0.0 perhaps");
        assertInstanceOf(Outcome.Uncertain.class, send(EgressSetup.to(server)));
    }

    @Test
    void a421AfterTheDotIsUnavailable() {
        server.on(".", new Act.SayAndClose("421 4.3.2 shutting down"));
        assertUnavailable(Fault.SERVICE, "421 4.3.2 shutting down", send(EgressSetup.to(server)));
    }

    @Test
    void aClosedGateBreaksOffBeforeTheDot() {
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            Outcome outcome =
                    egress.send(Mail.to("b@example.net"), () -> false)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            assertEquals(Fault.TIMEOUT, fault(outcome));
            assertInstanceOf(
                    Outcome.Accepted.class,
                    egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue());
        }
        assertEquals(2, server.connections(), "the first was closed in mid-content");
        assertEquals(1, server.messages().size());
    }

    @Test
    void anInterruptBreaksOffWhatWaits() throws InterruptedException, ExecutionException {
        server.on("RCPT", new Act.Stall());
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            CompletableFuture<Outcome> outcome = new CompletableFuture<>();
            Thread sending =
                    Thread.ofVirtual()
                            .start(() ->
                                    outcome.complete(
                                            egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                                                    .outcomes()
                                                    .firstEntry()
                                                    .getValue()));
            server.awaitStall();
            sending.interrupt();
            assertTrue(outcome.get().reply().contains("broken off"), outcome.get().reply());
            assertEquals(Fault.TIMEOUT, fault(outcome.get()));
        }
    }

    @Test
    void contentThatCantBeReadIsThrownAndTheConnectionClosed() {
        MessageContent broken = RepeatedContent.thatFailsAfter(100_000);
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            OutboundMessage outbound = Mail.of("a@example.org", broken, false, "b@example.net");
            assertThrows(UncheckedIOException.class, () -> egress.send(outbound, CommitGate.OPEN));
            assertInstanceOf(
                    Outcome.Accepted.class,
                    egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue());
        }
        assertEquals(1, server.messages().size());
        assertEquals(Mail.TEXT, server.messages().getFirst().content());
    }
}
