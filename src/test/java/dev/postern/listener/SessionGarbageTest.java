package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.smtp.Reply;
import dev.postern.testing.Seeds;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Whatever a client sends, a session answers or ends; it never throws, never gets stuck, keeps no
/// intake.
class SessionGarbageTest {

    private static final List<String> PIECES =
            List.of(
                    "EHLO x\r\n",
                    "HELO x\r\n",
                    "MAIL FROM:<a@example.org>\r\n",
                    "MAIL FROM:<> SMTPUTF8 SIZE=10\r\n",
                    "RCPT TO:<b@example.net>\r\n",
                    "RCPT TO:<root>\r\n",
                    "DATA\r\n",
                    "text\r\n",
                    ".\r\n",
                    "\r\n.\r\n",
                    "\n.\n",
                    "BDAT 5\r\n",
                    "BDAT 5 LAST\r\nhello",
                    "BDAT 0 LAST\r\n",
                    "BDAT 9223372036854775807\r\n",
                    "BDAT x\r\n",
                    "RSET\r\n",
                    "NOOP\r\n",
                    "VRFY x\r\n",
                    "HELP\r\n",
                    "AUTH PLAIN\r\n",
                    "AUTH LOGIN\r\n",
                    "AUTH PLAIN AGFwcABzZWNyZXQ=\r\n",
                    "*\r\n",
                    "YXBw\r\n",
                    "STARTTLS\r\n",
                    "QUIT\r\n",
                    "\r",
                    "\n",
                    "\0");

    @Test
    void garbageGetsNoSuccess() {
        Seeds.forEach(
                300,
                random -> {
                    try (Door door = door()) {
                        DirectPeer peer = new DirectPeer(door.context());
                        for (int i = 0; i < 20; i++) {
                            peer.give(Seeds.bytes(random, 3000));
                        }
                        for (Reply reply : peer.replies.subList(1, peer.replies.size())) {
                            assertTrue(!reply.code().isPositive(), reply.toString());
                        }
                        ended(door, peer);
                    }
                });
    }

    @Test
    void commandsInAnyOrderAreAnswered() {
        Seeds.forEach(
                2000,
                random -> {
                    try (Door door = door()) {
                        DirectPeer peer = new DirectPeer(door.context());
                        for (int i = random.nextInt(60); i > 0; i--) {
                            peer.give(piece(random));
                        }
                        ended(door, peer);
                    }
                });
    }

    /// However the network cuts what a client sends, the replies are the same.
    @Test
    void cutsDoNotMatter() {
        Seeds.forEach(
                500,
                random -> {
                    StringBuilder all = new StringBuilder("EHLO x\r\n");
                    for (int i = random.nextInt(40); i > 0; i--) {
                        all.append(Seeds.oneOf(random, PIECES));
                    }
                    String octets = all.toString().replace("STARTTLS", "NOOP");
                    try (Door one = door();
                            Door other = door()) {
                        DirectPeer whole = new DirectPeer(one.context());
                        whole.give(octets);
                        DirectPeer cut = new DirectPeer(other.context());
                        int at = 0;
                        while (at < octets.length()) {
                            int end = Math.min(octets.length(), at + 1 + random.nextInt(9));
                            cut.give(octets.substring(at, end));
                            at = end;
                        }
                        assertEquals(whole.replies, cut.replies);
                        assertEquals(whole.session.state(), cut.session.state());
                    }
                });
    }

    private static Door door() {
        Door door = new Door().set("user", "app:secret").set("max-message-size", "200");
        door.spool.immediate = true;
        return door;
    }

    private static byte[] piece(RandomGenerator random) {
        byte[] piece = Seeds.oneOf(random, PIECES).getBytes(ISO_8859_1);
        if (random.nextInt(10) == 0) {
            piece[random.nextInt(piece.length)] = (byte) random.nextInt(256);
        }
        return piece;
    }

    private static void ended(Door door, DirectPeer peer) throws IOException {
        for (Reply reply : peer.replies) {
            assertTrue(reply.encode().length > 0);
            boolean coded = reply.status() != null;
            boolean plain = reply.code().isIntermediate() || reply.code().value() == 220;
            assertTrue(coded || plain || isHello(reply), reply.toString());
        }
        peer.session.gone();
        assertEquals(0, door.spool.openIntakes.get());
    }

    /// HELO's and EHLO's replies have no enhanced status (RFC 2034 §4).
    private static boolean isHello(Reply reply) {
        return reply.lines().getFirst().equals(Door.HOSTNAME)
                || reply.lines().getFirst().startsWith("Say who you are");
    }
}
