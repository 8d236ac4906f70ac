package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Connections that carry more than one message, and messages that need more than one transaction.
@Timeout(60)
class ReuseTest {

    private final AtomicLong nanos = new AtomicLong();
    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private EgressSetup setup() {
        EgressSetup setup = EgressSetup.to(server);
        setup.nanoTime = nanos::get;
        return setup;
    }

    private static Outcome send(SmtpEgress egress) {
        return egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    private static void assertSends(SmtpEgress egress) {
        assertInstanceOf(Outcome.Accepted.class, send(egress));
    }

    @Test
    void aFreshConnectionIsReusedWithoutAsking() {
        try (SmtpEgress egress = setup().build()) {
            for (int i = 0; i < 5; i++) {
                assertSends(egress);
            }
            assertEquals(1, server.connections());
            assertEquals(0, server.count("NOOP"));
            assertEquals(0, server.count("RSET"));
        }
    }

    @Test
    void aConnectionThatWasIdleIsAskedFirst() {
        try (SmtpEgress egress = setup().build()) {
            assertSends(egress);
            nanos.addAndGet(Duration.ofSeconds(5).toNanos());
            assertSends(egress);
            assertEquals(1, server.connections());
            assertEquals(1, server.count("NOOP"));
        }
    }

    @Test
    void aConnectionThatIsIdleForLongIsEndedPolitely() throws InterruptedException {
        EgressSetup setup = setup();
        setup.dataTimeout = EgressSetup.SHORT;
        try (SmtpEgress egress = setup.build()) {
            assertSends(egress);
            nanos.addAndGet(Duration.ofSeconds(11).toNanos());
            server.awaitCommand("QUIT");
        }
    }

    @Test
    void closingEndsIdleConnectionsPolitely() throws InterruptedException {
        try (SmtpEgress egress = setup().build()) {
            assertSends(egress);
        }
        server.awaitCommand("QUIT");
    }

    @Test
    void aConnectionThatNoLongerAnswersIsReplaced() throws IOException {
        try (SmtpEgress egress = setup().build()) {
            assertSends(egress);
            server.hangUp();
            nanos.addAndGet(Duration.ofSeconds(5).toNanos());
            assertSends(egress);
            assertEquals(2, server.connections());
        }
    }

    @Test
    void aStaleConnectionIsReplacedWithoutTrouble() throws IOException {
        try (SmtpEgress egress = setup().build()) {
            assertSends(egress);
            server.hangUp();
            assertSends(egress);
            assertEquals(2, server.connections());
        }
    }

    @Test
    void a421AtMailOfAReusedConnectionIsNoTroubleOnce() {
        server.say("MAIL", "250 2.1.0 Ok");
        server.on("MAIL", new Act.SayAndClose("421 4.4.2 idle too long"));
        try (SmtpEgress egress = setup().build()) {
            assertSends(egress);
            assertSends(egress);
            assertEquals(2, server.connections());
        }
    }

    @Test
    void a421AtMailOfTheFreshOneIsTrouble() {
        server.say("MAIL", "250 2.1.0 Ok");
        server.on(
                "MAIL",
                new Act.SayAndClose("421 4.4.2 idle too long"),
                new Act.SayAndClose("421 4.3.2 no"));
        try (SmtpEgress egress = setup().build()) {
            assertInstanceOf(Outcome.class, send(egress));
            assertEquals("421 4.3.2 no", send(egress).reply());
        }
    }

    @Test
    void aConnectionIsWornOutAfterSomeMessages() {
        EgressSetup setup = setup();
        setup.limits = new SmtpEgress.Reuse(Duration.ofSeconds(3), Duration.ofSeconds(10), 2);
        try (SmtpEgress egress = setup.build()) {
            for (int i = 0; i < 6; i++) {
                assertSends(egress);
            }
            assertEquals(3, server.connections());
        }
    }

    @Test
    void aConnectionMadeWithOlderCredentialsIsNotUsed() {
        AtomicReference<String> word = new AtomicReference<>("one");
        server.offering("AUTH PLAIN");
        EgressSetup setup = setup().tls(Tls.NONE).login("user", "");
        setup.password = Secret.from(word.get(), word::get);
        try (SmtpEgress egress = setup.build()) {
            assertSends(egress);
            assertSends(egress);
            word.set("two");
            assertSends(egress);
            assertEquals(2, server.connections());
            assertEquals(1, server.count("AUTH PLAIN AHVzZXIAdHdv"));
        }
    }

    @Test
    void allRefusedMeansNoDataAndACleanConnection() {
        server.offering("SIZE").say("RCPT", "550 5.1.1 no such user");
        try (SmtpEgress egress = setup().build()) {
            assertInstanceOf(Outcome.Rejected.class, send(egress));
            assertEquals(0, server.count("DATA"));
            assertEquals(1, server.count("RSET"));
            assertSends(egress);
            assertEquals(1, server.connections());
        }
    }

    @Test
    void noMoreConnectionsThanConfigured() throws InterruptedException {
        EgressSetup setup = setup();
        setup.concurrency = 2;
        AtomicInteger most = new AtomicInteger();
        AtomicInteger now = new AtomicInteger();
        try (SmtpEgress egress = setup.build()) {
            List<Thread> senders = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                senders.add(
                        Thread.startVirtualThread(() ->
                                egress.send(
                                        Mail.to("b@example.net"),
                                        () -> {
                                            most.accumulateAndGet(now.incrementAndGet(), Math::max);
                                            now.decrementAndGet();
                                            return true;
                                        })));
            }
            for (Thread sender : senders) {
                sender.join();
            }
        }
        assertEquals(20, server.messages().size());
        assertTrue(server.connections() <= 2, "connections: " + server.connections());
        assertTrue(most.get() <= 2, "at once: " + most.get());
    }

