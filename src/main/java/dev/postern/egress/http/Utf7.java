package dev.postern.egress.http;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CoderResult;

/// UTF-7, which Java lacks and some old mailers still write: ASCII, with other characters as UTF-16
/// in base64 between `+` and `-`. For reading only; what is broken is passed over.
final class Utf7 extends Charset {

    private static final String DIGITS =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    Utf7() {
        super("UTF-7", new String[0]);
    }

    @Override
    public boolean contains(Charset other) {
        return false;
    }

    @Override
    public boolean canEncode() {
        return false;
    }

    @Override
    public CharsetEncoder newEncoder() {
        throw new UnsupportedOperationException("UTF-7 is for reading only");
    }

    @Override
    public CharsetDecoder newDecoder() {
        return new Decoder(this);
    }

    private static final class Decoder extends CharsetDecoder {

        private boolean shifted;
        private boolean justShifted;
        private int bits;
        private int bitCount;

        Decoder(Charset charset) {
            super(charset, 1, 1);
        }

        @Override
        protected void implReset() {
            shifted = false;
            bitCount = 0;
        }

        @Override
        protected CoderResult decodeLoop(ByteBuffer in, CharBuffer out) {
            while (in.hasRemaining()) {
                if (!out.hasRemaining()) {
                    return CoderResult.OVERFLOW;
                }
                char c = (char) (in.get() & 0xFF);
                if (shifted) {
                    shifted(c, out);
                } else if (c == '+') {
                    shifted = true;
                    justShifted = true;
                    bitCount = 0;
                } else {
                    out.put(c);
                }
            }
            return CoderResult.UNDERFLOW;
        }

        private void shifted(char c, CharBuffer out) {
            int digit = DIGITS.indexOf(c);
            if (digit >= 0) {
                bits = bits << 6 | digit;
                bitCount += 6;
                if (bitCount >= Character.SIZE) {
                    bitCount -= Character.SIZE;
                    out.put((char) (bits >> bitCount));
                }
            } else {
                shifted = false;
                if (c != '-') {
                    out.put(c);
                } else if (justShifted) {
                    out.put('+');
                }
            }
            justShifted = false;
        }
    }
}
