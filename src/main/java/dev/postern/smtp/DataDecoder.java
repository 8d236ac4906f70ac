package dev.postern.smtp;

import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentSink;
import java.nio.ByteBuffer;

/// The content that follows DATA (RFC 5321 §4.1.1.4, §4.5.2): finds its end, takes the stuffed dots
/// out, makes every newline CRLF.
///
/// Only `CRLF.CRLF` ends the content; the CRLF of the DATA line counts as the first one, so `.CRLF`
/// at once is an empty message. A dot is removed only directly after CRLF (or at the start), and
/// not when a bare LF or CR follows it; a dot after a bare LF or CR is content. So no sequence that
/// another server might take for an end survives as one: it is content here, and [DotStuffer]
/// stuffs it on the way out.
///
/// | after        | CR           | LF                  | dot           | other         |
/// |--------------|--------------|---------------------|---------------|---------------|
/// | `LINE_START` | `CR`         | CRLF, `TEXT`        | `DOT`         | give, `TEXT`  |
/// | `TEXT`       | `CR`         | CRLF, `TEXT`        | give          | give          |
/// | `CR`         | space, again | CRLF, `LINE_START`  | space, again  | space, again  |
/// | `DOT`        | `DOT_CR`     | dot, again          | drop, again   | drop, again   |
/// | `DOT_CR`     | dot, space, again | `ENDED`        | dot, space, again | dot, space, again |
///
/// "Again" means that the octet is then looked at in `TEXT`.
public final class DataDecoder extends ContentDecoder {
    private static final ByteBuffer DOT_OCTET = constant(DOT);

    /// A decoder for one message of at most `limitOctets` decoded octets.
    public DataDecoder(BareNewline policy, long limitOctets) {
        super(policy, limitOctets);
    }

    /// Decodes what is in `in`, up to the end of the content: what is pipelined behind it stays
    /// unread.
    ///
    /// @return whether the end was reached; the decoder is then spent
    @Override
    public boolean decode(ByteBuffer in, ContentSink out) {
        ByteBuffer view = in.duplicate();
        while (previous != Previous.ENDED && in.hasRemaining()) {
            switch (previous) {
                case LINE_START, TEXT -> text(in, view, out);
                case CR -> afterCr(in, out);
                case DOT -> afterDot(in, out);
                case DOT_CR -> afterDotCr(in, out);
                case ENDED -> throw new AssertionError();
            }
        }
        return previous == Previous.ENDED;
    }

    /// Gives as much as possible in one piece: ordinary lines with their CRLFs. Stops at whatever
    /// needs a second look, with `in` behind it.
    private void text(ByteBuffer in, ByteBuffer view, ContentSink out) {
        int from = in.position();
        int to = in.limit();
        int at = from;
        while (at < to && !(previous == Previous.LINE_START && in.get(at) == DOT)) {
            at = textEnd(in, at, to);
            if (at + 1 < to && in.get(at) == CR && in.get(at + 1) == LF) {
                at += 2;
                endLine();
                previous = Previous.LINE_START;
            } else {
                previous = Previous.TEXT;
                break;
            }
        }
        give(view, from, at, out);
        in.position(at);
        if (at < to) {
            special(in.get(), in.hasRemaining(), out);
        }
    }

    private void special(byte octet, boolean more, ContentSink out) {
        if (octet == LF) {
            bareLineFeed(out);
            previous = Previous.TEXT;
        } else if (octet == DOT) {
            previous = Previous.DOT;
        } else {
            carriageReturn(more, out);
        }
    }

    private void afterDot(ByteBuffer in, ContentSink out) {
        byte octet = next(in);
        if (octet == CR) {
            in.get();
            previous = Previous.DOT_CR;
            return;
        }
        if (octet == LF) {
            keepDot(out);
        }
        previous = Previous.TEXT;
    }

    private void afterDotCr(ByteBuffer in, ContentSink out) {
        if (next(in) == LF) {
            in.get();
            previous = Previous.ENDED;
            return;
        }
        keepDot(out);
        bareCarriageReturn(out);
        previous = Previous.TEXT;
    }

    private void keepDot(ContentSink out) {
        lengthenLine(1);
        give(DOT_OCTET, out);
    }
}
