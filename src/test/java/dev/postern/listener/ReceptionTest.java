package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.Origin;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.reception.ImmediateDelivery;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import dev.postern.spool.SpoolException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What becomes of a message once its content is there, in both ways of acknowledging, and over
/// HTTP.
class ReceptionTest {

    private static final Envelope ENVELOPE =
            new Envelope(
                    new ReversePath("a@example.org"),
                    List.of(new ForwardPath("b@example.net"), new ForwardPath("c@example.net")),
                    false);
    private static final Origin HTTP = new Origin("127.0.0.1", "", "HTTP", null);

    private final Door door = new Door();

    @AfterEach
    void close() {
        door.close();
    }

    private Reception.Result receive(String content) throws IOException {
        return door.open()
                .reception()
                .receive(ENVELOPE, HTTP, new ByteArrayInputStream(content.getBytes(ISO_8859_1)));
    }

    private static Recipient recipient(int which, State state, Reason reason) {
        return new Recipient(ENVELOPE.recipients().get(which), state, reason, "words", "smtp");
    }

    private static ImmediateDelivery answering(ImmediateDelivery.Result result) {
        return (_, _) -> CompletableFuture.completedFuture(result);
    }

    @Test
    void aStreamIsSpooled() throws IOException {
        Reception.Result result =
                receive("Subject: =?utf-8?q?gr=C3=BCn?=\nBcc: x@y\n\n.line\n\u00e9");
        assertInstanceOf(Reception.Result.Queued.class, result);
        MemorySpool.Stored stored = door.spool.stored.getFirst();
        assertEquals(ENVELOPE, stored.acceptance().envelope());
        assertEquals("grün", stored.acceptance().message().subject());
        assertTrue(stored.acceptance().message().traits().eightBit());
        assertEquals(30, stored.acceptance().message().traits().longestLineOctets());
        assertTrue(stored.text().startsWith("Received: from [127.0.0.1] ([127.0.0.1])\r\n"));
        assertTrue(stored.text().contains(" with HTTP id "), stored.text());
        assertTrue(stored.text().endsWith("\r\n\r\n.line\r\n\u00e9\r\n"), stored.text());
        assertTrue(!stored.text().contains("x@y"));
    }

    @Test
    void aStreamOverTheLimitIsRefusedBeforeItsEnd() throws IOException {
        door.set("max-message-size", "1000");
        InputStream endless =
                new InputStream() {
                    @Override
                    public int read() {
                        return 'x';
                    }

                    @Override
                    public int read(byte[] octets, int from, int length) {
                        Arrays.fill(octets, from, from + length, (byte) 'x');
                        return length;
                    }
                };
        Reception.Result result = door.open().reception().receive(ENVELOPE, HTTP, endless);
        assertEquals("552 5.3.4 Message exceeds the size limit", result.reply().toString());
        assertEquals(0, door.spool.openIntakes.get());
    }

    @Test
    void aStreamThatBreaksLeavesNothing() throws IOException {
        InputStream failing =
                new InputStream() {
                    @Override
                    public int read() throws IOException {
                        throw new IOException("broken");
                    }

                    @Override
                    public int read(byte[] octets, int from, int length) throws IOException {
                        throw new IOException("broken");
                    }
                };
        InputStream broken =
                new SequenceInputStream(new ByteArrayInputStream(new byte[100]), failing);
        door.open();
        assertThrows(IOException.class, () -> door.reception().receive(ENVELOPE, HTTP, broken));
        assertEquals(0, door.spool.openIntakes.get());
        assertEquals(List.of(), door.spool.stored);
    }

