package dev.postern.spool;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The file operations that the spool needs, injected so that tests can have a disk that fails.
/// Operations that meet a full disk throw [FullException].
///
/// What is created is for this user alone, whatever the umask. A path whose last part is a symbolic
/// link is not followed.
public interface Disk {

    /// Creates a file that must not exist yet, for reading and writing.
    File create(Path file) throws IOException;

    /// Opens a file that exists, for reading only.
    File open(Path file) throws IOException;

    /// Opens a file that exists, for reading and writing.
    File openToWrite(Path file) throws IOException;

    /// Opens a file for reading and writing, and creates it where it is missing.
    default File openOrCreate(Path directory, String name) throws IOException {
        Path file = directory.resolve(name);
        return list(directory).contains(name) ? openToWrite(file) : create(file);
    }

    /// Reads the first octets of a file, so many at most.
    default ByteBuffer read(Path file, int most) throws IOException {
        try (File open = open(file)) {
            ByteBuffer octets = ByteBuffer.allocate((int) Math.min(open.sizeBytes(), most));
            open.readFully(octets, 0);
            return octets.flip();
        }
    }

    /// Returns the length of a file.
    default long sizeBytes(Path file) throws IOException {
        try (File open = open(file)) {
            return open.sizeBytes();
        }
    }

    /// Returns the names in a directory, in no order.
    List<String> list(Path directory) throws IOException;

    /// Takes possession of a directory that is to be this user's alone, with all of the spool's
    /// that is in it; creates it where it is missing. This path alone may be a symbolic link.
    ///
    /// @return the path to go on with: where the link leads
    /// @throws SpoolException when it is another user's, or has in it what can't be ours
    Path claim(Path directory) throws IOException;

    /// Creates a directory and its parents where they are missing.
    void createDirectories(Path directory) throws IOException;

    /// Removes a file. What has it open can go on reading it.
    void delete(Path file) throws IOException;

    /// Makes the creations and removals in a directory durable.
    void syncDirectory(Path directory) throws IOException;

    /// Returns how many octets the file system of a directory has left for us.
    long freeBytes(Path directory) throws IOException;

    /// Maps a part of a file, which must be there, into memory. The buffer lives until it is
    /// collected.
    ByteBuffer map(Path file, long position, int sizeBytes) throws IOException;

    /// Locks a file, creating it where it is missing.
    ///
    /// @return what holds the lock until it is closed; null when another process has it
    @Nullable Closeable lock(Path file) throws IOException;

    /// An open file of a [Disk]. Positions are octets from its start.
    public interface File extends Closeable {

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

    /// The disk or the quota is used up; it may have room again later.
    public static final class FullException extends IOException {

        private static final long serialVersionUID = 1;

        public FullException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
