package dev.postern.egress.smtp;

import dev.postern.mail.MessageContent;
import dev.postern.smtp.ContentSink;
import dev.postern.smtp.DotStuffer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;

/// Streams message content into a connection, dot-stuffed (RFC 5321 §4.5.2), up to but without the
/// final dot.
///
/// *Diagnostics.* Content that can't be read from where it is stored, or that was not made CRLF, is
/// no trouble of the next hop: it is thrown, as [UncheckedIOException] or `IllegalStateException`,
/// and the connection must be closed, because its next command would become content.
final class Content {

    private static final int CHUNK_BYTES = 16 * 1024;

    private final SmtpConnection connection;
    private final DotStuffer stuffer = new DotStuffer();
    private final ContentSink sink = this::give;

    Content(SmtpConnection connection) {
        this.connection = connection;
    }

    /// The connection broke while content was given to it.
    private static final class Lost extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final transient IOException broken;

        Lost(IOException broken) {
            super(broken);
            this.broken = broken;
        }
    }

    /// Puts all of it into the connection; the last octets may still be in the connection's buffer.
    ///
    /// @return false when the thread was interrupted on the way
    /// @throws IOException when the connection broke
    boolean stream(MessageContent content) throws IOException {
        byte[] chunk = new byte[Math.clamp(content.sizeBytes(), 1, CHUNK_BYTES)];
        try (InputStream in = open(content)) {
            for (int count = read(in, chunk); count >= 0; count = read(in, chunk)) {
                stuffer.stuff(ByteBuffer.wrap(chunk, 0, count), sink);
                if (Thread.currentThread().isInterrupted()) {
                    return false;
                }
            }
            return true;
        } catch (Lost lost) {
            throw lost.broken;
        }
    }

    /// Puts the final dot into the connection's buffer and sends all: the commit point.
    void finish() throws IOException {
        try {
            stuffer.finish(sink);
        } catch (Lost lost) {
            throw lost.broken;
        }
        connection.flush();
    }

    private void give(ByteBuffer octets) {
        try {
            if (octets.hasArray()) {
                int offset = octets.arrayOffset() + octets.position();
                connection.write(octets.array(), offset, octets.remaining());
            } else {
                byte[] copy = new byte[octets.remaining()];
                octets.get(copy);
                connection.write(copy, 0, copy.length);
            }
        } catch (IOException e) {
            throw new Lost(e);
        }
    }

    private static InputStream open(MessageContent content) {
        try {
            return content.open();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int read(InputStream in, byte[] chunk) {
        try {
            return in.read(chunk);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
