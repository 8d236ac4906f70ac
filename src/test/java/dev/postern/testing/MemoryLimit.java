package dev.postern.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// A hard limit of memory for a process, as a container has it: a control group where the tests may
/// make one (root, cgroup v1), and anywhere a watch on what the process really has.
public final class MemoryLimit implements AutoCloseable {

    private static final Path CONTROLLER = Path.of("/sys/fs/cgroup/memory");
    private static final String LIMIT = "memory.limit_in_bytes";
    private static final long LOOK_EVERY_NANOS = 50_000_000;
    private static final long KIBI = 1024;

    private final Path group;
    private final boolean enforced;
    private volatile boolean done;
    private volatile long peakBytes;
    private volatile long peakOwnBytes;
    private Thread watching;

    private MemoryLimit(Path group, boolean enforced) {
        this.group = group;
        this.enforced = enforced;
    }

    /// Makes a limit.
    public static MemoryLimit of(String name, long bytes) throws IOException {
        Path group = CONTROLLER.resolve("postern-" + name + "-" + ProcessHandle.current().pid());
        boolean possible = Files.isWritable(CONTROLLER) && Files.exists(CONTROLLER.resolve(LIMIT));
        if (possible) {
            Files.createDirectory(group);
            Files.writeString(group.resolve(LIMIT), String.valueOf(bytes));
        }
        return new MemoryLimit(group, possible);
    }

    /// Returns whether a process that has more is killed.
    public boolean isEnforced() {
        return enforced;
    }

    /// Returns the command that runs what follows it under the limit.
    public List<String> wrapper() {
        String enter = enforced ? "echo $$ >" + group.resolve("cgroup.procs") + " && " : "";
        return List.of("/bin/sh", "-c", enter + "exec \"$0\" \"$@\"");
    }

    /// Looks from now on at what a process has: its own memory and its share of what it has in
    /// common with others (PSS).
    public void watch(long pid) {
        Path look = Path.of("/proc/" + pid + "/smaps_rollup");
        watching =
                Thread.ofPlatform()
                        .daemon()
                        .start(() -> {
                            while (!done) {
                                List<String> seen = read(look);
                                peakBytes = Math.max(peakBytes, bytes(seen, "Pss"));
                                long own = bytes(seen, "Pss_Anon") + bytes(seen, "Pss_Shmem");
                                peakOwnBytes = Math.max(peakOwnBytes, own);
                                LockSupport.parkNanos(LOOK_EVERY_NANOS);
                            }
                        });
    }

    private static List<String> read(Path look) {
        try {
            return Files.readAllLines(look);
        } catch (IOException gone) {
            return List.of();
        }
    }

    private static long bytes(List<String> lines, String name) {
        return lines.stream()
                .filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * KIBI)
                .sum();
    }

    /// Returns the most that was seen.
    public long peakBytes() {
        return peakBytes;
    }

    /// Returns the most that was seen of what the system can't take back: all but mapped files.
    public long peakOwnBytes() {
        return peakOwnBytes;
    }

    @Override
    public void close() throws IOException {
        done = true;
        if (watching != null) {
            try {
                watching.join();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (enforced) {
            Await.until("the control group is empty", this::isRemoved);
        }
    }

    private boolean isRemoved() {
        try {
            Files.delete(group);
            return true;
        } catch (NoSuchFileException gone) {
            return true;
        } catch (IOException busy) {
            return false;
        }
    }
}
