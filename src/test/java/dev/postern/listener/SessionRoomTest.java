package dev.postern.listener;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.listener.Protocol.SessionState;
import dev.postern.reception.Rejection;
import dev.postern.smtp.FailureThrottle;
import dev.postern.smtp.Reply;
import dev.postern.smtp.SmtpLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a session does when there is no room, and what it makes its client wait for.
class SessionRoomTest {

    private static final String MAIL = "MAIL FROM:<a@example.org>\r\n";
    private static final int HELD_AT_MOST = 10_000;

    private final Door door = new Door().set("user", "app:secret");

    @AfterEach
    void close() {
        door.close();
    }

    private DirectPeer crowded() throws IOException {
        door.spool.immediate = true;
        return new DirectPeer(door.context(), HELD_AT_MOST).give("EHLO x\r\n" + MAIL);
    }

    /// Says RCPT until one is refused, and returns how many were taken.
    private static int fill(DirectPeer peer) {
        int taken = 0;
        while (true) {
            peer.give("RCPT TO:<" + "x".repeat(60) + taken + "@example.net>\r\n");
            if (!peer.last().startsWith("250")) {
                return taken;
            }
            taken++;
        }
    }

    @Test
    void recipientsWithoutRoomAreToComeAgain() throws IOException {
        DirectPeer peer = crowded();
        int taken = fill(peer);
        assertEquals("452 4.5.3 Too many recipients at once, try again later", peer.last());
        assertTrue(taken > 20, taken + " recipients");
        assertTrue(taken < 200, taken + " recipients");
        assertEquals(Rejection.RECIPIENTS, door.counters.rejections.getLast());

        peer.give("RCPT TO:<" + "x".repeat(60) + "0@EXAMPLE.net>\r\n");
        assertEquals("250 2.1.5 Recipient ok", peer.last(), "it is there already");
        peer.give("DATA\r\n\r\n.\r\n");
        assertTrue(peer.last().startsWith("250 2.0.0 Ok: queued"), peer.last());
        assertEquals(
                taken, door.spool.stored.getLast().acceptance().envelope().recipients().size());
    }

    @Test
    void theRoomIsGivenBack() throws IOException {
        DirectPeer peer = crowded();
        int taken = fill(peer);
        peer.give("DATA\r\n\r\n.\r\n" + MAIL);
        assertEquals(taken, fill(peer), "after a message");
        peer.give("RSET\r\n" + MAIL);
        assertEquals(taken, fill(peer), "after RSET");
        peer.give("EHLO x\r\n" + MAIL);
        assertEquals(taken, fill(peer), "after EHLO");
    }

    @Test
    void aLongLineNeedsRoomToo() throws IOException {
        DirectPeer peer = crowded();
        peer.give("A".repeat(SmtpLimits.AUTH_LINE_OCTETS - 10));
        assertEquals(SessionState.SENDER, peer.session.state());
        peer.give("\r\n");
        assertEquals("500 5.5.2 Line too long", peer.last());
        fill(peer);
        peer.give("A".repeat(SmtpLimits.AUTH_LINE_OCTETS - 10));
        assertEquals("421 4.7.0 Other clients need the room, try again later", peer.last());
        assertEquals(SessionState.CLOSED, peer.session.state());
    }

    /// A name is kept until the password comes, and then with the session.
    @Test
    void aLongNameNeedsRoomToo() throws IOException {
        String name = Base64.getEncoder().encodeToString("n".repeat(8000).getBytes(US_ASCII));
        DirectPeer large = new DirectPeer(door.context(), 100_000);
        large.give("EHLO x\r\nAUTH LOGIN\r\n" + name + "\r\n");
        assertEquals("334 UGFzc3dvcmQ6", large.last());
        DirectPeer small = new DirectPeer(door.context(), HELD_AT_MOST);
        small.give("EHLO x\r\nAUTH LOGIN\r\n" + name + "\r\n");
        assertEquals("421 4.7.0 Other clients need the room, try again later", small.last());
    }

    /// One read of commands can have answers many times as long.
    @Test
    void aClientThatIsBehindIsNotHeard() throws IOException {
        DirectPeer peer = new DirectPeer(door.context());
        peer.repliesAtMost = 10;
        peer.give("HELP\r\n".repeat(1000));
        assertEquals(10, peer.replies.size());
        peer.repliesAtMost = 15;
        peer.resume();
        assertEquals(15, peer.replies.size());
        peer.repliesAtMost = Integer.MAX_VALUE;
        peer.resume();
        assertEquals(1001, peer.replies.size());
    }

    // Failed log-ins.

    private static DirectPeer failed(SessionContext context) {
        return new DirectPeer(context).give("EHLO x\r\nAUTH PLAIN AGFwcAB3cm9uZw==\r\n");
    }

    @Test
    void answersToFailuresWaitTheLongerTheMoreThereAre() throws IOException {
        SessionContext context = door.context();
        DirectPeer peer = failed(context);
        assertEquals("535 5.7.8 Authentication credentials invalid", peer.last());
        peer.give("AUTH PLAIN AGFwcAB3cm9uZw==\r\n");
        assertEquals(
                List.of(FailureThrottle.FIRST_WAIT, FailureThrottle.FIRST_WAIT.multipliedBy(2)),
                peer.waits);
        assertEquals(
                List.of(FailureThrottle.FIRST_WAIT.multipliedBy(4)),
                failed(context).waits,
                "another session of that address");
    }

    @Test
    void toActAsSomebodyElseIsAFailureThatWaits() throws IOException {
        DirectPeer peer = new DirectPeer(door.context());
        // root, app, secret
        peer.give("EHLO x\r\nAUTH PLAIN cm9vdABhcHAAc2VjcmV0\r\n");
        assertEquals(List.of(FailureThrottle.FIRST_WAIT), peer.waits);
    }

    @Test
    void rightCredentialsNeverWait() throws IOException {
        SessionContext context = door.context();
        for (int i = 0; i < 20; i++) {
            failed(context);
        }
        DirectPeer peer = failed(context);
        peer.give("AUTH PLAIN AGFwcABzZWNyZXQ=\r\n");
        assertEquals("235 2.7.0 Authentication successful", peer.last());
        assertEquals(List.of(FailureThrottle.WAIT_AT_MOST), peer.waits);
    }

    @Test
    void theThirdFailureWaitsAndEndsTheSession() throws IOException {
        DirectPeer peer = failed(door.context());
        peer.give("AUTH PLAIN AGFwcAB3cm9uZw==\r\n".repeat(2));
        assertEquals("421 4.7.0 Too many failed authentications", peer.last());
        assertEquals(3, peer.waits.size());
        assertTrue(peer.waits.getLast().compareTo(Duration.ofSeconds(2)) >= 0);
    }

    /// What is pipelined behind a failure is answered behind it.
    @Test
    void theSessionWaitsWithItsAnswer() throws IOException {
        DirectPeer peer = new DirectPeer(door.context());
        peer.give("EHLO x\r\nAUTH PLAIN AGFwcAB3cm9uZw==\r\nNOOP\r\n");
        List<String> said = peer.replies.stream().map(Reply::toString).toList();
        assertEquals("250 2.0.0 Ok", said.getLast());
        assertTrue(said.get(said.size() - 2).startsWith("535 "), said::toString);
    }
}
