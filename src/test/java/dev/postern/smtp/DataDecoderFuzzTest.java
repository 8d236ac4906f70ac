package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.smtp.ContentDecoder.BareNewline;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

class DataDecoderFuzzTest {
    private static final String END = "x\r\n.\r\n";

    /// However the octets come, decoding agrees with the reference; so does the end, whose place is
    /// what smuggling is about.
    @FuzzTest
    void agreesWithTheReference(byte[] octets) {
        String wire = new String(octets, StandardCharsets.ISO_8859_1) + END;
        int step = octets.length == 0 ? 1 : 1 + Math.floorMod(octets[0], 8);
        DataDecoder decoder = new DataDecoder(BareNewline.NORMALIZE, Long.MAX_VALUE);
        Octets out = new Octets();
        byte[] all = Octets.of(wire);
        int at = 0;
        boolean ended = false;
        while (!ended) {
            assertTrue(at < all.length, "no end in " + Octets.visible(wire));
            ByteBuffer in = ByteBuffer.wrap(all, at, Math.min(step, all.length - at));
            ended = decoder.decode(in, out);
            at = in.position();
        }
        assertEquals(SlowDecoding.dataLength(wire), at);
        assertEquals(Octets.visible(SlowDecoding.data(wire)), Octets.visible(out.text()));
        assertRoundTrip(out.text());
    }

    private static void assertRoundTrip(String content) {
        DotStuffer stuffer = new DotStuffer();
        Octets wire = new Octets();
        stuffer.stuff(Octets.buffer(content), wire);
        stuffer.finish(wire);
        assertEquals(wire.text().length(), SlowDecoding.dataLength(wire.text()));
        assertEquals(content, SlowDecoding.data(wire.text()));
    }
}
