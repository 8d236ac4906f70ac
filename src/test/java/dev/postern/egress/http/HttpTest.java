package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/// How calls are made, and how they break off.
class HttpTest {

    private static final Logger QUIET = Logger.getLogger(HttpEgress.class.getName());

    static {
        QUIET.setLevel(Level.OFF);
    }

    private static final String TO = "b@example.net";
    private static final String MESSAGE =
            "From: a@example.org\r\nTo: " + TO + "\r\nSubject: hi\r\n\r\nText.\r\n";
    private static final String ACCEPTED =
            "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"id\":\"<mg-1>\"}";

    private static OutboundMessage large() {
        byte[] octets = new byte[20 * 1024 * 1024];
        java.util.Arrays.fill(octets, (byte) 'x');
        byte[] head = MESSAGE.getBytes(ISO_8859_1);
        System.arraycopy(head, 0, octets, 0, head.length);
        return OutboundMessages.of(OutboundMessages.content(octets), TO);
    }

    private static Outcome send(Egress egress, OutboundMessage outbound, CommitGate gate) {
        return egress.send(outbound, gate).outcomes().firstEntry().getValue();
    }

    private static Egress mailgun(int port, Duration timeout) {
        return OutboundMessages.egress(
                "mailgun",
                OutboundMessages.common(
                        URI.create("http://127.0.0.1:" + port),
                        Common.Fidelity.BEST_EFFORT,
                        timeout));
    }

    /// A server whose one connection the test serves by hand.
    private static ServerSocket byHand(Serving serving) throws IOException {
        ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread.ofVirtual()
                .start(() -> {
                    while (true) {
                        try (Socket socket = listening.accept()) {
                            serving.serve(socket);
                        } catch (Exception _) {
                            if (listening.isClosed()) {
                                return;
                            }
                        }
                    }
                });
        return listening;
    }

    @FunctionalInterface
    private interface Serving {
        void serve(Socket socket) throws Exception;
    }