    @Test
    void aStreamWaitsForRoom() throws IOException {
        door.spool.full = true;
        door.open();
        CompletableFuture<Reception.Result> result =
                CompletableFuture.supplyAsync(() -> {
                    try {
                        return receive("Subject: x\r\n\r\n" + "y".repeat(90_000));
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
        Eventually.until("some", () -> door.spool.writtenBytes.get() > 0);
        assertTrue(door.spool.writtenBytes.get() < 40_000);
        Eventually.until(
                "taken",
                () -> {
                    door.spool.makeRoom();
                    return result.isDone();
                });
        assertInstanceOf(Reception.Result.Queued.class, result.join());
    }

    @Test
    void tooManyRecipientsAndAFullSpoolAreReplies() throws IOException {
        door.set("max-recipients", "1");
        assertEquals("452 4.5.3 Too many recipients", receive("x").reply().toString());
        door.set("max-recipients", "9");
        door.spool.receiveTrouble = SpoolException.Kind.FULL;
        assertEquals("452 4.3.1 Insufficient system storage", receive("x").reply().toString());
    }

    @Test
    void oneAcceptedRecipientIsSentAndTheRestIsKept() throws IOException {
        List<Recipient> states =
                List.of(
                        recipient(0, State.SENT, null),
                        recipient(1, State.DEFERRED, Reason.RECIPIENT));
        door.immediate(
                answering(
                        new ImmediateDelivery.Result.Taken(
                                states,
                                List.of(),
                                Door.NOW.plusSeconds(30),
                                "gmail",
                                "250 2.0.0 OK\r\nsecond line \u00e9" + "x".repeat(900))));
        Reception.Result result = receive("Subject: x\r\n\r\n");
        assertEquals(
                "250 2.0.0 Ok: sent as 000000000001 via gmail: 250 2.0.0 OK\r\n",
                new String(result.reply().encode(), ISO_8859_1));
        assertEquals(states, door.spool.stored.getFirst().acceptance().recipients());
        assertEquals(Door.NOW.plusSeconds(30), door.spool.stored.getFirst().acceptance().due());
        assertEquals(1, door.counters.accepted.get());
    }

    @Test
    void wordsOfTheNextHopAreCutToOneReply() throws IOException {
        door.immediate(
                answering(
                        new ImmediateDelivery.Result.Taken(
                                List.of(recipient(0, State.SENT, null)),
                                List.of(),
                                Door.NOW,
                                "gmail",
                                "\u0007 é" + "x".repeat(900))));
        byte[] reply = receive("Subject: x\r\n\r\n").reply().encode();
        assertEquals(512, reply.length);
        for (byte octet : reply) {
            assertTrue((octet >= ' ' && octet <= '~') || octet == '\r' || octet == '\n');
        }
    }

    @Test
    void whatWasSentIsNotSentAgainForALostHistory() throws IOException {
        door.spool.commitTrouble = SpoolException.Kind.BROKEN;
        door.immediate(
                answering(
                        new ImmediateDelivery.Result.Taken(
                                List.of(
                                        recipient(0, State.SENT, null),
                                        recipient(1, State.FAILED, null)),
                                List.of(),
                                Door.NOW,
                                "gmail",
                                "250 ok")));
        assertInstanceOf(Reception.Result.Sent.class, receive("Subject: x\r\n\r\n"));
    }

    @Test
    void whatIsStillOwedMustBeDurable() throws IOException {
        door.spool.commitTrouble = SpoolException.Kind.BROKEN;
        door.immediate(
                answering(
                        new ImmediateDelivery.Result.Taken(
                                List.of(
                                        recipient(0, State.SENT, null),
                                        recipient(1, State.DEFERRED, Reason.RECIPIENT)),
                                List.of(),
                                Door.NOW,
                                "gmail",
                                "250 ok")));
        assertEquals(
                "451 4.3.0 Local error, try again later",
                receive("Subject: x\r\n\r\n").reply().toString());
    }

    @Test
    void aRefusalIsTheNextHopsOwn() throws IOException {
        door.immediate(
                answering(
                        new ImmediateDelivery.Result.Refused(
                                "553-5.1.8 sender \u0001unknown\r\n553 more")));
        Reception.Result result = receive("Subject: x\r\n\r\n");
        assertTrue(result.reply().toString().startsWith("553 5.1.8 sender"), result.toString());
        assertEquals(List.of(), door.spool.stored);
        assertEquals(0, door.spool.openIntakes.get());
        assertEquals(List.of(Rejection.REFUSED_UPSTREAM), door.counters.rejections);
    }

    @Test
    void anHttpRefusalIs554() throws IOException {
        door.immediate(answering(new ImmediateDelivery.Result.Refused("422 not a sender")));
        assertEquals(
                "554 5.0.0 422 not a sender", receive("Subject: x\r\n\r\n").reply().toString());
    }

    @Test
    void nothingIsKeptOfWhatCouldNotGoNow() throws IOException {
        door.immediate(answering(new ImmediateDelivery.Result.NotNow("no egress is configured")));
        assertEquals(
                "451 4.4.1 no egress is configured",
                receive("Subject: x\r\n\r\n").reply().toString());
        assertEquals(0, door.spool.openIntakes.get());
        assertEquals(List.of(), door.spool.stored);
        assertEquals(List.of(Rejection.NOT_SENT), door.counters.rejections);
    }

    @Test
    void aBrokenImmediateIsATemporaryReply() throws IOException {
        door.immediate((_, _) -> CompletableFuture.failedFuture(new IllegalStateException("x")));
        assertEquals(
                "451 4.3.0 Local error, try again later",
                receive("Subject: x\r\n\r\n").reply().toString());
        assertEquals(0, door.spool.openIntakes.get());
    }
}
