package dev.postern.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The file operations that the spool needs, injected so that tests can have a disk that fails.
/// Operations that meet a full disk throw [DiskFullException].
///
/// What is created is for this user alone, whatever the umask. A path whose last part is a symbolic
/// link is not followed.
public interface Disk {

    /// Creates a file that must not exist yet, for reading and writing.
    DiskFile create(Path file) throws IOException;

    /// Opens a file that exists, for reading only.
    DiskFile open(Path file) throws IOException;

    /// Opens a file that exists, for reading and writing.
    DiskFile openToWrite(Path file) throws IOException;

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

    /// Maps a file of that size, which must exist, into memory. The buffer lives until it is
    /// collected.
    ByteBuffer map(Path file, long sizeBytes) throws IOException;

    /// Locks a file, creating it where it is missing.
    ///
    /// @return what holds the lock until it is closed; null when another process has it
    @Nullable Closeable lock(Path file) throws IOException;
}