    /// Reads a request's head and returns how long its body is.
    private static long readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int octet = in.read();
            if (octet < 0) {
                throw new IOException("the client closed");
            }
            head.append((char) octet);
        }
        String length = head.toString().replaceFirst("(?is).*content-length: *(\\d+).*", "$1");
        return Long.parseLong(length);
    }

    @Test
    void theGateIsPassedRightBeforeTheLastOctet() throws Exception {
        CountDownLatch allButLast = new CountDownLatch(1);
        AtomicBoolean passed = new AtomicBoolean();
        AtomicBoolean tooEarly = new AtomicBoolean();
        try (ServerSocket server =
                        byHand(socket -> {
                            InputStream in = socket.getInputStream();
                            in.readNBytes((int) readHead(in) - 1);
                            allButLast.countDown();
                            in.read();
                            tooEarly.set(!passed.get());
                            socket.getOutputStream().write(ACCEPTED.getBytes(ISO_8859_1));
                        });
                Egress egress = mailgun(server.getLocalPort(), Duration.ofSeconds(20))) {
            Outcome outcome =
                    send(
                            egress,
                            OutboundMessages.of(MESSAGE, TO),
                            () -> {
                                passed.set(awaited(allButLast));
                                return true;
                            });
            assertInstanceOf(Outcome.Accepted.class, outcome);
            assertTrue(passed.get(), "all but the last octet had come");
            assertFalse(tooEarly.get(), "the last octet came before the gate was passed");
        }
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(20, TimeUnit.SECONDS);
        } catch (InterruptedException _) {
            return false;
        }
    }

    @Test
    void behindAClosedGateNothingIsCommitted() throws Exception {
        for (String type : OutboundMessages.TYPES) {
            try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                    Egress egress = OutboundMessages.egress(type, api.uri())) {
                Outcome outcome = send(egress, OutboundMessages.of(MESSAGE, TO), () -> false);
                assertEquals(
                        Fault.TIMEOUT,
                        assertInstanceOf(Outcome.Unavailable.class, outcome, type).fault());
                assertEquals(List.of(), api.requests(), type);
            }
        }
    }

    @Test
    void anInterruptBreaksOffWhatIsNotCommitted() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Outcome> came = new CompletableFuture<>();
        AtomicBoolean stillSet = new AtomicBoolean();
        try (ServerSocket server =
                        byHand(socket -> {
                            readHead(socket.getInputStream());
                            begun.countDown();
                            // It reads no further; only the client ends this.
                            came.get(20, TimeUnit.SECONDS);
                        });
                Egress egress = mailgun(server.getLocalPort(), Duration.ofSeconds(60))) {
            Thread sender =
                    Thread.ofVirtual()
                            .start(() -> {
                                Outcome outcome = send(egress, large(), CommitGate.OPEN);
                                stillSet.set(Thread.currentThread().isInterrupted());
                                came.complete(outcome);
                            });
            assertTrue(awaited(begun));
            sender.interrupt();
            Outcome outcome = came.get(20, TimeUnit.SECONDS);
            assertEquals(
                    Fault.TIMEOUT, assertInstanceOf(Outcome.Unavailable.class, outcome).fault());
            assertTrue(stillSet.get());
        }
    }

    @Test
    void anInterruptAfterTheCommitPointAwaitsTheAnswer() throws Exception {
        CountDownLatch whole = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CompletableFuture<Outcome> came = new CompletableFuture<>();
        try (FakeApi api =
                        FakeApi.start(_ -> {
                            whole.countDown();
                            awaited(interrupted);
                            return OutboundMessages.acceptance("mailgun");
                        });
                Egress egress = mailgun(api.port(), Duration.ofSeconds(20))) {
            Thread sender =
                    Thread.ofVirtual()
                            .start(() ->
                                    came.complete(
                                            send(
                                                    egress,
                                                    OutboundMessages.of(MESSAGE, TO),
                                                    CommitGate.OPEN)));
            assertTrue(awaited(whole));
            sender.interrupt();
            interrupted.countDown();
            assertInstanceOf(Outcome.Accepted.class, came.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void aServerThatTakesNoMoreIsUnavailable() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (ServerSocket server =
                        byHand(socket -> {
                            readHead(socket.getInputStream());
                            awaited(done);
                        });
                Egress egress = mailgun(server.getLocalPort(), Duration.ofMillis(400))) {
            Outcome outcome = send(egress, large(), CommitGate.OPEN);
            done.countDown();
            assertEquals(
                    Fault.TIMEOUT,
                    assertInstanceOf(Outcome.Unavailable.class, outcome).fault(),
                    outcome.reply());
        }
    }

    @Test
    void anAnswerBeforeTheWholeRequestIsHeard() throws Exception {
        try (ServerSocket server =
                        byHand(socket -> {
                            readHead(socket.getInputStream());
                            socket.getOutputStream()
                                    .write(
                                            ("HTTP/1.1 413 X\r\nContent-Length: 23\r\n\r\n"
                                                            + "{\"message\":\"too large\"}")
                                                    .getBytes(ISO_8859_1));
                            socket.shutdownOutput();
                            socket.getInputStream().readNBytes(512 * 1024);
                        });
                Egress egress = mailgun(server.getLocalPort(), Duration.ofSeconds(20))) {
            Outcome outcome = send(egress, large(), CommitGate.OPEN);
            // Whether the answer outruns the reset is the kernel's affair.
            if (outcome instanceof Outcome.Unsuited unsuited) {
                assertEquals(Unsuitability.SIZE, unsuited.unsuitability());
            } else {
                assertEquals(
                        Fault.NETWORK,
                        assertInstanceOf(Outcome.Unavailable.class, outcome).fault());
            }
        }
    }

    /// What is said before the last octet was sent is about no message: nothing was taken, and
    /// nobody waits for what a gateway may have passed on.
    @Test
    void halfARequestIsNeitherTakenNorPerhapsTaken() throws Exception {
        for (String answer :
                List.of(
                        ACCEPTED,
                        ACCEPTED.replace("200 OK", "502 X"),
                        ACCEPTED.replace("200", "504"))) {
            AtomicBoolean passed = new AtomicBoolean();
            try (ServerSocket server =
                            byHand(socket -> {
                                readHead(socket.getInputStream());
                                socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
                                socket.shutdownOutput();
                                socket.getInputStream().readNBytes(512 * 1024);
                            });
                    Egress egress = mailgun(server.getLocalPort(), Duration.ofSeconds(20))) {
                Outcome outcome =
                        send(
                                egress,
                                large(),
                                () -> {
                                    passed.set(true);
                                    return true;
                                });
                assertInstanceOf(Outcome.Unavailable.class, outcome, answer);
                assertFalse(passed.get());
            }
        }
    }

    @Test
    void aConnectionThatWentStaleIsReplaced() throws Exception {
        AtomicInteger connections = new AtomicInteger();
        Semaphore closed = new Semaphore(0);
        try (ServerSocket server =
                        byHand(socket -> {
                            connections.incrementAndGet();
                            InputStream in = socket.getInputStream();
                            in.readNBytes((int) readHead(in));
                            socket.getOutputStream().write(ACCEPTED.getBytes(ISO_8859_1));
                            socket.close();
                            closed.release();
                        });
                Egress egress = mailgun(server.getLocalPort(), Duration.ofSeconds(20))) {
            for (int i = 1; i <= 5; i++) {
                Outcome outcome = send(egress, OutboundMessages.of(MESSAGE, TO), CommitGate.OPEN);
                assertInstanceOf(Outcome.Accepted.class, outcome);
                assertEquals(i, connections.get());
                closed.acquire();
            }
        }
    }

    @Test
    void connectionsAreUsedAgainAndBounded() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (FakeApi api =
                        FakeApi.start(_ -> {
                            most.accumulateAndGet(now.incrementAndGet(), Math::max);
                            Thread.onSpinWait();
                            now.decrementAndGet();
                            return OutboundMessages.acceptance("resend");
                        });
                Egress egress = OutboundMessages.egress("resend", api.uri())) {
            List<Thread> senders = new ArrayList<>();
            AtomicInteger accepted = new AtomicInteger();
            for (int i = 0; i < 100; i++) {
                senders.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    Outcome outcome =
                                            send(
                                                    egress,
                                                    OutboundMessages.of(MESSAGE, TO),
                                                    CommitGate.OPEN);
                                    if (outcome instanceof Outcome.Accepted) {
                                        accepted.incrementAndGet();
                                    }
                                }));
            }
            for (Thread sender : senders) {
                sender.join();
            }
            assertEquals(100, accepted.get());
            assertTrue(most.get() <= 16, "at once: " + most.get());
            assertTrue(api.connectionCount() <= 16, "connections: " + api.connectionCount());
        }
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        try (FakeApi elsewhere = FakeApi.start(_ -> OutboundMessages.acceptance("mailgun"));
                FakeApi api =
                        FakeApi.start(_ ->
                                new FakeApi.Answer.Said(
                                        307,
                                        java.util.Map.of(
                                                "Location", elsewhere.uri() + "/elsewhere"),
                                        ""));
                Egress egress = mailgun(api.port(), Duration.ofSeconds(20))) {
            Outcome outcome = send(egress, OutboundMessages.of(MESSAGE, TO), CommitGate.OPEN);
            assertInstanceOf(Outcome.Unavailable.class, outcome);
            assertEquals(1, api.requests().size());
            assertEquals(0, elsewhere.requests().size());
        }
    }

    @Test
    void contentThatCannotBeReadIsOurTrouble() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("mailgun"));
                Egress egress = mailgun(api.port(), Duration.ofSeconds(20))) {
            OutboundMessage broken =
                    OutboundMessages.of(
                            new dev.postern.mail.MessageContent() {
                                @Override
                                public long sizeBytes() {
                                    return 1_000_000;
                                }

                                @Override
                                public dev.postern.mail.MessageContent.ContentTraits traits() {
                                    return new dev.postern.mail.MessageContent.ContentTraits(
                                            false, false, 1);
                                }

                                @Override
                                public InputStream open() {
                                    return new java.io.ByteArrayInputStream(
                                            MESSAGE.getBytes(ISO_8859_1));
                                }
                            },
                            TO);
            org.junit.jupiter.api.Assertions.assertThrows(
                    java.io.UncheckedIOException.class,
                    () -> send(egress, broken, CommitGate.OPEN));
            assertEquals(List.of(), api.requests());
        }
    }
}
