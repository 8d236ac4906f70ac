package dev.postern.smtp;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Message content on its way in, whatever its framing: what [DataDecoder] and [BdatDecoder] share.
///
/// Newlines are made CRLF here, at intake, so that the spool, the raw view and every egress agree
/// about where lines are, and no bare CR or LF ever leaves (SMTP smuggling). A CR is held back
/// until the octet after it is known, at most one buffer later; nothing else is kept, so memory is
/// constant.
///
/// Once the content has a [#fault()] the sink gets nothing more, but reading goes on to the true
/// end: to stop earlier would have the rest of the message read as commands.
public abstract sealed class ContentDecoder permits DataDecoder, BdatDecoder {
    static final byte CR = '\r';
    static final byte LF = '\n';
    static final byte DOT = '.';

    private static final ByteBuffer CRLF_OCTETS = constant(CR, LF);
    private static final ByteBuffer SPACE_OCTET = constant((byte) ' ');

    /// What was just seen, as far as it matters; the last three within DATA only.
    enum Previous {
        LINE_START,
        TEXT,
        CR,
        DOT,
        DOT_CR,
        ENDED
    }

    Previous previous = Previous.LINE_START;
    private final BareNewline policy;
    private final long limitOctets;
    private long octets;
    private long lineOctets;
    private long longestLineOctets;
    private boolean nonAscii;
    private @Nullable ContentFault fault;

    ContentDecoder(BareNewline policy, long limitOctets) {
        if (limitOctets < 0) {
            throw new IllegalArgumentException("limit (" + limitOctets + ") must not be negative");
        }
        this.policy = policy;
        this.limitOctets = limitOctets;
    }

    /// Octets of the decoded content so far, also those that the sink did not get because of a
    /// fault.
    public final long octets() {
        return octets;
    }

    /// Whether an octet of 128 or more was seen: the content needs 8BITMIME (RFC 6152).
    public final boolean isNonAscii() {
        return nonAscii;
    }

    /// The longest line so far, without its CRLF.
    public final long longestLineOctets() {
        return Math.max(longestLineOctets, lineOctets);
    }

    /// The first reason to refuse the content, or null.
    public final @Nullable ContentFault fault() {
        return fault;
    }

    /// Decodes the octets of `in` that are content; what is pipelined behind them stays unread.
    ///
    /// @return whether the end was reached, of the content or of the chunk
    public abstract boolean decode(ByteBuffer in, ContentSink out);

    static ByteBuffer constant(byte... octets) {
        return ByteBuffer.wrap(octets).asReadOnlyBuffer();
    }

    /// Gives `in` from `from` to `to` to the sink, through `view`, which shares its octets.
    final void give(ByteBuffer view, int from, int to, ContentSink out) {
        if (from == to) {
            return;
        }
        octets += to - from;
        if (octets > limitOctets) {
            blame(ContentFault.OVER_SIZE);
        }
        if (fault == null) {
            out.write(view.limit(to).position(from));
        }
    }

    /// Gives octets that are not in the buffer at hand, or no longer.
    final void give(ByteBuffer constant, ContentSink out) {
        ByteBuffer view = constant.duplicate();
        give(view, view.position(), view.limit(), out);
    }

    final void blame(ContentFault found) {
        if (fault == null) {
            fault = found;
        }
    }

    /// Whether `more` octets would go over the limit; written so that it cannot overflow.
    final boolean wouldExceed(long more) {
        return more > limitOctets - octets;
    }

    /// Ends a line: whose CRLF was, or will be, given by the caller.
    final void endLine() {
        longestLineOctets = Math.max(longestLineOctets, lineOctets);
        lineOctets = 0;
    }

    final void endLineWithCrlf(ContentSink out) {
        endLine();
        give(CRLF_OCTETS, out);
    }

    final void bareLineFeed(ContentSink out) {
        noteBareNewline();
        endLineWithCrlf(out);
    }

    final void bareCarriageReturn(ContentSink out) {
        noteBareNewline();
        lengthenLine(1);
        give(SPACE_OCTET, out);
    }

    /// Settles a CR whose next octet may be in the next buffer.
    final void carriageReturn(boolean more, ContentSink out) {
        if (more) {
            bareCarriageReturn(out);
        }
        previous = more ? Previous.TEXT : Previous.CR;
    }

    final void afterCr(ByteBuffer in, ContentSink out) {
        if (next(in) == LF) {
            in.get();
            endLineWithCrlf(out);
            previous = Previous.LINE_START;
        } else {
            bareCarriageReturn(out);
            previous = Previous.TEXT;
        }
    }

    static byte next(ByteBuffer in) {
        return in.get(in.position());
    }

    private void noteBareNewline() {
        if (policy == BareNewline.REJECT) {
            blame(ContentFault.BARE_NEWLINE);
        }
    }

    final void lengthenLine(int more) {
        lineOctets += more;
    }

    /// The index of the first CR or LF of `in` from `from` on, or `to`. The octets before it are
    /// counted as part of the line. This loop sees every octet of every message, and the first
    /// compiler makes no more of it than it says: one comparison for most octets, four a round.
    final int textEnd(ByteBuffer in, int from, int to) {
        if (!in.hasArray()) {
            return textEndOffHeap(in, from, to);
        }
        byte[] octets = in.array();
        int shift = in.arrayOffset();
        int at = shift + from;
        int end = shift + to;
        boolean high = false;
        while (at < end) {
            while (at + 3 < end
                    && octets[at] > CR
                    && octets[at + 1] > CR
                    && octets[at + 2] > CR
                    && octets[at + 3] > CR) {
                at += 4;
            }
            byte octet = at < end ? octets[at] : CR;
            if (octet == CR || octet == LF) {
                break;
            }
            high |= octet < 0;
            at++;
        }
        nonAscii |= high;
        lengthenLine(at - shift - from);
        return at - shift;
    }

    private int textEndOffHeap(ByteBuffer in, int from, int to) {
        int at = from;
        while (at < to && in.get(at) != CR && in.get(at) != LF) {
            nonAscii |= in.get(at) < 0;
            at++;
        }
        lengthenLine(at - from);
        return at;
    }

    /// The index of the first CR or LF of an array from `from` on, or `to`.
    static int newline(byte[] octets, int from, int to) {
        int at = from;
        while (at < to && octets[at] != CR && octets[at] != LF) {
            at++;
        }
        return at;
    }

    /// What becomes of a CR or LF in message content that is not part of a CRLF (RFC 5321 §2.3.8
    /// forbids both; `curl -T`, Vert.x and emailjs send them all the same).
    public enum BareNewline {
        /// LF becomes CRLF, CR becomes a space.
        NORMALIZE,
        /// The message is read to its true end and refused.
        REJECT
    }

    /// Why message content that was read to its end must be refused.
    public enum ContentFault {
        /// More octets than the listener takes (RFC 1870 §6.3).
        OVER_SIZE,
        /// A bare CR or LF under [BareNewline#REJECT].
        BARE_NEWLINE
    }

    /// Where streamed message content goes.
    @FunctionalInterface
    public interface ContentSink {
        /// Throws everything away.
        ContentSink DISCARD = _ -> {};

        /// Takes the remaining octets of `octets`. The buffer is a view that the caller changes as
        /// soon as this returns: what is to be kept must be copied.
        void write(ByteBuffer octets);
    }
}