    @Test
    void recipientsThatAreTooManyGoInFurtherTransactions() {
        server.say("RCPT TO:<r2@", "452 4.5.3 Error: too many recipients");
        server.say("RCPT TO:<r3@", "452 4.5.3 Error: too many recipients");
        server.say("RCPT TO:<r4@", "452 4.5.3 Error: too many recipients");
        server.say("RCPT TO:<r4@", "550 5.1.1 no such user");
        AtomicInteger passed = new AtomicInteger();
        List<String> told = new ArrayList<>();
        CommitGate gate =
                new CommitGate() {
                    @Override
                    public boolean pass() {
                        return passed.incrementAndGet() == 1;
                    }

                    @Override
                    public void preparing() {
                        told.add("preparing after " + server.count("EHLO") + " EHLO");
                    }

                    @Override
                    public void sending() {
                        told.add("sending");
                    }

                    @Override
                    public void told(Map<ForwardPath, Outcome> outcomes) {
                        told.add("told " + outcomes.size());
                    }
                };
        try (SmtpEgress egress = setup().build()) {
            Delivery delivery = egress.send(Mail.to(names(5)), gate);
            assertEquals(
                    List.of(
                            OutcomeClass.ACCEPTED,
                            OutcomeClass.ACCEPTED,
                            OutcomeClass.ACCEPTED,
                            OutcomeClass.ACCEPTED,
                            OutcomeClass.REJECTED),
                    delivery.outcomes().values().stream().map(Outcome::kind).toList());
        }
        assertEquals(1, passed.get(), "the gate is passed once a call");
        assertEquals("preparing after 1 EHLO", told.getFirst());
        assertEquals("sending", told.get(1));
        assertTrue(told.contains("told 2"), told::toString);
        assertEquals(
                List.of(2, 2),
                server.messages().stream().map(message -> message.rcpts().size()).toList());
    }

    @Test
    void noProgressMeansNoFurtherTransaction() {
        server.say("RCPT", "452 4.5.3 Error: too many recipients");
        try (SmtpEgress egress = setup().build()) {
            assertInstanceOf(Outcome.Deferred.class, send(egress));
            assertEquals(1, server.count("MAIL"));
        }
    }

    @Test
    void theAnnouncedLimitOfRecipientsIsKept() {
        server.offering("LIMITS MAILMAX=9 RCPTMAX=2");
        try (SmtpEgress egress = setup().build()) {
            egress.send(Mail.to(names(5)), CommitGate.OPEN);
        }
        assertEquals(
                List.of(2, 2, 1),
                server.messages().stream().map(message -> message.rcpts().size()).toList());
    }

    @Test
    void manyRecipientsGoOutInGroups() {
        try (SmtpEgress egress = setup().build()) {
            Delivery delivery = egress.send(Mail.to(names(333)), CommitGate.OPEN);
            assertEquals(333, delivery.outcomes().size());
        }
        assertEquals(333, server.messages().getFirst().rcpts().size());
    }

    @Test
    void whatTheServerSaidOfOneRecipientStandsWhenItHangsUpLater() {
        server.say("RCPT TO:<r1@", "550 5.1.1 no such user");
        server.on("DATA", new Act.SayAndClose("421 4.3.2 shutting down"));
        try (SmtpEgress egress = setup().build()) {
            Delivery delivery = egress.send(Mail.to(names(2)), CommitGate.OPEN);
            assertEquals(
                    List.of(OutcomeClass.UNAVAILABLE, OutcomeClass.REJECTED),
                    delivery.outcomes().values().stream().map(Outcome::kind).toList());
        }
    }

    private static String[] names(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "r" + i + "@example.net")
                .toArray(String[]::new);
    }
}
