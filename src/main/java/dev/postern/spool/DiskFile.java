package dev.postern.spool;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/// An open file of a [Disk]. Positions are octets from its start.
public interface DiskFile extends Closeable {

    /// Writes from `octets` at `position`, perhaps not all of them.
    ///
    /// @return how many were written, at least 1 when there were any
    int write(ByteBuffer octets, long position) throws IOException;

    /// Reads into `octets` from `position`.
    ///
    /// @return how many were read; -1 at the end
    int read(ByteBuffer octets, long position) throws IOException;

    /// Makes all that was written durable. After a failure nothing is known of what was written
    /// since the last success.
    void sync() throws IOException;

    /// Cuts the file.
    void truncate(long sizeBytes) throws IOException;

    /// Returns its length.
    long sizeBytes() throws IOException;

    /// Writes all of `octets`.
    default void writeFully(ByteBuffer octets, long position) throws IOException {
        long at = position;
        while (octets.hasRemaining()) {
            int written = write(octets, at);
            if (written <= 0) {
                throw new IOException("the disk wrote nothing and said nothing");
            }
            at += written;
        }
    }

    /// Fills `octets`.
    ///
    /// @throws EOFException when the file ends before
    default void readFully(ByteBuffer octets, long position) throws IOException {
        long at = position;
        while (octets.hasRemaining()) {
            int read = read(octets, at);
            if (read < 0) {
                throw new EOFException("the file ends at " + at);
            }
            at += read;
        }
    }
}
