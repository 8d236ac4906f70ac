package dev.postern.smtp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Cuts what a client sends into command lines. Only CRLF ends one (RFC 5321 §2.3.8).
///
/// Memory is at most one line of [SmtpLimits#AUTH_LINE_OCTETS], and mostly 512 octets: what is
/// longer is thrown away up to its end and reported once, there.
public final class LineReader {
    /// What was read.
    public sealed interface Line {
        /// A line that can be parsed.
        ///
        /// @param octets the line without its CRLF; it may hold anything, bare CRs too
        @SuppressWarnings("ArrayRecordComponent")
        record Whole(byte[] octets) implements Line {}

        /// A line that ended in LF without CR. What came before is not given: to run it is to be
        /// smuggled.
        record BareLineFeed() implements Line {}

        /// A line over the limit; all of it is gone.
        ///
        /// @param reply the answer to it as a command; it may close the session
        record TooLong(Reply reply) implements Line {}
    }

    private static final byte CR = '\r';
    private static final byte LF = '\n';

    private byte[] kept = new byte[SmtpLimits.BASE_COMMAND_LINE_OCTETS];
    private int length;
    private boolean tooLong;
    private boolean afterCr;

    /// Reads up to the end of a line; what is pipelined behind it stays unread.
    ///
    /// @return the line, or null if `in` holds no end of one: it is then used up
    public @Nullable Line read(ByteBuffer in) {
        while (in.hasRemaining()) {
            byte octet = in.get();
            if (octet == LF) {
                return end();
            }
            afterCr = octet == CR;
            keep(octet);
        }
        return null;
    }

    private void keep(byte octet) {
        if (length == SmtpLimits.AUTH_LINE_OCTETS - 1) {
            tooLong = true;
            return;
        }
        if (length == kept.length) {
            kept = Arrays.copyOf(kept, Math.min(2 * length, SmtpLimits.AUTH_LINE_OCTETS));
        }
        kept[length++] = octet;
    }

    private Line end() {
        Line line;
        if (!afterCr) {
            line = new Line.BareLineFeed();
        } else if (tooLong) {
            line = new Line.TooLong(CommandParser.tooLong(kept));
        } else {
            line = new Line.Whole(Arrays.copyOf(kept, length - 1));
        }
        forget();
        return line;
    }

    /// Forgets what was read of an unfinished line, and gives back memory.
    public void forget() {
        length = 0;
        tooLong = false;
        afterCr = false;
        if (kept.length > SmtpLimits.BASE_COMMAND_LINE_OCTETS) {
            kept = new byte[SmtpLimits.BASE_COMMAND_LINE_OCTETS];
        }
    }

    /// Returns the octets kept beyond those that every reader has.
    public int extraOctets() {
        return kept.length - SmtpLimits.BASE_COMMAND_LINE_OCTETS;
    }
}
