package dev.postern.smtp;

import dev.postern.smtp.ContentDecoder.ContentSink;
import java.nio.ByteBuffer;

/// Message content on its way out after DATA (RFC 5321 §4.5.2): a dot that begins a line gets
/// another one before it, and [#finish] adds the end.
///
/// *Diagnostics.* The content was made CRLF at intake. A bare CR or LF in it now is our mistake,
/// and to send it could split the message at the next hop: `IllegalStateException`, before that
/// octet is given.
public final class DotStuffer {
    private enum Previous {
        LINE_START,
        TEXT,
        CR
    }

    private static final ByteBuffer DOT_OCTET = ContentDecoder.constant(ContentDecoder.DOT);
    private static final ByteBuffer END_OF_LINE =
            ContentDecoder.constant(ContentDecoder.CR, ContentDecoder.LF);
    private static final ByteBuffer END_OF_CONTENT =
            ContentDecoder.constant(ContentDecoder.DOT, ContentDecoder.CR, ContentDecoder.LF);

    private Previous previous = Previous.LINE_START;

    /// Gives all of `in` to the sink, stuffed; a CR at its end is given once the LF after it has
    /// come.
    public void stuff(ByteBuffer in, ContentSink out) {
        ByteBuffer view = in.duplicate();
        int from = in.position();
        int to = in.limit();
        if (previous == Previous.CR && from < to) {
            expectLineFeed(in.get(from++));
            give(END_OF_LINE, out);
            previous = Previous.LINE_START;
        }
        int at = from;
        while (at < to) {
            byte octet = in.get(at);
            if (octet == ContentDecoder.DOT && previous == Previous.LINE_START) {
                give(view, from, at, out);
                give(DOT_OCTET, out);
                from = at;
            }
            previous = after(octet);
            at++;
            if (previous == Previous.TEXT && in.hasArray()) {
                int shift = in.arrayOffset();
                at = ContentDecoder.newline(in.array(), shift + at, shift + to) - shift;
            }
        }
        give(view, from, previous == Previous.CR ? to - 1 : to, out);
        in.position(to);
    }

    private Previous after(byte octet) {
        if (octet == ContentDecoder.LF) {
            if (previous != Previous.CR) {
                throw new IllegalStateException("a bare LF in content that was normalised");
            }
            return Previous.LINE_START;
        }
        if (previous == Previous.CR) {
            expectLineFeed(octet);
        }
        return octet == ContentDecoder.CR ? Previous.CR : Previous.TEXT;
    }

    private static void expectLineFeed(byte octet) {
        if (octet != ContentDecoder.LF) {
            throw new IllegalStateException("a bare CR in content that was normalised");
        }
    }

    /// Gives the end of the content, `. CRLF`, with a CRLF before it should the last line lack one.
    public void finish(ContentSink out) {
        if (previous == Previous.CR) {
            throw new IllegalStateException("a bare CR at the end of content that was normalised");
        }
        if (previous == Previous.TEXT) {
            give(END_OF_LINE, out);
        }
        previous = Previous.LINE_START;
        give(END_OF_CONTENT, out);
    }

    private static void give(ByteBuffer view, int from, int to, ContentSink out) {
        if (from < to) {
            out.write(view.limit(to).position(from));
        }
    }

    private static void give(ByteBuffer constant, ContentSink out) {
        out.write(constant.duplicate());
    }
}
