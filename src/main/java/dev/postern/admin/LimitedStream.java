package dev.postern.admin;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// A stream that breaks off when more comes than may.
final class LimitedStream extends FilterInputStream {

    private long leftBytes;

    /// More came than may.
    static final class Exceeded extends IOException {
        private static final long serialVersionUID = 1;

        Exceeded(long limitBytes) {
            super("more than " + limitBytes + " bytes");
        }
    }

    private final long limitBytes;

    LimitedStream(InputStream in, long limitBytes) {
        super(in);
        this.limitBytes = limitBytes;
        this.leftBytes = limitBytes;
    }

    @Override
    public int read() throws IOException {
        int octet = super.read();
        if (octet >= 0) {
            count(1);
        }
        return octet;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int read = super.read(buffer, offset, length);
        if (read > 0) {
            count(read);
        }
        return read;
    }

    @Override
    public boolean markSupported() {
        return false;
    }

    private void count(int read) throws IOException {
        leftBytes -= read;
        if (leftBytes < 0) {
            throw new Exceeded(limitBytes);
        }
    }
}
