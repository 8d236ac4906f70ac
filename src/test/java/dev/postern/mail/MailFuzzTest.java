package dev.postern.mail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import dev.postern.testing.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// No text makes a reader of addresses and header fields throw.
class MailFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(MailGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }

    private static final Pattern BLIND = Pattern.compile("(?im)^(resent-)?bcc[ \\t]*:");

    /// Content is rewritten in the same way however it is cut, and no blind recipients remain.
    @FuzzTest
    void contentIsRewrittenTheSameInPieces(byte[] octets) throws IOException {
        assertRewritten(octets);
    }

    @Test
    void anyMixtureIsRewrittenTheSameInPieces() {
        Seeds.forEach(
                3_000,
                random ->
                        assertRewritten(
                                FuzzedReaders.mixture(random.nextInt(20), random::nextInt)
                                        .getBytes(ISO_8859_1)));
    }

    private static void assertRewritten(byte[] octets) throws IOException {
        byte[] content = new CrlfLines(new ByteArrayInputStream(octets)).readAllBytes();
        String whole = rewritten(content, Math.max(1, content.length));
        int step = content.length == 0 ? 1 : 1 + Math.floorMod(content[0], 8);
        assertEquals(whole, rewritten(content, step));
        int end = whole.indexOf("\r\n\r\n");
        String header = end < 0 ? whole : whole.substring(0, end);
        assertFalse(BLIND.matcher(header).find(), header);
    }

    private static String rewritten(byte[] content, int step) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        HeaderRewriter rewriter =
                new HeaderRewriter(
                        "Received: x",
                        "x",
                        "<x>",
                        octets -> {
                            byte[] some = new byte[octets.remaining()];
                            octets.get(some);
                            out.writeBytes(some);
                        });
        for (int at = 0; at < content.length; at += step) {
            rewriter.write(ByteBuffer.wrap(content, at, Math.min(step, content.length - at)));
        }
        rewriter.finish();
        return out.toString(ISO_8859_1);
    }
}
