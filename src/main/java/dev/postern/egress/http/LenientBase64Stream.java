package dev.postern.egress.http;

import dev.postern.mail.OctetwiseStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Decodes base64 as it comes: what is no digit is passed over (RFC 2045 §6.8), padding ends its
/// line but not the data, since some put encoded pieces one after the other, and a last group may
/// lack its padding.
final class LenientBase64Stream extends OctetwiseStream {

    private static final byte[] VALUES = new byte[256];
    private static final byte NONE = -1;
    private static final byte PADDING = -2;

    /// How much of something is looked at to tell whether it is base64 at all.
    private static final int SAMPLE_BYTES = 1024;

    /// More octets than these that belong into no base64, and one in twenty, make it none.
    private static final int FOREIGN_LIMIT = 2;

    private static final int FOREIGN_RARITY = 20;

    static {
        Arrays.fill(VALUES, NONE);
        String digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (int i = 0; i < digits.length(); i++) {
            VALUES[digits.charAt(i)] = (byte) i;
        }
        VALUES['='] = PADDING;
    }

    private final InputStream in;
    private final byte[] encoded = new byte[8 * 1024];
    private int encodedAt;
    private int encodedFilled;
    private int bits;
    private int bitCount;
    private boolean ended;

    LenientBase64Stream(InputStream in) {
        this.in = in;
    }

    /// Returns whether this can be base64. Some say so of text that is none: taken for base64 it
    /// would be lost.
    static boolean isPlausible(InputStream in) throws IOException {
        byte[] sample = in.readNBytes(SAMPLE_BYTES);
        int foreign = 0;
        for (int i = 0; i < sample.length; i++) {
            foreign += isForeign(sample, i) ? 1 : 0;
        }
        return foreign <= FOREIGN_LIMIT || foreign * FOREIGN_RARITY <= sample.length;
    }

    /// Blanks are foreign only between two digits: around a line they do no harm.
    private static boolean isForeign(byte[] sample, int at) {
        return switch (sample[at]) {
            case '\r', '\n' -> false;
            case ' ', '\t' ->
                    at > 0
                            && at + 1 < sample.length
                            && VALUES[sample[at - 1] & 0xFF] >= 0
                            && VALUES[sample[at + 1] & 0xFF] >= 0;
            default -> VALUES[sample[at] & 0xFF] == NONE;
        };
    }

    @Override
    protected int nextOctet() throws IOException {
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
    public void close() throws IOException {
        in.close();
    }
}
