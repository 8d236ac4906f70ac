package dev.postern.spool;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The spool's directory beside its segments:
///
/// ```
///  lock      locked while a process has the spool
///  owner     says which
///  format    the version of the format and the spool's mark (see RecordHeader)
///  running   there from a start to a clean stop; says which boot of the machine that was
///  preparing what is being read to be sent (see Preparations)
///  corrupt/  octets that were found damaged, with a note each
///  endpoint  where the forwarder listens, and its drafts (`submit` writes it)
/// ```
///
/// Whatever has another name than [#isOurs] tells is somebody else's, who has the directory too.
final class SpoolHome implements Closeable {

    static final String CORRUPT = "corrupt";

    /// Locked, and never opened for anything else: on POSIX systems, closing any descriptor of a
    /// file ends the locks that the process has on it.
    private static final String LOCK = "lock";

    /// Says whose the spool is: the process's id.
    private static final String OWNER = "owner";

    private static final String FORMAT = "format";
    private static final String RUNNING = "running";
    private static final String ENDPOINT = "endpoint";
    private static final String DRAFT_SUFFIX = ".new";

    private static final Set<String> FIXED =
            Set.of(
                    CORRUPT,
                    LOCK,
                    OWNER,
                    FORMAT,
                    RUNNING,
                    ENDPOINT,
                    Catalogue.NAME,
                    Preparations.NAME);

    private static final int MAX_FILE_BYTES = 4096;
    private static final Pattern FORMAT_TEXT =
            Pattern.compile("postern spool\nversion (\\d{1,6})\nmark ([0-9a-f]{8})\n");

    private final Disk disk;
    private final Path directory;
    private final Closeable lock;

    /// How the run before this one ended.
    enum LastStop {
        CLEAN,
        /// The process died, the machine went on: what was written is there.
        PROCESS,
        /// The machine died, or may have: what was not synced may be gone.
        MACHINE
    }

    private SpoolHome(Disk disk, Path directory, Closeable lock) {
        this.disk = disk;
        this.directory = directory;
        this.lock = lock;
    }

    /// Takes possession of a spool directory.
    ///
    /// @param configured the directory, or a link to it
    /// @throws SpoolException when another process has it, or it can't be used
    static SpoolHome take(Disk disk, Path configured, long pid) throws SpoolException {
        Path directory = configured;
        try {
            directory = disk.claim(configured);
            Closeable lock = disk.lock(directory.resolve(LOCK));
            if (lock == null) {
                throw SpoolException.unusable(
                        "spool "
                                + directory
                                + " is used by process "
                                + owner(disk, directory)
                                + ": stop that one or set another spool.path",
                        null);
            }
            SpoolHome home = new SpoolHome(disk, directory, lock);
            home.write(OWNER, pid + "\n");
            return home;
        } catch (SpoolException e) {
            throw e;
        } catch (IOException e) {
            throw SpoolException.unusable(
                    "spool "
                            + directory
                            + " can't be written ("
                            + e
                            + "): make it a directory that this user may write, or set spool.path",
                    e);
        }
    }

    /// Returns whether the spool gives this name to something in its directory.
    static boolean isOurs(String name) {
        return FIXED.contains(name)
                || Segment.numberOf(name).isPresent()
                || name.startsWith(StateFiles.PREFIX)
                || (name.startsWith(ENDPOINT) && name.endsWith(DRAFT_SUFFIX));
    }

    /// Returns where it is.
    Path directory() {
        return directory;
    }

    /// Returns how the run before this one ended.
    LastStop lastStop(String bootId) throws IOException {
        if (!disk.list(directory).contains(RUNNING)) {
            return LastStop.CLEAN;
        }
        String before = read(disk, directory.resolve(RUNNING)).strip();
        return !bootId.isEmpty() && before.equals(bootId) ? LastStop.PROCESS : LastStop.MACHINE;
    }

    /// Notes that the spool is in use.
    void running(String bootId) throws IOException {
        write(RUNNING, bootId + "\n");
    }

    /// Notes that all is on disk.
    void stopped() throws IOException {
        disk.delete(directory.resolve(RUNNING));
        disk.syncDirectory(directory);
    }

    /// Returns the spool's mark; null when there is none that can be read.
    ///
    /// @throws SpoolException when the spool is of a newer program
    @Nullable Integer mark() throws IOException {
        if (!disk.list(directory).contains(FORMAT)) {
            return null;
        }
        Matcher text = FORMAT_TEXT.matcher(read(disk, directory.resolve(FORMAT)));
        if (!text.matches()) {
            return null;
        }
        checkVersion(Integer.parseInt(text.group(1)), directory);
        return Integer.parseUnsignedInt(text.group(2), 16);
    }

    static void checkVersion(int version, Path directory) throws SpoolException {
        if (version > SegmentHeader.VERSION) {
            throw SpoolException.unusable(
                    "spool "
                            + directory
                            + " was written by a newer Postern (format "
                            + version
                            + ", this one knows "
                            + SegmentHeader.VERSION
                            + "): run that one or set another spool.path",
                    null);
        }
    }

    void mark(int mark) throws IOException {
        String hex = String.format("%08x", mark);
        write(FORMAT, "postern spool\nversion " + SegmentHeader.VERSION + "\nmark " + hex + "\n");
    }

    private void write(String name, String text) throws IOException {
        List<String> names = disk.list(directory);
        Path path = directory.resolve(name);
        try (DiskFile file = names.contains(name) ? disk.openToWrite(path) : disk.create(path)) {
            file.truncate(0);
            file.writeFully(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)), 0);
            file.sync();
        }
        disk.syncDirectory(directory);
    }

    private static String owner(Disk disk, Path directory) throws IOException {
        return disk.list(directory).contains(OWNER)
                ? read(disk, directory.resolve(OWNER)).strip()
                : "(unknown)";
    }

    private static String read(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path)) {
            ByteBuffer octets =
                    ByteBuffer.allocate((int) Math.min(file.sizeBytes(), MAX_FILE_BYTES));
            file.readFully(octets, 0);
            return new String(octets.array(), StandardCharsets.US_ASCII);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
