package dev.postern.spool;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Writes numbers and texts into an array that grows.
final class OctetWriter {

    private byte[] octets = new byte[512];
    private int length;

    OctetWriter u8(int value) {
        assert value >= 0 && value <= 255 : value;
        room(1);
        octets[length++] = (byte) value;
        return this;
    }

    OctetWriter i32(int value) {
        room(Integer.BYTES);
        for (int shift = 24; shift >= 0; shift -= 8) {
            octets[length++] = (byte) (value >>> shift);
        }
        return this;
    }

    OctetWriter i64(long value) {
        return i32((int) (value >>> 32)).i32((int) value);
    }

    OctetWriter time(Instant value) {
        return i64(value.toEpochMilli());
    }

    OctetWriter text(@Nullable String value) {
        if (value == null) {
            return i32(-1);
        }
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        i32(text.length);
        room(text.length);
        System.arraycopy(text, 0, octets, length, text.length);
        length += text.length;
        return this;
    }

    byte[] octets() {
        return Arrays.copyOf(octets, length);
    }

    private void room(int more) {
        if (length + more > octets.length) {
            octets = Arrays.copyOf(octets, Math.max(octets.length * 2, length + more));
        }
    }
}
