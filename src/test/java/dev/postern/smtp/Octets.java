package dev.postern.smtp;

import dev.postern.smtp.ContentDecoder.ContentSink;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Octets as text, one Latin-1 character each, and a sink that collects them.
final class Octets implements ContentSink {
    private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

    @Override
    public void write(ByteBuffer octets) {
        byte[] copy = new byte[octets.remaining()];
        octets.get(copy);
        collected.writeBytes(copy);
    }

    String text() {
        return collected.toString(StandardCharsets.ISO_8859_1);
    }

    static byte[] of(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    static ByteBuffer buffer(String text) {
        return ByteBuffer.wrap(of(text));
    }

    /// The text with its invisible characters spelled out, for messages.
    static String visible(String text) {
        return text.replace("\r", "<CR>").replace("\n", "<LF>").replace("\0", "<NUL>");
    }
}
