package dev.postern.spool;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
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
                    IndexFile.NAME,
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
                        "spool %s is used by process %s: stop that one or set another spool.path"
                                .formatted(directory, owner(disk, directory)),
                        null);
            }
            SpoolHome home = new SpoolHome(disk, directory, lock);
            home.write(OWNER, pid + "\n");
            return home;
        } catch (SpoolException e) {
            throw e;
        } catch (IOException e) {
            throw SpoolException.unusable(
                    ("spool %s can't be written (%s): make it a directory that this user may write,"
                                    + " or set spool.path")
                            .formatted(directory, e),
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
        if (version > Segment.Header.VERSION) {
            throw SpoolException.unusable(
                    ("spool %s was written by a newer Postern (format %s, this one knows %s): run"
                                    + " that one or set another spool.path")
                            .formatted(directory, version, Segment.Header.VERSION),
                    null);
        }
    }

    void mark(int mark) throws IOException {
        String hex = String.format("%08x", mark);
        write(FORMAT, "postern spool\nversion " + Segment.Header.VERSION + "\nmark " + hex + "\n");
    }

    private void write(String name, String text) throws IOException {
        try (Disk.File file = disk.openOrCreate(directory, name)) {
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
        return StandardCharsets.US_ASCII.decode(disk.read(path, MAX_FILE_BYTES)).toString();
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }

    /// Small files beside the journal that are written often, never synced, and may be lost. They
    /// are written in place with one write, so that the death of the process leaves the old one or
    /// the new one; the CRC finds what the death of the machine tore.
    ///
    /// ```
    ///  i32 length of the octets    i32 CRC-32C of them    octets    what a longer one left behind
    /// ```
    static final class StateFiles {

        /// Octets of one at most: a kill does not stop a write within a page.
        static final int MAX_BYTES = 4096 - 2 * Integer.BYTES;

        /// All their names begin so.
        static final String PREFIX = "limits-";

        private static final byte[] NOTHING = {};

        private final Disk disk;
        private final Path directory;
        private final Map<String, Disk.File> open = new HashMap<>();

        StateFiles(Disk disk, Path directory) {
            this.disk = disk;
            this.directory = directory;
        }

        synchronized void keep(String name, byte[] octets) {
            if (!name.startsWith(PREFIX)) {
                throw new IllegalArgumentException("not a name of the spool's: " + name);
            }
            if (octets.length > MAX_BYTES) {
                throw new IllegalArgumentException("too much to keep: " + octets.length);
            }
            ByteBuffer whole = ByteBuffer.allocate(2 * Integer.BYTES + octets.length);
            whole.putInt(octets.length)
                    .putInt(RecordHeader.crc(octets, octets.length))
                    .put(octets)
                    .flip();
            try {
                file(name).writeFully(whole, 0);
            } catch (IOException e) {
                throw new UncheckedIOException("can't write " + directory.resolve(name), e);
            }
        }

        private Disk.File file(String name) throws IOException {
            Disk.File known = open.get(name);
            if (known != null) {
                return known;
            }
            Disk.File file = disk.openOrCreate(directory, name);
            open.put(name, file);
            return file;
        }

        byte[] kept(String name) {
            try (Disk.File file = disk.open(directory.resolve(name))) {
                ByteBuffer head = ByteBuffer.allocate(2 * Integer.BYTES);
                file.readFully(head, 0);
                int length = head.flip().getInt();
                if (length < 0 || length > MAX_BYTES) {
                    return NOTHING;
                }
                byte[] octets = new byte[length];
                file.readFully(ByteBuffer.wrap(octets), head.capacity());
                return RecordHeader.crc(octets, octets.length) == head.getInt() ? octets : NOTHING;
            } catch (IOException _) {
                // Missing, cut short or unreadable: lost, which it may be.
                return NOTHING;
            }
        }

        synchronized void close() throws IOException {
            for (Disk.File file : open.values()) {
                file.close();
            }
            open.clear();
        }
    }
}
