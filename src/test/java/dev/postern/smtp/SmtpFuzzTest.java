package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.testing.FuzzedReaders;
import dev.postern.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// No text makes a reader of what clients and next hops say throw.
class SmtpFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(SmtpGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }

    /// Chunks are decoded in the same way however they are cut, and so are lines.
    @FuzzTest
    void octetsAreReadTheSameInPieces(byte[] octets) {
        assertSame(octets);
    }

    @Test
    void anyOctetsAreReadTheSameInPieces() {
        Seeds.forEach(
                3_000,
                random ->
                        assertSame(
                                Octets.of(
                                        FuzzedReaders.mixture(
                                                random.nextInt(12), random::nextInt))));
    }

    private static void assertSame(byte[] octets) {
        int step = octets.length == 0 ? 1 : 1 + Math.floorMod(octets[0], 8);
        int all = Math.max(1, octets.length);
        assertEquals(bdat(octets, all), bdat(octets, step));
        assertEquals(lines(octets, all), lines(octets, step));
    }

    private static String bdat(byte[] octets, int step) {
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, Long.MAX_VALUE);
        decoder.begin(new Command.Bdat(octets.length, true));
        Octets out = new Octets();
        int at = 0;
        do {
            int end = Math.min(at + step, octets.length);
            decoder.decode(ByteBuffer.wrap(octets, at, end - at), out);
            at = end;
        } while (at < octets.length);
        return Octets.visible(out.text());
    }

    private static List<String> lines(byte[] octets, int step) {
        LineReader reader = new LineReader();
        List<String> lines = new ArrayList<>();
        for (int at = 0; at < octets.length; at += step) {
            ByteBuffer some = ByteBuffer.wrap(octets, at, Math.min(step, octets.length - at));
            while (some.hasRemaining()) {
                LineReader.Line line = reader.read(some);
                if (line instanceof LineReader.Line.Whole whole) {
                    lines.add(Arrays.toString(whole.octets()));
                } else if (line != null) {
                    lines.add(line.getClass().getSimpleName());
                }
            }
        }
        return lines;
    }
}
