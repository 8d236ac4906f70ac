package dev.postern.listener;

import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.smtp.Reply;
import java.nio.ByteBuffer;

/// A chunk of BDAT that was refused: its octets come all the same, and are thrown away (RFC 3030
/// §2).
final class RefusedChunk {

    private final BdatDecoder decoder = new BdatDecoder(BareNewline.NORMALIZE, 0);
    private final Reply reply;
    private final Protocol.State after;

    /// Begins to throw away.
    ///
    /// @param reply why it was refused, to be said behind it
    /// @param after the state behind it
    RefusedChunk(Command.Bdat command, Reply reply, Protocol.State after) {
        this.reply = reply;
        this.after = after;
        decoder.begin(command);
    }

    Reply reply() {
        return reply;
    }

    Protocol.State after() {
        return after;
    }

    /// Throws octets away.
    ///
    /// @return whether the chunk's end was reached
    boolean swallow(ByteBuffer in) {
        return decoder.decode(in, ContentSink.DISCARD);
    }
}
