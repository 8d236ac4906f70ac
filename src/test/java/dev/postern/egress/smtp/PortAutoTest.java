package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.CommitGate;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `port: auto`: which way is found, kept, and left.
@Timeout(60)
class PortAutoTest {

    private final List<ScriptedServer> servers = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        for (ScriptedServer server : servers) {
            server.close();
        }
    }

    private ScriptedServer server() throws IOException {
        ScriptedServer server =
                ScriptedServer.start().offering("AUTH PLAIN LOGIN").startTls("localhost");
        servers.add(server);
        return server;
    }

    private static int closedPort() throws IOException {
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return closed.getLocalPort();
        }
    }

    private static EgressSetup to(int... ports) {
        EgressSetup setup = EgressSetup.to(1).auto(ports).tls(Tls.REQUIRED).login("user", "word");
        // So that the order of events does not hang on how fast this machine is.
        setup.stagger = EgressSetup.LONG;
        setup.limits = new SmtpEgress.Reuse(EgressSetup.LONG, EgressSetup.LONG, 1);
        return setup;
    }

    private static Outcome send(SmtpEgress egress) {
        return egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                .outcomes()
                .firstEntry()
                .getValue();
    }

    private static Outcome.Unavailable failure(EgressSetup setup) {
        try (SmtpEgress egress = setup.build()) {
            return assertInstanceOf(Outcome.Unavailable.class, send(egress));
        }
    }

    private static String result(SmtpEgress egress, int port) {
        return egress.candidates().stream()
                .filter(each -> each.port() == port)
                .map(Way::result)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aSilentPortIsLeftForOneThatWorks() throws IOException {
        ScriptedServer silent = server().always("GREETING", new Act.Stall());
        ScriptedServer working = server();
        EgressSetup setup = to(silent.port(), working.port());
        setup.stagger = EgressSetup.SHORT;
        try (SmtpEgress egress = setup.build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertEquals("in use", result(egress, working.port()));
            assertTrue(
                    result(egress, silent.port()).startsWith("no answer within "),
                    result(egress, silent.port()));
        }
        assertEquals(0, silent.count("AUTH"));
    }

    @Test
    void onlyImplicitTlsWorks() throws IOException {
        ScriptedServer implicit = server().implicitTls("localhost");
        EgressSetup setup = to();
        setup.candidates =
                List.of(
                        new SubmissionPort(closedPort(), false),
                        new SubmissionPort(implicit.port(), true));
        try (SmtpEgress egress = setup.build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
        }
    }

    @Test
    void aStrangerThatAnswersFirstNeverSeesTheCredentials() throws IOException {
        ScriptedServer stranger = server().startTls("other");
        ScriptedServer working = server();
        try (SmtpEgress egress = to(stranger.port(), working.port()).build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertTrue(
                    result(egress, stranger.port()).contains("vps-4711.other.example"),
                    result(egress, stranger.port()));
        }
        assertEquals(0, stranger.count("AUTH"));
        assertEquals(0, stranger.count("MAIL"));
    }

    @Test
    void aPortWithoutLogInIsLeftForOneWith() throws IOException {
        ScriptedServer without = server().offering("SIZE");
        ScriptedServer foreign = server().offering("AUTH XOAUTH2");
        ScriptedServer working = server();
        int[] ports = {without.port(), foreign.port(), working.port()};
        try (SmtpEgress egress = to(ports).build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
        }
        assertEquals(1, working.messages().size());
    }

    @Test
    void theWinnerIsKeptAndOthersAreNotTriedAgain() throws IOException {
        ScriptedServer stranger = server().startTls("other");
        ScriptedServer working = server();
        try (SmtpEgress egress = to(stranger.port(), working.port()).build()) {
            for (int i = 0; i < 3; i++) {
                assertInstanceOf(Outcome.Accepted.class, send(egress));
            }
            assertInstanceOf(Probe.Passed.class, egress.probe());
        }
        assertEquals(1, stranger.connections());
        // The race, three messages, the probe.
        assertEquals(5, working.connections());
    }

    @Test
    void aBlockedWinnerIsRacedAnewWithinTheSameAttempt() throws IOException {
        ScriptedServer first = server();
        ScriptedServer second = server();
        try (SmtpEgress egress = to(first.port(), second.port()).build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertEquals(
                    "not tried: port " + first.port() + " was ready before",
                    result(egress, second.port()));
            first.always("GREETING", new Act.Close());
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertEquals("in use", result(egress, second.port()));
        }
        assertEquals(1, first.messages().size());
        assertEquals(1, second.messages().size());
    }

    @Test
    void whatTheWinnerRepliesIsNoReasonToRace() throws IOException {
        ScriptedServer first = server();
        ScriptedServer second = server();
        try (SmtpEgress egress = to(first.port(), second.port()).build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            first.always("AUTH", new Act.Say("535 5.7.8 no"));
            Outcome.Unavailable refused = assertInstanceOf(Outcome.Unavailable.class, send(egress));
            assertEquals(Fault.CREDENTIALS, refused.fault());
            first.always("GREETING", new Act.SayAndClose("421 4.3.2 too busy"));
            assertInstanceOf(Outcome.Unavailable.class, send(egress));
        }
        assertEquals(0, second.connections());
    }

    @Test
    void whenNothingWorksTheFaultThatTellsMostStandsFirstAndEachPortIsNamed() throws IOException {
        int refused = closedPort();
        ScriptedServer closing = server().always("GREETING", new Act.Close());
        ScriptedServer stranger = server().startTls("other");
        Outcome.Unavailable failure = failure(to(refused, closing.port(), stranger.port()));
        assertEquals(Fault.CERTIFICATE, failure.fault());
        String words = failure.reply();
        assertTrue(words.startsWith("certificate of localhost:" + stranger.port()), words);
        assertTrue(words.contains("; " + refused + ": connection refused by "), words);
        assertTrue(words.contains("; " + closing.port() + ": localhost:"), words);
    }

    @Test
    void aRaceEndsWithTheTimeOutsTogether() throws IOException {
        ScriptedServer dribbling = server().always("GREETING", new Act.Dribble());
        EgressSetup setup = to(dribbling.port());
        setup.connectTimeout = EgressSetup.SHORT;
        setup.commandTimeout = EgressSetup.SHORT;
        assertEquals(Fault.TIMEOUT, failure(setup).fault());
    }

    @Test
    void losersAreHungUpOn() throws Exception {
        ScriptedServer working = server();
        EgressSetup setup = to();
        setup.stagger = EgressSetup.SHORT;
        try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                SmtpEgress egress = setup.auto(mute.getLocalPort(), working.port()).build();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var end =
                    threads.submit(() -> {
                        try (Socket loser = mute.accept()) {
                            return loser.getInputStream().read();
                        }
                    });
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertEquals(-1, end.get());
        }
    }

    @Test
    void closingEndsARaceThatIsOn() throws Exception {
        ScriptedServer silent = server().always("GREETING", new Act.Stall());
        SmtpEgress egress = to(silent.port()).build();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var sent = threads.submit(() -> send(egress));
            silent.awaitStall();
            egress.close();
            assertInstanceOf(Outcome.Unavailable.class, sent.get());
        }
    }

    @Test
    void messagesThatComeMeanwhileShareTheRace() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        ScriptedServer working = server().on("EHLO", new Act.Hold(go));
        try (SmtpEgress egress = to(working.port()).build();
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Outcome>> sent = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                sent.add(CompletableFuture.supplyAsync(() -> send(egress), threads));
            }
            working.awaitCommand("EHLO");
            go.countDown();
            for (CompletableFuture<Outcome> each : sent) {
                assertInstanceOf(Outcome.Accepted.class, each.get());
            }
        }
        assertEquals(5, working.connections(), "one race and four messages");
    }

    @Test
    void anAddressThatDoesNotWorkIsLeftForOneThatDoes() throws IOException {
        ScriptedServer working = server();
        EgressSetup setup = to(working.port());
        setup.resolver =
                _ ->
                        new InetAddress[] {
                            InetAddress.ofLiteral("127.0.0.77"), InetAddress.ofLiteral("127.0.0.1")
                        };
        try (SmtpEgress egress = setup.build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertEquals(
                    List.of("127.0.0.77", "127.0.0.1"),
                    egress.candidates().stream().map(Way::address).toList());
        }
    }

    @Test
    void aDeadNameServerDoesNotLoseAWayThatWorks() throws IOException {
        ScriptedServer working = server();
        EgressSetup setup = to(working.port());
        boolean[] dead = {false};
        setup.resolver =
                host -> {
                    if (dead[0]) {
                        throw new UnknownHostException(host);
                    }
                    return new InetAddress[] {InetAddress.getLoopbackAddress()};
                };
        try (SmtpEgress egress = setup.build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            dead[0] = true;
            assertInstanceOf(Outcome.Accepted.class, send(egress));
        }
    }

    @Test
    void withoutCredentialsTheFirstGoodEhloWins() throws IOException {
        ScriptedServer grumpy = server().say("EHLO", "550 5.7.1 no").say("HELO", "550 5.7.1 no");
        ScriptedServer plain = ScriptedServer.start().offering("SIZE");
        servers.add(plain);
        EgressSetup setup = EgressSetup.to(1).auto(grumpy.port(), plain.port()).tls(Tls.OPTIONAL);
        try (SmtpEgress egress = setup.build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
        }
        assertEquals(1, plain.messages().size());
    }

    @Test
    void aFixedPortHasNoCandidates() throws IOException {
        ScriptedServer working = server();
        EgressSetup setup = to();
        setup.port = OptionalInt.of(working.port());
        try (SmtpEgress egress = setup.build()) {
            assertInstanceOf(Outcome.Accepted.class, send(egress));
            assertEquals(List.of(), egress.candidates());
        }
        assertEquals(1, working.connections());
    }
}
