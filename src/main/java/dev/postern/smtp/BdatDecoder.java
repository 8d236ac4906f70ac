package dev.postern.smtp;

import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentFault;
import dev.postern.smtp.ContentDecoder.ContentSink;
import java.nio.ByteBuffer;

/// The content that comes in BDAT chunks (RFC 3030 §2): counted, never dot-stuffed. Newlines are
/// made CRLF as in DATA, over the chunks' borders too: a CR that ends one and an LF that begins the
/// next are one CRLF. A missing last CRLF is added, since every way out needs one.
public final class BdatDecoder extends ContentDecoder {
    private long remainingOctets;
    private boolean last;

    /// A decoder for one message of at most `limitOctets` decoded octets.
    public BdatDecoder(BareNewline policy, long limitOctets) {
        super(policy, limitOctets);
    }

    /// Begins a chunk. One that takes the message over its limit is at fault before its first
    /// octet, and is still to be decoded (thrown away) to its end.
    public void begin(Command.Bdat chunk) {
        if (remainingOctets > 0 || last) {
            throw new IllegalStateException("a chunk is begun before the last one ended");
        }
        remainingOctets = chunk.sizeOctets();
        last = chunk.last();
        if (wouldExceed(remainingOctets)) {
            blame(ContentFault.OVER_SIZE);
        }
    }

    /// Decodes the chunk's octets that are in `in`; what is pipelined behind them stays unread.
    /// Call it once after [#begin] even if `in` is empty: a chunk may be of no octets.
    ///
    /// @return whether the chunk's end was reached
    @Override
    public boolean decode(ByteBuffer in, ContentSink out) {
        int whole = in.limit();
        if (in.remaining() > remainingOctets) {
            in.limit(in.position() + (int) remainingOctets);
        }
        remainingOctets -= in.remaining();
        content(in, out);
        in.limit(whole);
        if (remainingOctets > 0) {
            return false;
        }
        if (last) {
            finish(out);
        }
        return true;
    }

    private void content(ByteBuffer in, ContentSink out) {
        ByteBuffer view = in.duplicate();
        while (in.hasRemaining()) {
            if (previous == Previous.CR) {
                afterCr(in, out);
            } else {
                text(in, view, out);
            }
        }
    }

    private void text(ByteBuffer in, ByteBuffer view, ContentSink out) {
        int from = in.position();
        int to = in.limit();
        int at = textEnd(in, from, to);
        while (at + 1 < to && in.get(at) == CR && in.get(at + 1) == LF) {
            endLine();
            at = textEnd(in, at + 2, to);
        }
        // Every LF before `at` is part of a CRLF.
        boolean ended = at > from && in.get(at - 1) == LF;
        previous = ended ? Previous.LINE_START : Previous.TEXT;
        give(view, from, at, out);
        in.position(at);
        if (at < to) {
            if (in.get() == LF) {
                bareLineFeed(out);
                previous = Previous.LINE_START;
            } else {
                carriageReturn(in.hasRemaining(), out);
            }
        }
    }

    /// Settles what is open at the end of the last chunk. Content of no octets at all stays so.
    private void finish(ContentSink out) {
        if (previous == Previous.CR) {
            bareCarriageReturn(out);
            previous = Previous.TEXT;
        }
        if (previous == Previous.TEXT) {
            endLineWithCrlf(out);
            previous = Previous.LINE_START;
        }
    }
}
