package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.FalseEnds;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// SMTP smuggling: nothing but CRLF . CRLF ends a message, and nothing in a message is a command,
/// wherever the network cuts it, under both settings, over DATA and BDAT.
class SmugglingTest {

    private static final String COMMANDS =
            "MAIL FROM:<evil@example.org>\r\nRCPT TO:<victim@example.net>\r\nDATA\r\nevil\r\n";

    private static final Pattern BARE_NEWLINE = Pattern.compile("(?<!\r)\n|\r(?!\n)");

    static List<Arguments> vectors() {
        List<Arguments> vectors = new ArrayList<>();
        for (String end : FalseEnds.ALL) {
            for (String policy : List.of("NORMALIZE", "REJECT")) {
                for (boolean chunked : List.of(false, true)) {
                    vectors.add(Arguments.of(end, policy, chunked));
                }
            }
        }
        return vectors;
    }

    @ParameterizedTest(name = "[{index}] {1} chunked={2}")
    @MethodSource("vectors")
    void oneMessageStaysOne(String falseEnd, String policy, boolean chunked) throws IOException {
        String content = "Subject: x\r\n\r\ntext" + falseEnd + COMMANDS;
        String wire =
                chunked
                        ? "BDAT " + content.length() + " LAST\r\n" + content
                        : "DATA\r\n" + content + ".\r\n";
        for (int cut = 0; cut <= wire.length(); cut++) {
            try (Door door = new Door().set("bare-newline", policy)) {
                door.spool.immediate = true;
                DirectPeer peer = new DirectPeer(door.context());
                peer.give("EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.net>\r\n");
                int before = peer.replies.size();

                peer.give(wire.substring(0, cut).getBytes(ISO_8859_1));
                peer.give(wire.substring(cut).getBytes(ISO_8859_1));

                check(door, peer, before + (chunked ? 0 : 1), falseEnd, policy);
            }
        }
    }

    private static void check(
            Door door, DirectPeer peer, int before, String falseEnd, String policy) {
        assertEquals(before + 1, peer.replies.size(), () -> "replies: " + peer.replies);
        boolean refused = policy.equals("REJECT") && BARE_NEWLINE.matcher(falseEnd).find();
        if (refused) {
            assertEquals("550 5.6.0 Message contains bare <CR> or <LF>", peer.last());
            assertEquals(List.of(), door.spool.stored);
        } else {
            assertTrue(peer.last().startsWith("250 2.0.0 Ok: queued as "), peer.last());
            String stored = door.spool.stored.getFirst().text();
            assertTrue(stored.contains("MAIL FROM:<evil@example.org>"), stored);
            assertFalse(BARE_NEWLINE.matcher(stored).find(), stored);
        }
        assertEquals(Protocol.SessionState.READY, peer.session.state());
        assertEquals(0, door.spool.openIntakes.get());
    }
}
