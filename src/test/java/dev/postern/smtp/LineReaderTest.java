package dev.postern.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LineReaderTest {
    /// The lines of all parts together, one string each.
    private static List<String> read(String... parts) {
        LineReader reader = new LineReader();
        List<String> lines = new ArrayList<>();
        for (String part : parts) {
            ByteBuffer in = Octets.buffer(part);
            LineReader.Line line = reader.read(in);
            while (line != null) {
                lines.add(describe(line));
                line = reader.read(in);
            }
            assertEquals(0, in.remaining());
        }
        return lines;
    }

    private static String describe(LineReader.@Nullable Line line) {
        return switch (line) {
            case null -> "no line";
            case LineReader.Line.Whole whole ->
                    "<" + new String(whole.octets(), StandardCharsets.ISO_8859_1) + ">";
            case LineReader.Line.BareLineFeed() -> "bare LF";
            case LineReader.Line.TooLong(Reply reply) ->
                    reply.closesSession() ? "close" : "too long";
        };
    }

    @Test
    void onlyCrlfEndsALine() {
        String text = "EHLO x\r\n\r\na\rb\r\n\r\r\nMAIL FROM:<>\nx\r\n\n";
        List<String> lines =
                List.of("<EHLO x>", "<>", "<a\rb>", "<\r>", "bare LF", "<x>", "bare LF");
        assertEquals(lines, read(text));
        assertEquals(lines, read(text.split("")));
        for (int cut = 0; cut < text.length(); cut++) {
            assertEquals(lines, read(text.substring(0, cut), text.substring(cut)));
        }
    }

    @Test
    void whatIsBehindALineStaysUnread() {
        ByteBuffer in = Octets.buffer("STARTTLS\r\nMAIL FROM:<>\r\n");
        assertEquals("<STARTTLS>", describe(new LineReader().read(in)));
        assertEquals("MAIL FROM:<>\r\n".length(), in.remaining());
    }

    @Test
    void aLineOfTheLimitIsWholeAndALongerOneIsReportedOnce() {
        String longest = "x".repeat(SmtpLimits.AUTH_LINE_OCTETS - 2);
        assertEquals(List.of("<" + longest + ">"), read(longest + "\r\n"));
        assertEquals(List.of("too long", "<QUIT>"), read(longest + "x\r\nQUIT\r\n"));
        assertEquals(
                List.of("too long", "<QUIT>"),
                read(longest, longest, longest + "\r", "\nQUIT\r\n"));
        assertEquals(List.of("bare LF"), read(longest + longest + "\n"));
        // The octets behind such a BDAT would be taken for commands.
        assertEquals(List.of("close"), read("BDAT " + longest + "\r\n"));
    }

    @Test
    void anUnfinishedLineCanBeForgotten() {
        LineReader reader = new LineReader();
        assertNull(reader.read(Octets.buffer("MAIL FROM")));
        reader.forget();
        assertEquals("<QUIT>", describe(reader.read(Octets.buffer("QUIT\r\n"))));
    }
}
