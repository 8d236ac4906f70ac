package dev.postern.spool;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.postern.config.Machine;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The real disk.
public final class FileDisk implements Disk {

    /// With less than this left a failed write is taken for a full disk, whatever words the system
    /// has for it.
    private static final long FULL_BELOW_BYTES = 64 * 1024;

    private static final Set<OpenOption> TO_READ = Set.of(READ, LinkOption.NOFOLLOW_LINKS);

    @Override
    public Disk.File create(Path file) throws IOException {
        return new ChannelFile(file, channel(file, StandardOpenOption.CREATE_NEW, READ, WRITE));
    }

    @Override
    public Disk.File open(Path file) throws IOException {
        return new ChannelFile(file, channel(file, TO_READ));
    }

    @Override
    public Disk.File openToWrite(Path file) throws IOException {
        return new ChannelFile(file, channel(file, READ, WRITE));
    }

    /// Opens whatever the spool opens: never through a link, and for this user alone if it is made.
    private static FileChannel channel(Path file, OpenOption... options) throws IOException {
        Set<OpenOption> all = new HashSet<>(Set.of(options));
        all.add(LinkOption.NOFOLLOW_LINKS);
        return channel(file, all);
    }

    private static FileChannel channel(Path file, Set<OpenOption> options) throws IOException {
        try {
            return FileChannel.open(file, options, OwnDirectory.FILE);
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
        try (FileChannel channel = channel(directory, READ)) {
            channel.force(true);
        }
    }

    @Override
    public long freeBytes(Path directory) throws IOException {
        // A FileStore reads all of /proc/mounts first, but says what is wrong.
        long free = directory.toFile().getUsableSpace();
        return free > 0 ? free : Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public ByteBuffer map(Path file, long position, int sizeBytes) throws IOException {
        try (FileChannel channel = channel(file, READ, WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, position, sizeBytes);
        }
    }

    @Override
    public @Nullable Closeable lock(Path file) throws IOException {
        FileChannel channel = channel(file, StandardOpenOption.CREATE, WRITE);
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
        return new Disk.FullException("no room for " + file + ": " + trouble.getMessage(), trouble);
    }

    private record ChannelFile(Path path, FileChannel channel) implements Disk.File {

        @Override
        public int write(ByteBuffer octets, long position) throws IOException {
            try {
                return channel.write(octets, position);
            } catch (IOException e) {
                throw Files.getFileStore(path).getUsableSpace() < FULL_BELOW_BYTES
                        ? new Disk.FullException("no room in " + path, e)
                        : fullOr(e, path);
            }
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

    /// Makes the spool's directory, and all of the spool's that is in it, this user's alone.
    /// Whoever could write there, or put a link in its place, could have us write elsewhere; who
    /// can read there reads mail.
    ///
    /// ```
    ///  the directory is        and                                     then
    ///  root's                  a mount point                           taken as it is
    ///  ours                                                            narrowed to 0700
    ///  root's                  for all to write, and not sticky        refused
    ///  root's                  else                                    taken as it is, if writable
    ///  another user's          even if we are root                     refused
    ///
    ///  in it, by name
    ///  not the spool's         whatever it is, whoever's               left alone
    ///  a link, a device, …     whoever's                               refused
    ///  a mount point                                                   left alone
    ///  ours                    a file, a directory                     narrowed to 0600, 0700
    ///  root's                                                          left alone
    ///  another user's          on a mount point, and we may write it   left alone, with a warning
    ///  another user's          else                                    refused
    /// ```
    ///
    /// By name ([SpoolHome#isOurs]), since an app may have its data in the same directory, on a
    /// host with one volume for all; in `corrupt/` all is the spool's. On a volume another owner is
    /// what an export's squashing, or an earlier user of ours with the same fsGroup, leaves behind.
    ///
    /// A mount point is root's where a platform mounts a volume for a group (fsGroup in Kubernetes)
    /// or for all: such a mode is the platform's to set, and it may set it again.
    ///
    /// *Diagnostics.* A [SpoolException] `UNUSABLE` for what is refused. One info line for a
    /// directory of root's, one for all that was narrowed. One warning for files of other users
    /// that are taken, and one each where the file system keeps its modes.
    static final class OwnDirectory {

        static final FileAttribute<Set<PosixFilePermission>> FILE = mode("rw-------");
        private static final FileAttribute<Set<PosixFilePermission>> DIRECTORY = mode("rwx------");

        /// For what lies between the spool and what is there: not the spool's.
        private static final FileAttribute<Set<PosixFilePermission>> PARENT = mode("rwxr-xr-x");

        private static final Logger log = LoggerFactory.getLogger(OwnDirectory.class);
        private static final Path OURSELVES = Path.of("/proc/self");
        private static final int ROOT = 0;

        private static final int TYPE = 0_170_000;
        private static final int TYPE_DIRECTORY = 0_040_000;
        private static final int TYPE_FILE = 0_100_000;
        private static final int TYPE_LINK = 0_120_000;
        private static final int STICKY = 01_000;
        private static final int FOR_OTHERS = 077;
        private static final int FOR_ALL_TO_WRITE = 02;

        private final Path directory;
        private final int us;

        /// Whether a file system is mounted on the directory itself.
        private final boolean mounted;

        private final Set<String> others = new TreeSet<>();
        private int narrowed;

        /// What lies at a path.
        private record Entry(int owner, int mode) {

            /// @throws NoSuchFileException when there is nothing
            static Entry at(Path path) throws IOException {
                Map<String, Object> known =
                        Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
                return new Entry(number(known.get("uid")), number(known.get("mode")));
            }

            private static int number(@Nullable Object attribute) {
                return (int) Objects.requireNonNull(attribute);
            }

            boolean is(int type) {
                return (mode & TYPE) == type;
            }

            boolean isOpen() {
                return (mode & FOR_OTHERS) != 0;
            }
        }

        private OwnDirectory(Path directory, int us) {
            this.directory = directory;
            this.us = us;
            this.mounted = Machine.isMountPoint(directory);
        }

        private static FileAttribute<Set<PosixFilePermission>> mode(String mode) {
            return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode));
        }

        /// See [Disk#claim].
        static Path claim(Path directory) throws IOException {
            Path real = resolved(directory);
            create(real);
            Entry entry = Entry.at(real);
            OwnDirectory own = new OwnDirectory(real, us(entry));
            own.take(entry);
            own.takeContents(real, SpoolHome::isOurs);
            own.takeContents(real.resolve(SpoolHome.CORRUPT), _ -> true);
            own.tell();
            return real;
        }

        /// Creates a directory of ours where it is missing.
        static void create(Path directory) throws IOException {
            if (Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                return;
            }
            Path parent = directory.toAbsolutePath().getParent();
            if (parent != null && !Files.isDirectory(parent)) {
                Files.createDirectories(parent, PARENT);
            }
            try {
                Files.createDirectory(directory, DIRECTORY);
            } catch (FileAlreadyExistsException e) {
                if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                    throw e;
                }
            }
        }

        private static Path resolved(Path directory) throws IOException {
            if (!Files.isSymbolicLink(directory)) {
                return directory;
            }
            try {
                return directory.toRealPath();
            } catch (NoSuchFileException e) {
                throw refusal(directory + " is a symbolic link that leads nowhere", "mend it", e);
            }
        }

        /// The owner of `/proc/self` is the effective user, also of a process that hides (see
        /// PR_SET_DUMPABLE in prctl(2)). Without `/proc` the directory counts as ours, and the
        /// system's own answers decide.
        private static int us(Entry directory) {
            try {
                return (int) Files.getAttribute(OURSELVES, "unix:uid");
            } catch (IOException _) {
                return directory.owner();
            }
        }

        private void take(Entry entry) throws IOException {
            if (!entry.is(TYPE_DIRECTORY)) {
                throw refusal(directory + " is no directory", "move it away", null);
            }
            if (entry.owner() == us && !(us == ROOT && mounted)) {
                narrow(directory, entry);
            } else if (entry.owner() == ROOT) {
                takeRoots(entry);
            } else {
                throw foreign(
                        directory, "run as that user, or give it to this one (chown -R %d %s)");
            }
        }

        private void takeRoots(Entry entry) throws IOException {
            boolean open = (entry.mode() & FOR_ALL_TO_WRITE) != 0 && (entry.mode() & STICKY) == 0;
            if (open && !mounted) {
                throw refusal(
                        directory + " is root's, and anybody may take away what is in it",
                        "give it to this user (chown -R %d %s)".formatted(us, directory),
                        null);
            }
            if (entry.isOpen()) {
                log.atInfo()
                        .addKeyValue("spool", directory)
                        .addKeyValue("mode", Integer.toOctalString(entry.mode() & ~TYPE))
                        .log("the spool's directory is root's: taken as it is");
            }
        }

        private void takeContents(Path in, Predicate<String> ours) throws IOException {
            if (!Files.isDirectory(in, LinkOption.NOFOLLOW_LINKS) || !Files.isReadable(in)) {
                return;
            }
            try (DirectoryStream<Path> paths =
                    Files.newDirectoryStream(in, it -> ours.test(it.getFileName().toString()))) {
                for (Path path : paths) {
                    takeContent(path);
                }
            }
        }

        private void takeContent(Path path) throws IOException {
            Entry entry;
            try {
                entry = Entry.at(path);
            } catch (NoSuchFileException _) {
                // Another process has the spool, and goes on with its work.
                return;
            }
            if (entry.is(TYPE_LINK)) {
                throw refusal(
                        path + " is a symbolic link, which a spool may not have",
                        "remove it",
                        null);
            }
            if (!entry.is(TYPE_FILE) && !entry.is(TYPE_DIRECTORY)) {
                throw refusal(path + " is neither a file nor a directory", "remove it", null);
            }
            boolean fine = entry.owner() == us ? !entry.isOpen() : entry.owner() == ROOT;
            if (fine || Machine.isMountPoint(path)) {
                return;
            }
            if (entry.owner() == us) {
                narrow(path, entry);
            } else if (mounted && Files.isReadable(path) && Files.isWritable(path)) {
                others.add(owner(path));
            } else {
                throw foreign(path, "give it to this user (chown -R %d %s)");
            }
        }

        private void tell() {
            if (narrowed > 0) {
                log.atInfo()
                        .addKeyValue("spool", directory)
                        .addKeyValue("entries", narrowed)
                        .log("others could read or write in the spool: narrowed to this user");
            }
            if (!others.isEmpty()) {
                log.atWarn()
                        .addKeyValue("spool", directory)
                        .addKeyValue("owners", String.join(",", others))
                        .log("files in the spool are other users': taken as they are");
            }
        }

        private void narrow(Path path, Entry entry) {
            if (!entry.isOpen()) {
                return;
            }
            PosixFileAttributeView view =
                    Files.getFileAttributeView(
                            path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
            try {
                view.setPermissions((entry.is(TYPE_DIRECTORY) ? DIRECTORY : FILE).value());
                narrowed++;
            } catch (IOException e) {
                log.atWarn()
                        .addKeyValue("path", path)
                        .addKeyValue("error", e.toString())
                        .log(
                                "others can read or write in the spool: its file system keeps the"
                                        + " mode");
            }
        }

        /// @param remedy gets our user's number and the spool
        private SpoolException foreign(Path path, String remedy) throws IOException {
            String whose = path + " belongs to user " + owner(path) + ", and this is user " + us;
            return refusal(whose, remedy.formatted(us, directory), null);
        }

        private static String owner(Path path) throws IOException {
            return Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName();
        }

        private static SpoolException refusal(
                String words, String remedy, @Nullable IOException cause) {
            return SpoolException.unusable(
                    "spool: " + words + ": " + remedy + ", or set spool.path", cause);
        }
    }
}
