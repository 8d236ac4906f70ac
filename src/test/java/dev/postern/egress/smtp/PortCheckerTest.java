package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.smtp.PortCheck.End;
import dev.postern.egress.smtp.PortCheck.TlsSeen;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How far servers can be reached, and what is seen of them on the way.
@Timeout(60)
class PortCheckerTest {

    private static final Duration LONG = EgressSetup.LONG;

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start().offering("AUTH PLAIN LOGIN", "SIZE 1000");
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static PortChecker reach(Duration dialogLimit) {
        TryLimits limits = new TryLimits(LONG, dialogLimit);
        return new PortChecker("localhost", TestKeys.ca(), "client.example", limits);
    }

    private static boolean offers(PortCheck reached, String line) {
        return reached.answer().ehlo() instanceof UpstreamReply.Answered answered
                && answered.lines().contains(line);
    }

    private static InetSocketAddress localhost(int port) throws IOException {
        return new InetSocketAddress(
                InetAddress.getByAddress("localhost", new byte[] {127, 0, 0, 1}), port);
    }

    private PortCheck to(TlsStart opening) throws IOException {
        return reach(LONG).to(localhost(server.port()), opening);
    }

    private static Verdict trouble(PortCheck reached) {
        Verdict trouble = reached.trouble();
        assertNotNull(trouble);
        return trouble;
    }

    private static TlsSeen tls(PortCheck reached) {
        TlsSeen tls = reached.tls();
        assertNotNull(tls);
        return tls;
    }

    private static String distrust(PortCheck reached) {
        Verdict distrust = tls(reached).distrust();
        return distrust == null ? "none" : distrust.row();
    }

