package dev.postern.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The real disk.
public final class FileDisk implements Disk {

    /// With less than this left a failed write is taken for a full disk, whatever words the system
    /// has for it.
    private static final long FULL_BELOW_BYTES = 64 * 1024;

    @Override
    public DiskFile create(Path file) throws IOException {
        return new ChannelFile(
                file,
                channel(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE));
    }

    @Override
    public DiskFile open(Path file) throws IOException {
        return new ChannelFile(file, channel(file, StandardOpenOption.READ));
    }

    @Override
    public DiskFile openToWrite(Path file) throws IOException {
        return new ChannelFile(
                file, channel(file, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /// Opens whatever the spool opens: never through a link, and for this user alone if it is made.
    private static FileChannel channel(Path file, OpenOption... options) throws IOException {
        Set<OpenOption> all = new HashSet<>(Set.of(options));
        all.add(LinkOption.NOFOLLOW_LINKS);
        try {
            return FileChannel.open(file, all, OwnDirectory.FILE);
        } catch (IOException e) {
            if (Files.isSymbolicLink(file)) {
                throw new IOException(file + " is a symbolic link: remove it", e);
            }
            throw fullOr(e, file);
        }
    }

    @Override
    public Path claim(Path directory) throws IOException {
        return OwnDirectory.claim(directory);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Override
    public void createDirectories(Path directory) throws IOException {
        OwnDirectory.create(directory);
    }

    @Override
    public void delete(Path file) throws IOException {
        Files.delete(file);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        try (FileChannel channel = channel(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long freeBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public ByteBuffer map(Path file, long sizeBytes) throws IOException {
        try (FileChannel channel =
                channel(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, sizeBytes);
        }
    }

    @Override
    public @Nullable Closeable lock(Path file) throws IOException {
        FileChannel channel = channel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException _) {
            // This process has it already: as good as another one.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        return lock == null ? null : channel;
    }

    private static IOException fullOr(IOException trouble, Path file) {
        String words = String.valueOf(trouble.getMessage()).toLowerCase(Locale.ROOT);
        boolean full = words.contains("no space left") || words.contains("quota exceeded");
        if (!full) {
            return trouble;
        }
        return new DiskFullException("no room for " + file + ": " + trouble.getMessage(), trouble);
    }

    private record ChannelFile(Path path, FileChannel channel) implements DiskFile {

        @Override
        public int write(ByteBuffer octets, long position) throws IOException {
            try {
                return channel.write(octets, position);
            } catch (IOException e) {
                throw isNearlyFull()
                        ? new DiskFullException("no room in " + path, e)
                        : fullOr(e, path);
            }
        }

        private boolean isNearlyFull() throws IOException {
            return Files.getFileStore(path).getUsableSpace() < FULL_BELOW_BYTES;
        }

        @Override
        public int read(ByteBuffer octets, long position) throws IOException {
            return channel.read(octets, position);
        }

        @Override
        public void sync() throws IOException {
            channel.force(false);
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            channel.truncate(sizeBytes);
        }

        @Override
        public long sizeBytes() throws IOException {
            return channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
