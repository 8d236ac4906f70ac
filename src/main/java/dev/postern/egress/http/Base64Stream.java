package dev.postern.egress.http;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Base64;
import java.util.Objects;

/// Another stream's octets in base64, without line breaks (RFC 4648 §4).
final class Base64Stream extends InputStream {

    private static final int GROUP_BYTES = 3;
    private static final int CHUNK_BYTES = GROUP_BYTES * 2048;

    private final InputStream in;
    private final byte[] plain = new byte[CHUNK_BYTES];
    private final byte[] encoded = new byte[encodedLength(CHUNK_BYTES)];
    private int at;
    private int filled;

    Base64Stream(InputStream in) {
        this.in = in;
    }

    /// Returns how long so many octets are in base64.
    static int encodedLength(int octets) {
        return Math.toIntExact(encodedLength((long) octets));
    }

    /// Returns how long so many octets are in base64.
    static long encodedLength(long octets) {
        return (octets + GROUP_BYTES - 1) / GROUP_BYTES * 4;
    }

    @Override
    public int read() throws IOException {
        return fill() ? encoded[at++] : -1;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int some = Math.min(length, filled - at);
        System.arraycopy(encoded, at, to, offset, some);
        at += some;
        return some;
    }

    private boolean fill() throws IOException {
        if (at < filled) {
            return true;
        }
        int octets = in.readNBytes(plain, 0, CHUNK_BYTES);
        byte[] group = octets == CHUNK_BYTES ? plain : Arrays.copyOf(plain, octets);
        filled = Base64.getEncoder().encode(group, encoded);
        at = 0;
        return filled > 0;
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
