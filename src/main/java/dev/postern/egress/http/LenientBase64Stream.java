package dev.postern.egress.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Objects;

/// Decodes base64 as it comes: what is no digit is passed over (RFC 2045 §6.8), padding ends its
/// line but not the data, since some put encoded pieces one after the other, and a last group may
/// lack its padding.
final class LenientBase64Stream extends FilterInputStream {

    private static final byte[] VALUES = new byte[256];
    private static final byte NONE = -1;
    private static final byte PADDING = -2;

    static {
        Arrays.fill(VALUES, NONE);
        String digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (int i = 0; i < digits.length(); i++) {
            VALUES[digits.charAt(i)] = (byte) i;
        }
        VALUES['='] = PADDING;
    }

    private final byte[] encoded = new byte[8 * 1024];
    private int encodedAt;
    private int encodedFilled;
    private int bits;
    private int bitCount;
    private boolean ended;

    LenientBase64Stream(InputStream in) {
        super(in);
    }

    @Override
    public int read() throws IOException {
        while (true) {
            int octet = encodedOctet();
            if (octet < 0) {
                return -1;
            }
            byte value = VALUES[octet];
            if (octet == '\n') {
                ended = false;
            } else if (value == PADDING) {
                ended = bitCount > 0 || ended;
                bitCount = 0;
            } else if (value != NONE && !ended) {
                bits = bits << 6 | value;
                bitCount += 6;
                if (bitCount >= 8) {
                    bitCount -= 8;
                    return bits >> bitCount & 0xFF;
                }
            }
        }
    }

    private int encodedOctet() throws IOException {
        if (encodedAt == encodedFilled) {
            encodedAt = 0;
            encodedFilled = Math.max(in.read(encoded), 0);
        }
        return encodedFilled == 0 ? -1 : encoded[encodedAt++] & 0xFF;
    }

    @Override
    public int read(byte[] to, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        int count = 0;
        while (count < length) {
            int octet = read();
            if (octet < 0) {
                break;
            }
            to[offset + count++] = (byte) octet;
        }
        return count == 0 && length > 0 ? -1 : count;
    }

    @Override
    public long skip(long wanted) throws IOException {
        long left = wanted;
        while (left > 0 && read() >= 0) {
            left--;
        }
        return wanted - left;
    }

    @Override
    public int available() {
        return 0;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
