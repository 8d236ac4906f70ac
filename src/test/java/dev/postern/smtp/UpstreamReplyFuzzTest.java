package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

class UpstreamReplyFuzzTest {
    /// Whatever a next hop says can be read, logged in one line, and given on in one reply.
    @FuzzTest
    void everyTextIsRead(byte[] octets) {
        String text = new String(octets, StandardCharsets.UTF_8);
        UpstreamReply reply = UpstreamReply.parse(text);
        assertTrue(reply.oneLine().chars().noneMatch(c -> c < ' '), reply.oneLine());
        if (reply instanceof UpstreamReply.Answered answered && !answered.code().isIntermediate()) {
            assertFalse(answered.lines().isEmpty());
            Reply ours =
                    Replies.upstreamRefusal(
                            answered.code(), answered.status(), answered.firstLine());
            String encoded = new String(ours.encode(), StandardCharsets.ISO_8859_1);
            assertEquals(encoded.length() - 2, encoded.indexOf("\r\n"));
            assertTrue(encoded.length() <= SmtpLimits.REPLY_LINE_OCTETS);
        }
    }
}