    private void serve(TlsStart opening, String key) {
        if (opening == TlsStart.IMPLICIT_TLS) {
            server.implicitTls(key);
        } else {
            server.startTls(key);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IMPLICIT_TLS", "STARTTLS", "STARTTLS_IF_OFFERED"})
    void goesAsFarAsEhloInsideTlsAndSendsNoMore(TlsStart opening) throws IOException {
        serve(opening, "localhost");
        PortCheck reached = to(opening);
        assertNull(reached.trouble());
        assertEquals(End.REACHED, reached.end());
        assertEquals(Stage.AUTH, reached.stage());
        assertTrue(tls(reached).isVerified());
        assertEquals("TLSv1.3", tls(reached).protocol());
        assertTrue(tls(reached).names().contains("localhost"), tls(reached).names().toString());
        assertTrue(tls(reached).expires().toString().startsWith("21"));
        assertEquals(List.of("PLAIN", "LOGIN"), reached.answer().mechanisms());
        assertTrue(offers(reached, "SIZE 1000"));
        assertFalse(offers(reached, "STARTTLS"));
        assertFalse(reached.answer().ehloName().isEmpty());
        assertFalse(reached.answer().greetingName().isEmpty());
        assertTrue(reached.took().containsKey(Stage.TLS));
        assertEquals(0, server.count("AUTH"));
    }

    @ParameterizedTest
    @EnumSource(names = {"IMPLICIT_TLS", "STARTTLS"})
    void aStrangersCertificateIsNotedAndTheServerStillHeard(TlsStart opening) throws IOException {
        serve(opening, "other");
        server.say("GREETING", "220 vps.other.example ESMTP Exim 4.96");
        PortCheck reached = to(opening);
        assertEquals(End.REACHED, reached.end());
        assertEquals("cert-name", distrust(reached));
        assertEquals("vps.other.example", reached.answer().greetingName());
        assertEquals("vps-4711.other.example", tls(reached).names().getFirst());
    }

    @Test
    void saysWhyACertificateIsNotBelieved() throws IOException {
        server.startTls("expired");
        assertEquals("cert-expired", distrust(to(TlsStart.STARTTLS)));
        server.startTls("stranger");
        assertEquals("cert-issuer", distrust(to(TlsStart.STARTTLS)));
        server.startTls("localhost");
        assertEquals("none", distrust(to(TlsStart.STARTTLS)));
    }

    @Test
    void staysInTheClearWhereToldTo() throws IOException {
        server.startTls("localhost");
        PortCheck reached = to(TlsStart.CLEAR_TEXT);
        assertEquals(End.REACHED, reached.end());
        assertNull(reached.tls());
        assertTrue(offers(reached, "STARTTLS"));
    }

    @Test
    void tellsARefusalApart() throws IOException {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        PortCheck reached = reach(LONG).to(localhost(port), TlsStart.STARTTLS);
        assertEquals(End.REFUSED, reached.end());
        assertEquals(Stage.CONNECT, reached.stage());
        assertEquals(
                "connection refused by localhost:" + port + " [127.0.0.1]",
                trouble(reached).outcome().reply());
    }

    /// A listener whose queue is full answers a SYN as little as a firewall that drops it.
    @Test
    void tellsDroppedPacketsApart() throws IOException {
        Duration little = Duration.ofMillis(300);
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Socket> waiting = IntStream.range(0, 3).mapToObj(_ -> new Socket()).toList();
            InetSocketAddress address = localhost(full.getLocalPort());
            for (Socket socket : waiting) {
                CompletableFuture.runAsync(
                        () -> {
                            try {
                                socket.connect(address);
                            } catch (IOException _) {
                                // It is closed below.
                            }
                        },
                        task -> Thread.ofVirtual().start(task));
            }
            PortCheck reached;
            do {
                reached = reach(LONG).to(address, TlsStart.STARTTLS, new TryLimits(little, little));
            } while (reached.end() == End.SILENT);
            assertEquals(End.DROPPED, reached.end());
            for (Socket socket : waiting) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GREETING", "EHLO", "STARTTLS"})
    void silenceAndADribbleEndWithTheLimit(String verb) throws IOException {
        server.startTls("localhost").on(verb, new Act.Stall(), new Act.Dribble());
        for (int i = 0; i < 2; i++) {
            PortCheck reached =
                    reach(EgressSetup.SHORT).to(localhost(server.port()), TlsStart.STARTTLS);
            assertEquals(End.SILENT, reached.end());
        }
    }

    @Test
    void aTlsPortThatSaysNothingIsSilent() throws IOException {
        server.on("GREETING", new Act.Stall());
        PortCheck reached =
                reach(EgressSetup.SHORT).to(localhost(server.port()), TlsStart.IMPLICIT_TLS);
        assertEquals(End.SILENT, reached.end());
        assertEquals(Stage.TLS, reached.stage());
    }

    @Test
    void tellsTheOtherEndsApart() throws IOException {
        server.on("GREETING", new Act.Say("554 5.7.1 go away"));
        server.on("GREETING", new Act.SayAndClose("SSH-2.0-OpenSSH_9.2"), new Act.Close());
        server.on("GREETING", new Act.Reset());
        PortCheck refused = to(TlsStart.STARTTLS);
        assertEquals(End.NEGATIVE, refused.end());
        assertEquals("554 5.7.1 go away", trouble(refused).outcome().reply());
        assertEquals(End.GARBLED, to(TlsStart.STARTTLS).end());
        assertEquals(End.CLOSED, to(TlsStart.STARTTLS).end());
        // A reset may be there before connect has returned.
        Stage reset = to(TlsStart.STARTTLS).stage();
        assertTrue(reset == Stage.CONNECT || reset == Stage.GREETING, reset::toString);
        assertEquals(End.NO_STARTTLS, to(TlsStart.STARTTLS).end());
        assertEquals(End.TLS_FAILED, to(TlsStart.IMPLICIT_TLS).end());
        assertEquals(End.REACHED, to(TlsStart.STARTTLS_IF_OFFERED).end());
    }

    @Test
    void aServerThatKnowsHeloOnlyIsReached() throws IOException {
        server.say("EHLO", "502 what?");
        PortCheck reached = to(TlsStart.STARTTLS_IF_OFFERED);
        assertEquals(End.REACHED, reached.end());
        assertEquals(List.of(), reached.answer().mechanisms());
    }

    @Test
    void offersInTheClearDontCountInsideTls() throws IOException {
        server.startTls("localhost").say("EHLO", "250-a\n250-STARTTLS\n250 AUTH PLAIN", "250 b");
        PortCheck reached = to(TlsStart.STARTTLS);
        assertEquals(List.of(), reached.answer().mechanisms());
        assertEquals("b", reached.answer().ehloName());
    }

    @Test
    void readsTheOldFormOfAuthToo() throws IOException {
        server.say("EHLO", "250-a\n250-AUTH=LOGIN\n250 AUTH PLAIN LOGIN");
        assertEquals(List.of("LOGIN", "PLAIN"), to(TlsStart.CLEAR_TEXT).answer().mechanisms());
    }

    @Test
    void anInterruptBreaksItOff() throws InterruptedException, ExecutionException {
        server.on("EHLO", new Act.Stall());
        CompletableFuture<PortCheck> result = new CompletableFuture<>();
        Thread looking =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                result.complete(to(TlsStart.STARTTLS));
                            } catch (IOException e) {
                                result.completeExceptionally(e);
                            }
                        });
        server.awaitStall();
        looking.interrupt();
        assertEquals(End.BROKEN_OFF, result.get().end());
    }
}
