package dev.postern.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file system of limited size, in memory, mounted for one test.
public final class SmallDisk implements AutoCloseable {

    private static final int FILL_STEP_BYTES = 64 * 1024;

    private final Path path;

    private SmallDisk(Path path) {
        this.path = path;
    }

    /// Mounts one; the test is skipped where it may not.
    public static SmallDisk mount(Path path, int mebibytes) throws IOException {
        Access.needsRoot();
        Files.createDirectories(path);
        Commands.Result mounted =
                run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", path);
        Programs.needs(
                mounted.status() == 0,
                "no tmpfs can be mounted here (" + mounted.errors().strip() + "): allow mount");
        return new SmallDisk(path);
    }

    /// Returns where it is.
    public Path path() {
        return path;
    }

    /// Fills it with a file of no use until so many bytes are left.
    public void fillUpTo(long leftBytes) throws IOException {
        byte[] nothing = new byte[FILL_STEP_BYTES];
        try (var out = Files.newOutputStream(filler())) {
            while (Files.getFileStore(path).getUsableSpace() - nothing.length >= leftBytes) {
                out.write(nothing);
            }
        }
    }

    /// Removes that file.
    public void free() throws IOException {
        Files.delete(filler());
    }

    /// Mounts it again with other options, such as `ro`.
    public void remount(String options) throws IOException {
        run("mount", "-o", "remount," + options, path).expect(0);
    }

    private Path filler() {
        return path.resolve("filler");
    }

    private static Commands.Result run(Object... command) throws IOException {
        return Commands.run(
                new ProcessBuilder(
                        java.util.Arrays.stream(command).map(Object::toString).toList()));
    }

    @Override
    public void close() throws IOException {
        run("umount", path).expect(0);
    }
}
