package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// The lines of a stream, one after the other. Of a line only so much is held as was asked for,
/// however long it is. A line ends with LF or CRLF; a CR alone is a character like any other.
final class MimeLines {

    private static final int FIRST_BYTES = 256;

    private final InputStream in;
    private byte[] held = new byte[FIRST_BYTES];
    private int length;
    private boolean ended = true;
    private boolean whole;
    private long start;
    private long position;
    private int breakOctets;
    private int breakBefore;

    MimeLines(InputStream in) {
        this.in = in;
    }

    /// Goes to the next line and holds its first octets.
    ///
    /// @param octets how many at most
    /// @return whether there is one
    boolean next(int octets) throws IOException {
        skip();
        start = position;
        breakBefore = breakOctets;
        breakOctets = 0;
        length = 0;
        ended = false;
        whole = false;
        more(octets);
        return position > start;
    }

    /// Holds more of the present line.
    ///
    /// @param octets how many at most, in all
    void more(int octets) throws IOException {
        while (!ended && length < octets) {
            int octet = in.read();
            position += octet < 0 ? 0 : 1;
            if (octet >= 0 && octet != '\n') {
                hold((byte) octet);
                continue;
            }
            ended = true;
            whole = true;
            boolean crlf = octet == '\n' && length > 0 && held[length - 1] == '\r';
            length -= crlf ? 1 : 0;
            breakOctets = octet < 0 ? 0 : crlf ? 2 : 1;
        }
    }

    private void hold(byte octet) {
        if (length == held.length) {
            held = Arrays.copyOf(held, 2 * length);
        }
        held[length++] = octet;
    }

    /// Goes to the end of the present line without holding more of it.
    private void skip() throws IOException {
        int last = length == 0 ? 0 : held[length - 1];
        while (!ended) {
            int octet = in.read();
            position += octet < 0 ? 0 : 1;
            if (octet < 0 || octet == '\n') {
                ended = true;
                breakOctets = octet < 0 ? 0 : last == '\r' ? 2 : 1;
            }
            last = octet;
        }
    }

    /// Returns where the present line begins, counted from the start of the stream.
    long start() {
        return start;
    }

    /// Returns where the next line begins, once the present one is held as a whole; at the end
    /// where the stream ends.
    long position() {
        return position;
    }

    /// Returns how many octets the line break before the present line has.
    int breakBefore() {
        return breakBefore;
    }

    /// Returns whether all of the line is held.
    boolean isWhole() {
        return whole;
    }

    /// Returns whether the line has nothing but its line break.
    boolean isEmpty() {
        return whole && length == 0;
    }

    /// Returns how many octets are held, the line break not counted.
    int length() {
        return length;
    }

    /// Returns a held octet; negative behind them.
    int octet(int at) {
        return at < length ? held[at] & 0xFF : -1;
    }

    /// Returns whether the held octets begin with these.
    boolean startsWith(byte[] octets) {
        return length >= octets.length
                && Arrays.equals(held, 0, octets.length, octets, 0, octets.length);
    }

    /// Returns whether all held octets from there on are blanks.
    boolean isBlankFrom(int from) {
        for (int i = from; i < length; i++) {
            if (held[i] != ' ' && held[i] != '\t') {
                return false;
            }
        }
        return true;
    }

    /// Returns held octets, an octet a character.
    String text(int from) {
        return new String(held, from, length - from, ISO_8859_1);
    }

    /// Returns the held octets without the blanks at their end.
    byte[] withoutLastBlanks() {
        int end = length;
        while (end > 0 && (held[end - 1] == ' ' || held[end - 1] == '\t')) {
            end--;
        }
        return Arrays.copyOf(held, end);
    }
}
