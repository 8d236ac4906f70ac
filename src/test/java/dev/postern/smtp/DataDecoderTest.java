package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentFault;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.testing.Seeds;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DataDecoderTest {
    private static final long NO_LIMIT = Long.MAX_VALUE;
    private static final String END = "\r\n.\r\n";
    private static final String PIPELINED = "QUIT\r\n";

    /// What is on the wire, and the content that it means.
    private static final String[][] CASES = {
        // Ordinary messages.
        {".\r\n", ""},
        {"\r\n.\r\n", "\r\n"},
        {"x\r\n.\r\n", "x\r\n"},
        {"a: b\r\n\r\nx\r\n.\r\n", "a: b\r\n\r\nx\r\n"},
        // Stuffed dots (RFC 5321 §4.5.2), at the start too.
        {"..\r\n.\r\n", ".\r\n"},
        {"..x\r\n.\r\n", ".x\r\n"},
        {"x\r\n..\r\n.\r\n", "x\r\n.\r\n"},
        {"x\r\n...\r\n.\r\n", "x\r\n..\r\n"},
        {"x.\r\n.\r\n", "x.\r\n"},
        // A dot that should have been stuffed goes all the same.
        {"x\r\n.y\r\n.\r\n", "x\r\ny\r\n"},
        // Bare LF: a line end, never part of the end.
        {"x\ny\r\n.\r\n", "x\r\ny\r\n"},
        {"x\n.\n" + END, "x\r\n.\r\n\r\n"},
        {"x\n.\r\n.\r\n", "x\r\n.\r\n"},
        {"x\r\n.\n.\r\n.\r\n", "x\r\n.\r\n.\r\n"},
        {"x\n..\r\n.\r\n", "x\r\n..\r\n"},
        {".\nx\r\n.\r\n", ".\r\nx\r\n"},
        {"..\nx\r\n.\r\n", ".\r\nx\r\n"},
        {"\n.\r\n.\r\n", "\r\n.\r\n"},
        {"\n\n\r\n.\r\n", "\r\n\r\n\r\n"},
        {"x\r\n\n.\r\n.\r\n", "x\r\n\r\n.\r\n"},
        // Bare CR: a space, never part of the end.
        {"x\ry\r\n.\r\n", "x y\r\n"},
        {"x\r.\r\n.\r\n", "x .\r\n"},
        {"x\r.\r.\r\n.\r\n", "x . .\r\n"},
        {"x\r\r\n.\r\n", "x \r\n"},
        {"x\r\r\r\n.\r\n", "x  \r\n"},
        {"\r.\r\n.\r\n", " .\r\n"},
        {"x\r\n.\ry\r\n.\r\n", "x\r\n. y\r\n"},
        {"x\r\n.\r.\r\n.\r\n", "x\r\n. .\r\n"},
        {"x\r\n.\r\r\n.\r\n", "x\r\n. \r\n"},
        {"x\r\n\r.\r\n.\r\n", "x\r\n .\r\n"},
        {".\r\r\n.\r\n", ". \r\n"},
        {"x\r\n..\r.\r\n.\r\n", "x\r\n. .\r\n"},
        // Both, and LF CR, which is not CR LF.
        {"x\n\r.\r\n.\r\n", "x\r\n .\r\n"},
        {"x\n\r\n.\r\n", "x\r\n\r\n"},
        {"x\r\n.\n\r.\r\n.\r\n", "x\r\n.\r\n .\r\n"},
        // NUL is content, and hides nothing.
        {"x\0\r\n.\r\n", "x\0\r\n"},
        {"x\r\n\0.\r\n.\r\n", "x\r\n\0.\r\n"},
        {"x\r\n.\0\r\n.\r\n", "x\r\n\0\r\n"},
        {"x\r\0\n.\r\n.\r\n", "x \0\r\n.\r\n"},
        // Commands within content are content.
        {"x\n.\nMAIL FROM:<a@b>\n\r\n.\r\n", "x\r\n.\r\nMAIL FROM:<a@b>\r\n\r\n"},
        // Longer than the word that is scanned at a time.
        {"0123456789abcdef\r\n..0123456789\r\n.\r\n", "0123456789abcdef\r\n.0123456789\r\n"},
    };

    @Test
    void decodesHoweverTheOctetsArrive() {
        for (String[] row : CASES) {
            assertDecodes(row[0], row[1]);
            assertEquals(row[1], SlowDecoding.data(row[0]), "the reference itself");
        }
    }

    private static void assertDecodes(String wire, String content) {
        String all = wire + PIPELINED;
        for (int cut = 0; cut <= all.length(); cut++) {
            assertEquals(
                    Octets.visible(content + "|" + PIPELINED),
                    Octets.visible(decode(all.substring(0, cut), all.substring(cut))),
                    Octets.visible(wire) + " cut at " + cut);
        }
        assertEquals(content + "|" + PIPELINED, decode(all.split("")), "an octet at a time");
    }

    /// The content and what was left unread.
    private static String decode(String... parts) {
        DataDecoder decoder = new DataDecoder(BareNewline.NORMALIZE, NO_LIMIT);
        Octets out = new Octets();
        StringBuilder unread = new StringBuilder();
        boolean ended = false;
        for (String part : parts) {
            ByteBuffer in = Octets.buffer(part);
            ended = decoder.decode(in, out);
            unread.append(part.substring(in.position()));
        }
        assertTrue(ended, "the end was not found");
        assertEquals(out.text().length(), decoder.octets());
        return out.text() + "|" + unread;
    }

    @Test
    void nothingElseEndsTheContent() {
        String[] endless = {
            "x\n.\n",
            "x\n.\r\n",
            "x\r\n.\n",
            "x\r.\r",
            "x\r\n.\r",
            "x\r.\r\n",
            "\n.\n",
            "\r.\r",
            "x\r\n.\r\r\n",
            "x\r\n.\0\r\n",
            "x\r\n\0.\r\n",
            "x\r\n.\n\r\n",
            "x\r\n..\r\n",
            "x.\r\n",
            "x\r\n .\r\n",
            "x\r\n. \r\n",
            "x\n\r.\r\n",
            "x\r\n.\r\0\n",
            ".\n",
            ".\r",
            ".",
            "\u0085.\u0085",
        };
        for (String wire : endless) {
            DataDecoder decoder = new DataDecoder(BareNewline.NORMALIZE, NO_LIMIT);
            ByteBuffer in = Octets.buffer(wire);
            assertFalse(decoder.decode(in, ContentSink.DISCARD), Octets.visible(wire));
            assertEquals(0, in.remaining());
            // A true end after it ends it.
            assertTrue(decoder.decode(Octets.buffer("x" + END), ContentSink.DISCARD));
        }
    }

    @Test
    void agreesWithTheReferenceHoweverCut() {
        Seeds.forEach(
                3000,
                random -> {
                    String wire = Seeds.text(random, "\r\r\r\n\n\n...\0xy\u00e9", 60) + END;
                    String content = SlowDecoding.data(wire);
                    int length = SlowDecoding.dataLength(wire);
                    DataDecoder decoder = new DataDecoder(BareNewline.NORMALIZE, NO_LIMIT);
                    Octets out = new Octets();
                    int at = 0;
                    boolean ended = false;
                    while (!ended) {
                        int to = Math.min(wire.length(), at + 1 + random.nextInt(20));
                        ByteBuffer in = ByteBuffer.wrap(Octets.of(wire), at, to - at);
                        ended = decoder.decode(in, out);
                        at = in.position();
                    }
                    assertEquals(Octets.visible(content), Octets.visible(out.text()));
                    assertEquals(length, at, "the end is elsewhere in " + Octets.visible(wire));
                    assertMeasures(content, decoder);
                });
    }

    private static void assertMeasures(String content, DataDecoder decoder) {
        assertEquals(content.length(), decoder.octets());
        assertEquals(content.contains("\u00e9"), decoder.isNonAscii());
        long longest = content.lines().mapToInt(String::length).max().orElse(0);
        assertEquals(longest, decoder.longestLineOctets());
    }

    @Test
    void givesOrdinaryLinesInOnePiece() {
        String lines = "an ordinary line of text\r\n".repeat(1000);
        int[] pieces = {0};
        DataDecoder decoder = new DataDecoder(BareNewline.NORMALIZE, NO_LIMIT);
        assertTrue(decoder.decode(Octets.buffer(lines + ".\r\n"), _ -> pieces[0]++));
        assertEquals(1, pieces[0]);
    }

    @Test
    void readsFromDirectBuffersToo() {
        ByteBuffer in = ByteBuffer.allocateDirect(64);
        in.put(Octets.of("..x\ny\r\n.\r\n")).flip();
        Octets out = new Octets();
        assertTrue(new DataDecoder(BareNewline.NORMALIZE, NO_LIMIT).decode(in, out));
        assertEquals(".x\r\ny\r\n", out.text());
    }

    @Test
    void aBareNewlineIsAFaultWhereItIsRejectedAndTheMessageIsReadToItsEnd() {
        for (String bare : new String[] {"a\nb", "a\rb", ".\nb", ".\rb", "a\r\r\n"}) {
            DataDecoder decoder = new DataDecoder(BareNewline.REJECT, NO_LIMIT);
            Octets out = new Octets();
            ByteBuffer in =
                    Octets.buffer("x\r\n" + bare + "\n.\r\nMAIL FROM:<>\r\n" + END + PIPELINED);
            assertTrue(decoder.decode(in, out));
            assertEquals(ContentFault.BARE_NEWLINE, decoder.fault());
            assertEquals(PIPELINED.length(), in.remaining());
            assertFalse(out.text().contains("MAIL"), "the sink gets nothing after the fault");
        }
    }

    @Test
    void rejectingTakesAMessageWithoutBareNewlines() {
        DataDecoder decoder = new DataDecoder(BareNewline.REJECT, NO_LIMIT);
        assertTrue(decoder.decode(Octets.buffer("..x\r\n\r\n" + END), ContentSink.DISCARD));
        assertNull(decoder.fault());
    }

    @Test
    void aMessageOfTheLimitPassesAndOneOctetMoreIsAFault() {
        // The stuffed dot and the end do not count (RFC 1870 §5).
        assertNull(decodeWithin(4, "..x\r\n.\r\n").fault());
        assertEquals(ContentFault.OVER_SIZE, decodeWithin(3, "..x\r\n.\r\n").fault());
        assertNull(decodeWithin(0, ".\r\n").fault());
        // What a bare LF becomes counts.
        assertEquals(ContentFault.OVER_SIZE, decodeWithin(5, "x\nyz\r\n.\r\n").fault());
    }

    private static DataDecoder decodeWithin(long limitOctets, String wire) {
        DataDecoder decoder = new DataDecoder(BareNewline.NORMALIZE, limitOctets);
        assertTrue(decoder.decode(Octets.buffer(wire), ContentSink.DISCARD));
        return decoder;
    }

    @Test
    void theFirstFaultIsTheOneThatStays() {
        DataDecoder decoder = new DataDecoder(BareNewline.REJECT, 10);
        String wire = "x\ny\r\n" + "long".repeat(10) + END;
        assertTrue(decoder.decode(Octets.buffer(wire), ContentSink.DISCARD));
        assertEquals(ContentFault.BARE_NEWLINE, decoder.fault());
    }
}
