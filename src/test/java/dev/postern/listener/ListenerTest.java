package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.HostPort;
import dev.postern.config.SmtpConfig;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Sockets, sessions and their ends.
class ListenerTest {

    private static final String ENVELOPE =
            "EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n";

    private final Door door = new Door();

    @AfterEach
    void close() {
        door.close();
    }

    private Client connected() throws IOException {
        Client client = new Client(door.address());
        assertEquals("220 postern.test ESMTP Postern", client.line());
        return client;
    }

    /// A client that has got as far as 354.
    private Client inData() throws IOException {
        Client client = connected();
        client.send(ENVELOPE + "DATA\r\n");
        for (int i = 0; i < 3; i++) {
            assertTrue(client.reply().startsWith("250 "));
        }
        assertTrue(client.reply().startsWith("354 "));
        return client;
    }

    @Test
    void listensOnBothLoopbacksOnOnePort() throws IOException {
        door.open();
        List<InetSocketAddress> addresses = door.listener().addresses();
        assertEquals("127.0.0.1", addresses.getFirst().getAddress().getHostAddress());
        for (InetSocketAddress address : addresses) {
            assertEquals(addresses.getFirst().getPort(), address.getPort());
            try (Client client = new Client(address)) {
                assertEquals("220 postern.test ESMTP Postern", client.line());
                client.send(ENVELOPE + "DATA\r\n.\r\n");
                assertTrue(client.reply().startsWith("250"));
                assertTrue(client.reply().startsWith("250"));
                assertTrue(client.reply().startsWith("250"));
                client.reply();
                assertTrue(client.reply().startsWith("250"));
                boolean six = address.getAddress() instanceof Inet6Address;
                String wanted = six ? "([IPv6:::1])" : "([127.0.0.1])";
                assertTrue(door.spool.stored.getLast().text().contains(wanted));
            }
        }
    }

