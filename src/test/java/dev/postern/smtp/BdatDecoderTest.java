package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentFault;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class BdatDecoderTest {
    private static final long NO_LIMIT = Long.MAX_VALUE;

    /// The content, then the chunks that it comes in.
    private static final List<List<String>> CASES =
            List.of(
                    // Whole lines.
                    List.of("x\r\n", "x\r\n"),
                    List.of("x\r\ny\r\n", "x\r\n", "y\r\n"),
                    List.of("x\r\n", "x\r\n", ""),
                    List.of("", ""),
                    // Dots are content, and end nothing.
                    List.of("..x\r\n.\r\ny\r\n", "..x\r\n.\r\ny\r\n"),
                    // The last CRLF is added where it is missing.
                    List.of("x\r\n", "x"),
                    List.of("x\r\n", "x", ""),
                    List.of("x \r\n", "x\r"),
                    List.of("x\r\n", "x\n"),
                    // A CRLF over the border of chunks is one.
                    List.of("x\r\ny\r\n", "x\r", "\ny\r\n"),
                    List.of("x\r\ny\r\n", "x\r", "", "\ny\r\n"),
                    // Bare newlines, at borders too.
                    List.of("x\r\n.\r\ny\r\n", "x\n.\ny\n"),
                    List.of("x y\r\n", "x\r", "y"),
                    List.of("x  \r\n", "x\r", "\r", "\r\n"),
                    List.of("x\r\n.\r\n\r\n", "x\r\n.\n", "\r\n"));

    @Test
    void decodesHoweverTheChunksAreCut() {
        for (List<String> row : CASES) {
            List<String> chunks = row.subList(1, row.size());
            for (int step = 1; step < 8; step++) {
                String read = decode(chunks, step);
                assertEquals(
                        Octets.visible(row.getFirst()), Octets.visible(read), "steps of " + step);
            }
        }
    }

    private static String decode(List<String> chunks, int stepOctets) {
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, NO_LIMIT);
        Octets out = new Octets();
        for (int i = 0; i < chunks.size(); i++) {
            byte[] chunk = Octets.of(chunks.get(i));
            decoder.begin(new Command.Bdat(chunk.length, i == chunks.size() - 1));
            int at = 0;
            boolean ended;
            do {
                int length = Math.min(stepOctets, chunk.length - at);
                ended = decoder.decode(ByteBuffer.wrap(chunk, at, length), out);
                at += length;
                assertEquals(at == chunk.length, ended);
            } while (!ended);
        }
        assertEquals(out.text().length(), decoder.octets());
        return out.text();
    }

    @Test
    void agreesWithTheReferenceHoweverCut() {
        Seeds.forEach(
                2000,
                random -> {
                    List<String> chunks =
                            random.ints(1 + random.nextInt(4), 0, 20)
                                    .mapToObj(max -> Seeds.text(random, "\r\r\n\n.x\0\u00e9", max))
                                    .toList();
                    String content = SlowDecoding.bdat(String.join("", chunks));
                    assertEquals(
                            Octets.visible(content),
                            Octets.visible(decode(chunks, 1 + random.nextInt(9))));
                });
    }

    @Test
    void leavesWhatIsPipelinedBehindAChunk() {
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, NO_LIMIT);
        decoder.begin(new Command.Bdat(3, false));
        ByteBuffer in = Octets.buffer("x\r\nBDAT 0 LAST\r\n");
        assertTrue(decoder.decode(in, ContentSink.DISCARD));
        assertEquals("BDAT 0 LAST\r\n".length(), in.remaining());
    }

    @Test
    void aChunkOverTheLimitIsAtFaultAtOnceAndIsReadToItsEnd() {
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, 10);
        Octets out = new Octets();
        decoder.begin(new Command.Bdat(6, false));
        assertTrue(decoder.decode(Octets.buffer("abcdef"), out));
        assertNull(decoder.fault());
        decoder.begin(new Command.Bdat(Long.MAX_VALUE, true));
        assertEquals(ContentFault.OVER_SIZE, decoder.fault());
        assertFalse(decoder.decode(Octets.buffer("QUIT\r\n"), out));
        assertEquals("abcdef", out.text());
    }

    @Test
    void aMessageThatGrowsOverTheLimitIsAFault() {
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, 4);
        decoder.begin(new Command.Bdat(4, true));
        assertTrue(decoder.decode(Octets.buffer("a\nb\n"), ContentSink.DISCARD));
        assertEquals(ContentFault.OVER_SIZE, decoder.fault());
        assertEquals(6, decoder.octets());
    }

    @Test
    void bareNewlinesAreAFaultWhereTheyAreRejected() {
        for (String chunk : new String[] {"a\nb\r\n", "a\rb\r\n", "ab\r"}) {
            BdatDecoder decoder = new BdatDecoder(BareNewline.REJECT, NO_LIMIT);
            decoder.begin(new Command.Bdat(chunk.length(), true));
            assertTrue(decoder.decode(Octets.buffer(chunk), ContentSink.DISCARD));
            assertEquals(ContentFault.BARE_NEWLINE, decoder.fault());
        }
    }

    @Test
    void chunksDoNotOverlap() {
        BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, NO_LIMIT);
        decoder.begin(new Command.Bdat(1, false));
        Command.Bdat next = new Command.Bdat(1, true);
        assertThrows(IllegalStateException.class, () -> decoder.begin(next));
    }
}
