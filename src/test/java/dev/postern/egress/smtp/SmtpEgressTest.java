package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Probe;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Mail;
import dev.postern.testing.Provider;
import dev.postern.testing.ScriptedServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Submission as it is when all goes well.
@Timeout(60)
class SmtpEgressTest {

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static Outcome only(Delivery delivery) {
        assertEquals(1, delivery.outcomes().size());
        return delivery.outcomes().firstEntry().getValue();
    }

    private static void assertAccepted(Outcome outcome) {
        assertEquals(
                new Outcome.Accepted("250 2.0.0 Ok: queued as 4XyZ123abc", "4XyZ123abc", List.of()),
                outcome);
    }

    @Test
    void sendsInClearTextWithTheServersWordsAndId() {
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertAccepted(only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN)));
        }
        assertEquals(
                List.of(
                        "EHLO client.example",
                        "MAIL FROM:<a@example.org> SIZE=" + Mail.TEXT.length(),
                        "RCPT TO:<b@example.net>",
                        "DATA"),
                server.commands().subList(0, 4));
        assertEquals(Mail.TEXT, server.messages().getFirst().content());
    }

    /// A word without end in the answer costs nothing, and what is kept of it says that it was cut.
    @Test
    void aLongAnswerIsCutToALine() {
        server.say(".", "250 " + "x".repeat(16_000));
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            Outcome outcome = only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN));
            assertEquals(
                    new Outcome.Accepted("250 " + "x".repeat(505) + "…", null, List.of()), outcome);
        }
    }

    /// A refusal at the log-in lets the server close soon; one at RCPT says nothing of what
    /// follows.
    @Test
    void theReplyBehindARefusalHasItsTime() {
        CountDownLatch later = new CountDownLatch(1);
        server.say("RCPT TO:<no@", "550 5.1.1 Nobody here");
        server.on("RCPT TO:<slow@", new ScriptedServer.Act.Hold(later));
        CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS).execute(later::countDown);
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            Delivery delivery =
                    egress.send(
                            Mail.of(
                                    "a@example.org",
                                    Mail.TEXT.getBytes(StandardCharsets.US_ASCII),
                                    false,
                                    "no@example.net",
                                    "slow@example.net"),
                            CommitGate.OPEN);
            assertInstanceOf(Outcome.Rejected.class, delivery.outcomes().firstEntry().getValue());
            assertAccepted(delivery.outcomes().lastEntry().getValue());
        }
    }

    @Test
    void anAnswerThatContradictsItselfIsNotBelieved() {
        server.say(".", "250-ok\r\n554 5.7.1 rejected", "554-no\r\n250 ok");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertInstanceOf(
                    Outcome.Rejected.class,
                    only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN)));
            assertInstanceOf(
                    Outcome.Uncertain.class,
                    only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN)));
        }
    }

    /// Neither a line nor lines without end fill the memory.
    @Test
    void anAnswerWithoutEndIsNone() {
        for (String endless : List.of("250 " + "x".repeat(300_000), "250-x\r\n".repeat(50_000))) {
            server.say(".", endless);
            try (SmtpEgress egress = EgressSetup.to(server).build()) {
                Outcome outcome = only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN));
                assertInstanceOf(Outcome.Uncertain.class, outcome);
            }
        }
    }

    @Test
    void sendsOverStartTlsAfterLoggingIn() {
        server.startTls("localhost").offering("AUTH LOGIN PLAIN");
        EgressSetup setup = EgressSetup.to(server).tls(Tls.REQUIRED).login("user", "word");
        try (SmtpEgress egress = setup.build()) {
            assertAccepted(only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN)));
        }
        assertEquals(
                List.of(
                        "EHLO client.example",
                        "STARTTLS",
                        "EHLO client.example",
                        "AUTH PLAIN AHVzZXIAd29yZA==",
                        "MAIL FROM:<a@example.org>",
                        "RCPT TO:<b@example.net>",
                        "DATA"),
                server.commands().subList(0, 7));
    }

    @Test
    void sendsOverImplicitTlsAndLogsInByLoginWhereThatIsAllThereIs() {
        server.implicitTls("localhost").offering("AUTH LOGIN");
        EgressSetup setup = EgressSetup.to(server).tls(Tls.IMPLICIT).login("user", "word");
        try (SmtpEgress egress = setup.build()) {
            assertAccepted(only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN)));
        }
        assertEquals(
                List.of("EHLO client.example", "AUTH LOGIN", "dXNlcg==", "d29yZA=="),
                server.commands().subList(0, 4));
    }

    @Test
    void probesWithoutSending() {
        server.startTls("localhost").offering("AUTH PLAIN");
        EgressSetup setup = EgressSetup.to(server).tls(Tls.REQUIRED).login("user", "word");
        try (SmtpEgress egress = setup.build()) {
            Probe.Passed passed = assertInstanceOf(Probe.Passed.class, egress.probe());
            assertEquals(
                    "localhost:%d [127.0.0.1] TLSv1.3, logged in".formatted(server.port()),
                    passed.detail());
        }
        assertEquals("QUIT", server.commands().getLast());
    }

    @Test
    void sendsTheNullReversePath() {
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            byte[] bounce =
                    "From: daemon@example.org\r\n\r\nx\r\n".getBytes(StandardCharsets.US_ASCII);
            assertAccepted(
                    only(
                            egress.send(
                                    Mail.of("", bounce, false, "b@example.net"), CommitGate.OPEN)));
        }
        assertEquals("MAIL FROM:<> SIZE=31", server.commands().get(1));
    }

    @Test
    void givesEachRecipientItsOwnOutcome() {
        server.say("RCPT TO:<bad@", "550 5.1.1 no such user");
        server.say("RCPT TO:<later@", "450 4.2.0 Greylisted");
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            Delivery delivery =
                    egress.send(
                            Mail.to("bad@example.net", "good@example.net", "later@example.net"),
                            CommitGate.OPEN);
            assertEquals(
                    new Outcome.Rejected("550 5.1.1 no such user"),
                    delivery.outcomes().get(new ForwardPath("bad@example.net")));
            assertAccepted(delivery.outcomes().get(new ForwardPath("good@example.net")));
            assertInstanceOf(
                    Outcome.Deferred.class,
                    delivery.outcomes().get(new ForwardPath("later@example.net")));
        }
        assertEquals(1, server.messages().size());
    }

    @Test
    void aPasswordThatCantBeReadIsTroubleWithTheCredentials() {
        EgressSetup setup = EgressSetup.to(server).login("user", "");
        setup.password =
                Secret.from(
                        "gone",
                        () -> {
                            throw new UncheckedIOException(new NoSuchFileException("/secret"));
                        });
        try (SmtpEgress egress = setup.build()) {
            Outcome outcome = only(egress.send(Mail.to("b@example.net"), CommitGate.OPEN));
            assertEquals(
                    Fault.CREDENTIALS,
                    assertInstanceOf(Outcome.Unavailable.class, outcome).fault());
            assertInstanceOf(Probe.Failed.class, egress.probe());
        }
    }

    @Test
    void knowsWhetherEightBitContentMayBeSpoilt() {
        ContentTraits eightBit = new ContentTraits(true, false, 10);
        server.offering();
        try (SmtpEgress egress = EgressSetup.to(server).build()) {
            assertFalse(egress.maySpoil(eightBit), "nothing is known yet");
            egress.probe();
            assertTrue(egress.maySpoil(eightBit));
            assertFalse(egress.maySpoil(new ContentTraits(false, false, 10)));
        }
    }

    @Test
    void neverLogsWhatIsSaidToTheServer() {
        List<String> lines = new CopyOnWriteArrayList<>();
        Handler handler = new LineCollector(lines);
        Logger root = Logger.getLogger("");
        Level before = root.getLevel();
        root.addHandler(handler);
        root.setLevel(Level.ALL);
        server.offering("AUTH PLAIN").say("MAIL", "421 4.3.2 closing");
        String login = Provider.login("user", "hidden").substring("AUTH PLAIN ".length());
        try (SmtpEgress egress = EgressSetup.to(server).login("user", "hidden").build()) {
            egress.send(Mail.to("b@example.net"), CommitGate.OPEN);
        } finally {
            root.removeHandler(handler);
            root.setLevel(before);
        }
        assertTrue(lines.contains("egress unavailable"), lines::toString);
        for (String secret : List.of("hidden", login, "MAIL FROM")) {
            assertEquals(List.of(), lines.stream().filter(it -> it.contains(secret)).toList());
        }
    }

    private static final class LineCollector extends Handler {
        private final List<String> lines;

        LineCollector(List<String> lines) {
            this.lines = lines;
        }

        @Override
        public void publish(LogRecord line) {
            boolean ours = line.getLoggerName().startsWith("dev.postern");
            boolean mail = line.getLoggerName().contains("mail");
            if (ours || mail) {
                lines.add(line.getMessage().replaceAll(".*(egress unavailable)", "$1"));
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