    @Test
    void saysWhichSocketIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            SmtpConfig config = door.context().config();
            SmtpConfig there =
                    new SmtpConfig(
                            new HostPort("127.0.0.1", taken.getLocalPort()),
                            config.hostname(),
                            config.maxMessageSizeBytes(),
                            config.maxRecipients(),
                            config.maxConnections(),
                            config.idleTimeout(),
                            config.bareNewline(),
                            config.auth(),
                            config.users(),
                            config.authPlaintext(),
                            config.allow(),
                            config.allowIsDefault(),
                            config.tls());
            Reception reception = door.context().reception();
            IOException refused =
                    assertThrows(
                            IOException.class,
                            () -> new Listener(there, reception, new Counters()).start());
            String message = refused.getMessage();
            assertTrue(
                    message.startsWith(
                            "smtp.listen: can't listen on 127.0.0.1:" + taken.getLocalPort()),
                    message);
        }
    }

    @Test
    void idleClientIsSentAway() throws IOException {
        door.set("idle-timeout", "PT0.2S").open();
        try (Client client = connected()) {
            assertEquals("421 4.4.2 Idle for too long", client.line());
            assertNull(client.line());
        }
        Eventually.until("no session", () -> door.listener().status().connections() == 0);
    }

    @Test
    void idleInMidMessageLeavesNothing() throws IOException {
        door.set("idle-timeout", "PT0.2S").open();
        try (Client client = inData()) {
            client.send("Subject: unfinished\r\n");
            assertEquals("421 4.4.2 Idle for too long", client.line());
        }
        Eventually.until("aborted", () -> door.spool.aborted.get() == 1);
        assertEquals(List.of(Rejection.BROKEN_OFF), door.counters.rejections);
    }

    @Test
    void slowCommitIsNotIdleness() throws IOException {
        door.spool.commitsWait = true;
        door.set("idle-timeout", "PT0.2S").open();
        try (Client patient = inData();
                Client idle = connected()) {
            patient.send("\r\n.\r\n");
            Eventually.until("commit", () -> door.spool.waitingCommits() == 1);
            assertEquals("421 4.4.2 Idle for too long", idle.line());
            door.spool.letCommitsGo();
            assertTrue(patient.line().startsWith("250 2.0.0 Ok: queued as "));
        }
    }

    @Test
    void oneConnectionTooMany() throws IOException {
        door.set("max-connections", "2").open();
        try (Client first = connected();
                Client second = connected()) {
            try (Client third = new Client(door.address())) {
                assertEquals("421 4.7.0 Too many connections, try again later", third.line());
                assertNull(third.line());
            }
            assertEquals(List.of(Rejection.CONNECTIONS), door.counters.rejections);
            assertEquals("250 2.0.0 Ok", second.ask("NOOP"));
            assertEquals("221 2.0.0 Bye", first.ask("QUIT"));
            first.socket().close();
            Eventually.until("room", () -> door.listener().status().connections() == 1);
            connected().close();
        }
    }

    @Test
    void pipelinedCommandsWaitForTheCommit() throws IOException {
        door.spool.commitsWait = true;
        door.open();
        try (Client client = inData()) {
            client.send("Subject: x\r\n\r\n.\r\nRSET\r\nMAIL FROM:<c@example.org>\r\nQUIT\r\n");
            Eventually.until("commit", () -> door.spool.waitingCommits() == 1);
            door.spool.letCommitsGo();
            assertEquals(
                    List.of(
                            "250 2.0.0 Ok: queued as 000000000001",
                            "250 2.0.0 Ok",
                            "250 2.1.0 Sender ok",
                            "221 2.0.0 Bye"),
                    client.rest());
        }
    }

    @Test
    void clientThatHasEndedItsSideStillHearsTheAnswers() throws IOException {
        door.spool.commitsWait = true;
        door.open();
        try (Client client = inData()) {
            client.send("Subject: x\r\n\r\n.\r\nQUIT\r\n");
            client.shutdownOutput();
            Eventually.until("commit", () -> door.spool.waitingCommits() == 1);
            door.spool.letCommitsGo();
            assertEquals(
                    List.of("250 2.0.0 Ok: queued as 000000000001", "221 2.0.0 Bye"),
                    client.rest());
        }
        Eventually.until("no session", () -> door.listener().status().connections() == 0);
    }

    @Test
    void clientThatLeavesDuringTheCommitLosesNothing() throws IOException {
        door.spool.commitsWait = true;
        door.open();
        try (Client client = inData()) {
            client.send("Subject: x\r\n\r\n.\r\n");
            Eventually.until("commit", () -> door.spool.waitingCommits() == 1);
            // Closed with a reset: that the client is gone is known before the commit ends.
            client.socket().setSoLinger(true, 0);
        }
        Eventually.until("gone", () -> door.listener().status().connections() == 0);
        door.spool.letCommitsGo();
        Eventually.until("stored", () -> door.spool.stored.size() == 1);
        Eventually.until("counted", () -> door.counters.accepted.get() == 1);
    }

    @Test
    void clientThatLeavesInMidMessageLeavesNothing() throws IOException {
        door.open();
        try (Client client = inData()) {
            client.send("Subject: x\r\n\r\nand then");
            Eventually.until("some", () -> door.spool.writtenBytes.get() > 0);
        }
        Eventually.until("aborted", () -> door.spool.aborted.get() == 1);
        assertEquals(0, door.spool.openIntakes.get());
        assertTrue(door.spool.stored.isEmpty());
    }

    @Test
    void stopAcceptingLetsMessagesBeFinished() throws IOException {
        door.open();
        try (Client idle = connected();
                Client busy = inData()) {
            CompletableFuture<Void> drained = door.listener().stopAccepting().toCompletableFuture();
            assertEquals("421 4.3.2 Shutting down", idle.line());
            assertNull(idle.line());
            try (Client late = new Client(door.address())) {
                assertEquals("421 4.3.2 Shutting down", late.line());
                assertNull(late.line());
            }
            idle.socket().close();
            assertFalse(drained.isDone());
            busy.send("Subject: x\r\n\r\n.\r\n");
            assertTrue(busy.line().startsWith("250 2.0.0 Ok: queued as "));
            assertEquals("421 4.3.2 Shutting down", busy.line());
            assertNull(busy.line());
            busy.socket().close();
            drained.join();
        }
        assertEquals(1, door.spool.stored.size());
    }

    @Test
    void aClosingReplyIsHeardThoughMoreWasSent() throws IOException {
        door.set("max-message-size", "40000000").open();
        try (Client client = connected()) {
            // Enough that some of it is unread when the session ends.
            client.send("GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(30_000));
            assertEquals("421 4.7.0 This is not HTTP", client.line());
        }
    }

    @Test
    void aClientThatReadsNothingIsNotReadFromEither() throws IOException {
        door.set("idle-timeout", "PT0.5S").open();
        Client client = connected();
        assertThrows(
                IOException.class,
                () -> {
                    // Its replies would fill any memory; instead it is sent away as idle.
                    while (true) {
                        client.send("HELP\r\n".repeat(10_000));
                    }
                });
        client.close();
    }

    @Test
    void hasNoCertificateToEnd() throws IOException {
        door.open();
        assertNull(door.listener().status().certificateExpiry());
    }

    @Test
    void countsWhatItAccepts() throws IOException {
        door.open();
        try (Client client = inData()) {
            client.send("Subject: x\r\n\r\n.\r\n");
            client.line();
        }
        assertEquals(1, door.counters.accepted.get());
        assertEquals(14, door.counters.acceptedBytes.get());
    }

    private static Crowd crowd(int sessions, long heldBytes) {
        return new Crowd(sessions, 1, heldBytes, System::nanoTime);
    }

    private Client from(String address) throws IOException {
        Client client = new Client(door.address(), address);
        assertEquals("220 postern.test ESMTP Postern", client.line());
        return client;
    }

    @Test
    void anotherAddressGetsAPlaceThoughOneTookThemAll() throws IOException {
        door.crowd(crowd(2, 100_000)).set("allow", "127.0.0.0/8").open();
        try (Client busy = inData();
                Client idle = connected();
                Client honest = from("127.0.0.2")) {
            assertEquals("421 4.7.0 Other clients need the room, try again later", idle.line());
            assertNull(idle.line());
            honest.send(ENVELOPE + "DATA\r\n\r\n.\r\n");
            assertTrue(honest.reply().startsWith("250 "));
            assertTrue(honest.reply().startsWith("250 "));
            assertTrue(honest.reply().startsWith("250 "));
            assertTrue(honest.reply().startsWith("354 "));
            assertTrue(honest.line().startsWith("250 2.0.0 Ok: queued as "));
            busy.send("\r\n.\r\n");
            assertTrue(busy.line().startsWith("250 2.0.0 Ok: queued as "), "it was not disturbed");
        }
    }

    /// The places of messages that are being committed are taken, though their clients left.
    @Test
    void aCommitKeepsItsPlace() throws IOException {
        door.spool.commitsWait = true;
        door.crowd(crowd(1, 100_000)).open();
        try (Client client = inData()) {
            client.send("\r\n.\r\n");
            Eventually.until("commit", () -> door.spool.waitingCommits() == 1);
            client.socket().setSoLinger(true, 0);
        }
        Eventually.until("gone", () -> door.listener().status().connections() == 0);
        try (Client early = new Client(door.address())) {
            assertEquals("421 4.7.0 Too many connections, try again later", early.line());
        }
        door.spool.letCommitsGo();
        Eventually.until("stored", () -> door.spool.stored.size() == 1);
        Eventually.until("a place", this::isGreeted);
    }

    private boolean isGreeted() {
        try (Client client = new Client(door.address())) {
            return client.line().startsWith("220 ");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// An octet now and then is no command, however long it goes on.
    @Test
    void octetsOneByOneAreIdleness() throws IOException {
        door.set("idle-timeout", "PT0.5S").open();
        try (Client client = connected()) {
            CompletableFuture<Void> slow =
                    CompletableFuture.runAsync(() -> {
                        try {
                            while (true) {
                                client.send("N");
                                LockSupport.parkNanos(10_000_000);
                            }
                        } catch (IOException _) {
                            // Sent away.
                        }
                    });
            assertEquals("421 4.4.2 Idle for too long", client.line());
            client.socket().close();
            slow.join();
        }
    }

    @Test
    void aClientThatGoesOnSendingHearsTheLastWord() throws IOException {
        door.set("max-message-size", "40000000").open();
        try (Client client = connected()) {
            sendOnAndHear(client);
        }
    }

    @Test
    void aClientThatGoesOnSendingUnderTlsHearsTheLastWord() throws IOException {
        door.set("max-message-size", "40000000")
                .set("tls.certificate", "listener-ec-chain.pem")
                .set("tls.key", "listener-sec1.pem")
                .open();
        try (Client client = connected()) {
            client.ask("EHLO x");
            client.ask("STARTTLS");
            client.startTls();
            sendOnAndHear(client);
        }
    }

    /// A refused message's text as commands, in pieces, without a look at the answers.
    private static void sendOnAndHear(Client client) throws IOException {
        String piece = "Some text of a letter.\r\n".repeat(2000);
        for (int i = 0; i < 100; i++) {
            client.send(piece);
            LockSupport.parkNanos(1_000_000);
        }
        String last = client.reply();
        for (String next = last; next != null; next = client.reply()) {
            last = next;
        }
        assertEquals("421 4.7.0 Too many errors", last);
    }

    @Test
    void whoIsHeardOutIsBounded() throws IOException {
        door.set("max-message-size", "100000").open();
        try (Client client = connected()) {
            assertThrows(
                    IOException.class,
                    () -> {
                        while (true) {
                            client.send("Some text of a letter.\r\n".repeat(1000));
                        }
                    });
        }
        Eventually.until("no session", () -> door.listener().status().connections() == 0);
    }

    @Test
    void aFailedLogInHoldsNobodyElseUp() throws IOException {
        door.set("user", "app:secret").open();
        try (Client guesser = connected();
                Client client = connected()) {
            guesser.ask("EHLO x");
            guesser.say("AUTH PLAIN AGFwcAB3cm9uZw==", "NOOP");
            Eventually.until("failed", () -> door.counters.authFailures.get() == 1);
            client.ask("EHLO x");
            assertEquals(
                    "235 2.7.0 Authentication successful",
                    client.ask("AUTH PLAIN AGFwcABzZWNyZXQ="));
            assertEquals("535 5.7.8 Authentication credentials invalid", guesser.line());
            assertEquals("250 2.0.0 Ok", guesser.line());
        }
    }

    @Test
    void aClientThatWaitsForABadAnswerIsSentAwayAtTheEnd() throws IOException {
        door.set("user", "app:secret").open();
        try (Client guesser = connected()) {
            guesser.ask("EHLO x");
            for (int i = 0; i < 5; i++) {
                try (Client other = connected()) {
                    other.ask("EHLO x");
                    other.say("AUTH PLAIN AGFwcAB3cm9uZw==");
                    int failures = i + 1;
                    Eventually.until("failed", () -> door.counters.authFailures.get() == failures);
                }
            }
            guesser.say("AUTH PLAIN AGFwcAB3cm9uZw==");
            Eventually.until("failed", () -> door.counters.authFailures.get() == 6);
            door.listener().stopAccepting();
            assertEquals("421 4.3.2 Shutting down", guesser.line());
        }
    }
}
