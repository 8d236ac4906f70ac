package dev.postern.egress.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/// Gathers a request's body into large pieces and holds its last octet back until [#commit].
final class CommitStream extends OutputStream {

    private static final int BUFFER_BYTES = 16 * 1024;

    private final OutputStream sink;
    private final Runnable beforeWrite;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int filled;
    private long octets;

    /// @param sink where the octets go
    /// @param beforeWrite is told before each write to the sink
    CommitStream(OutputStream sink, Runnable beforeWrite) {
        this.sink = sink;
        this.beforeWrite = beforeWrite;
    }

    /// The other side takes no more.
    static final class SinkFailure extends IOException {
        private static final long serialVersionUID = 1L;

        private final IOException failure;

        SinkFailure(IOException failure) {
            super(failure);
            this.failure = failure;
        }

        IOException failure() {
            return failure;
        }
    }

    /// Returns how many octets it was given.
    long octets() {
        return octets;
    }

    @Override
    public void write(int octet) throws IOException {
        if (filled == BUFFER_BYTES) {
            writeAllButLast();
        }
        buffer[filled++] = (byte) octet;
        octets++;
    }

    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        octets += length;
        int at = offset;
        int left = length;
        while (left > 0) {
            if (filled == BUFFER_BYTES) {
                writeAllButLast();
            }
            int some = Math.min(left, BUFFER_BYTES - filled);
            System.arraycopy(from, at, buffer, filled, some);
            filled += some;
            at += some;
            left -= some;
        }
    }

    /// Writes what is held but for the body's last octet.
    void writeAllButLast() throws SinkFailure {
        if (filled > 1) {
            give(0, filled - 1);
            buffer[0] = buffer[filled - 1];
            filled = 1;
        }
    }

    /// Writes the last octet.
    void commit() throws SinkFailure {
        give(0, filled);
        filled = 0;
    }

    private void give(int from, int to) throws SinkFailure {
        beforeWrite.run();
        try {
            sink.write(buffer, from, to - from);
        } catch (IOException e) {
            throw new SinkFailure(e);
        }
    }
}
