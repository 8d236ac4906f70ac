package dev.postern.spool;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Reads what an [OctetWriter] wrote. Octets that it can't have written give an
/// [IndexOutOfBoundsException] or an [IllegalArgumentException].
final class OctetReader {

    private final ByteBuffer octets;
    private int at;

    OctetReader(byte[] octets) {
        this.octets = ByteBuffer.wrap(octets);
    }

    int u8() {
        return octets.get(at++) & 0xFF;
    }

    int i32() {
        int value = octets.getInt(at);
        at += Integer.BYTES;
        return value;
    }

    long i64() {
        long value = octets.getLong(at);
        at += Long.BYTES;
        return value;
    }

    Instant time() {
        return Instant.ofEpochMilli(i64());
    }

    String text() {
        String text = textOrNull();
        if (text == null) {
            throw new IllegalArgumentException("a text is missing at " + at);
        }
        return text;
    }

    @Nullable String textOrNull() {
        int length = i32();
        if (length < 0) {
            return null;
        }
        if (length > octets.limit() - at) {
            throw new IndexOutOfBoundsException("a text of " + length + " octets at " + at);
        }
        String text = new String(octets.array(), at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }
}
