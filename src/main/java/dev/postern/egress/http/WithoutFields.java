package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.function.Predicate;

/// A message's octets without some of its header fields. The header section is kept in memory, the
/// body is not.
final class WithoutFields {

    private static final int HEADER_LIMIT_BYTES = 1024 * 1024;

    private final ContentCursor content;
    private final byte[] kept;
    private final long bodyStart;

    private WithoutFields(ContentCursor content, byte[] kept, long bodyStart) {
        this.content = content;
        this.kept = kept;
        this.bodyStart = bodyStart;
    }

    /// @param unwanted says of a field's name whether it goes
    /// @throws IOException when the content can't be read
    static WithoutFields of(ContentCursor content, Predicate<String> unwanted) throws IOException {
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        ContentCursor.Stretch in = content.whole();
        long position = 0;
        boolean drop = false;
        boolean inHeader = true;
        while (inHeader && position < HEADER_LIMIT_BYTES) {
            byte[] line = line(in);
            position += line.length;
            String text = new String(line, ISO_8859_1);
            if (!text.startsWith(" ") && !text.startsWith("\t")) {
                int colon = text.indexOf(':');
                drop = colon > 0 && unwanted.test(text.substring(0, colon).strip());
            }
            if (!drop) {
                kept.writeBytes(line);
            }
            inHeader = line.length > 0 && !text.equals("\r\n");
        }
        return new WithoutFields(content, kept.toByteArray(), position);
    }

    /// Returns a line with its line break; empty at the end.
    private static byte[] line(ContentCursor.Stretch in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet = in.read();
        while (octet >= 0) {
            line.write(octet);
            if (octet == '\n' || line.size() == HEADER_LIMIT_BYTES) {
                break;
            }
            octet = in.read();
        }
        return line.toByteArray();
    }

    /// Returns the fields that are kept.
    Fields fields() {
        try {
            return Fields.read(new ByteArrayInputStream(kept));
        } catch (IOException e) {
            throw new AssertionError("memory can be read", e);
        }
    }

    /// Returns the number of octets that are left.
    long lengthBytes() {
        return kept.length + content.sizeBytes() - bodyStart;
    }

    /// Returns what is left, from its start.
    InputStream open() {
        ContentCursor.Stretch body = content.whole();
        body.moveTo(bodyStart);
        return new SequenceInputStream(new ByteArrayInputStream(kept), body);
    }
}
