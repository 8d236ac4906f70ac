package dev.postern.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What is asked of the machine.
public final class Machine {

    private static final Path KERNEL_HOSTNAME = Path.of("/proc/sys/kernel/hostname");
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    private Machine() {}

    /// Returns the path that a text names; null where no file can have that name: it has a NUL, or
    /// characters that the charset of the locale lacks.
    public static @Nullable Path path(String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException _) {
            return null;
        }
    }

    /// Returns whether Java could not read a variable or an argument: it puts U+FFFD for octets
    /// that are no text in the charset of the locale.
    public static boolean isSpoiled(String text) {
        return text.indexOf('\uFFFD') >= 0;
    }

    /// Returns the machine's name, without asking a name server where the kernel tells it.
    public static String hostname() {
        try {
            return Files.readString(KERNEL_HOSTNAME).strip();
        } catch (IOException _) {
            return resolvedHostname();
        }
    }

    /// Returns the type of the file system that `path` lies on, or will once it exists; empty when
    /// unknown.
    public static String fileSystemType(Path path) {
        try {
            return MountTable.parse(Files.readAllLines(MOUNTS)).typeOf(existing(path));
        } catch (IOException | UncheckedIOException _) {
            return "";
        }
    }

    /// Returns whether a file system is mounted on the directory, which must exist; false when
    /// unknown.
    public static boolean isMountPoint(Path directory) {
        try {
            Path real = directory.toRealPath();
            return MountTable.parse(Files.readAllLines(MOUNTS)).hasOn(real);
        } catch (IOException | UncheckedIOException _) {
            return false;
        }
    }

    private static String resolvedHostname() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException _) {
            return "localhost";
        }
    }

    private static Path existing(Path path) throws IOException {
        Path absolute = path.toAbsolutePath().normalize();
        while (!Files.exists(absolute) && absolute.getParent() != null) {
            absolute = absolute.getParent();
        }
        return absolute.toRealPath();
    }

    /// The mounts of this process, as `/proc/self/mountinfo` lists them.
    record MountTable(List<Mount> mounts) {

        private static final int MOUNT_POINT_FIELD = 4;

        /// A mounted file system.
        ///
        /// @param point the directory that it is mounted on
        /// @param type its file-system type
        record Mount(Path point, String type) {}

        /// Reads lines such as `36 35 98:0 / /var rw shared:1 - ext4 /dev/sda1 rw`
        /// (proc_pid_mountinfo(5)).
        static MountTable parse(List<String> lines) {
            return new MountTable(
                    lines.stream()
                            .filter(line -> line.contains(" - "))
                            .map(MountTable::mount)
                            .filter(Objects::nonNull)
                            .toList());
        }

        /// Returns the type of the innermost mount that holds `path`; empty when none does. Of two
        /// mounts on one point the later hides the earlier.
        String typeOf(Path path) {
            return mounts.reversed().stream()
                    .filter(mount -> path.startsWith(mount.point()))
                    .max(Comparator.comparingInt(mount -> mount.point().getNameCount()))
                    .map(Mount::type)
                    .orElse("");
        }

        /// Returns whether something is mounted on `path` itself.
        boolean hasOn(Path path) {
            return mounts.stream().anyMatch(mount -> mount.point().equals(path));
        }

        private static @Nullable Mount mount(String line) {
            int dash = line.indexOf(" - ");
            String[] fields = line.substring(0, dash).split(" ", -1);
            String type = line.substring(dash + 3).split(" ", 2)[0];
            Path point = path(unescaped(fields[MOUNT_POINT_FIELD]));
            return point == null ? null : new Mount(point, type);
        }

        private static String unescaped(String field) {
            return field.replace("\\040", " ")
                    .replace("\\011", "\t")
                    .replace("\\012", "\n")
                    .replace("\\134", "\\");
        }
    }
}
