package dev.postern.spool;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// A disk in memory that fails like a real one, by a seed.
///
/// Injected, and survivable by the spool:
///
/// - short writes and short reads
/// - a full disk, in the midst of a write too ([#capacity])
/// - an I/O error of a write or a sync ([#failWrites], [#failSyncs]); after a failed sync the
///   octets that were not synced look written, and no more of them than did ever reaches the disk
/// - the death of the process ([#processCrash]): everything that was written is there
/// - the death of the machine ([#machineCrash]): of what was not synced any part may be there, in
///   any order: a write in sectors, or torn at any octet; a file that was created or removed
///   without a sync of its directory may be there or not
/// - flipped bits ([#flip]) and lost ends ([#truncate])
///
/// Not injected: misdirected writes, disks that lie about syncs.
final class MemoryDisk implements Disk {

    private static final int SECTOR_BYTES = 512;

    private final Random random;
    private final Map<Path, Content> files = new TreeMap<>();
    private final Map<Path, Content> durableFiles = new HashMap<>();
    private final Set<Path> locks = new HashSet<>();
    private long capacity = Long.MAX_VALUE / 2;
    private int failWrites;
    private int failSyncs;
    private int failReads;
    private int failCreates;
    private int crashAfter = Integer.MAX_VALUE;
    private boolean dead;
    private boolean partial = true;
    private Runnable onWrite = () -> {};
    private int syncs;
    private int writes;
    private long writtenBytes;
    private int faults;

    private static final class Content {
        private byte[] octets = {};
        private byte[] durable = {};
        private final List<int[]> unsynced = new ArrayList<>();

        private Content copy() {
            Content copy = new Content();
            copy.octets = octets.clone();
            copy.durable = durable.clone();
            copy.unsynced.addAll(unsynced);
            return copy;
        }
    }

    MemoryDisk(long seed) {
        this.random = new Random(seed);
    }

    // What tests do to it.

    synchronized MemoryDisk capacity(long bytes) {
        capacity = bytes;
        return this;
    }

    /// Fails so many writes from now on.
    synchronized void failWrites(int count) {
        failWrites = count;
    }

    /// Fails so many syncs from now on.
    synchronized void failSyncs(int count) {
        failSyncs = count;
    }

    /// Fails so many reads from now on.
    synchronized void failReads(int count) {
        failReads = count;
    }

    /// Fails so many creations of files from now on.
    synchronized void failCreates(int count) {
        failCreates = count;
    }

    /// Writes and reads everything at once from now on.
    synchronized MemoryDisk wholeWrites() {
        partial = false;
        return this;
    }

    /// Lets everything fail after so many more operations, as if the power went.
    synchronized void crashAfter(int operations) {
        crashAfter = operations;
    }

    /// Runs this once, with the next write.
    synchronized void onWrite(Runnable action) {
        onWrite = action;
    }

    synchronized int syncs() {
        return syncs;
    }

    synchronized int writes() {
        return writes;
    }

    /// Returns how many octets were ever written.
    synchronized long writtenBytes() {
        return writtenBytes;
    }

    /// Returns how many faults it had so far.
    synchronized int faults() {
        return faults;
    }

    synchronized long usedBytes() {
        return files.values().stream().mapToLong(content -> content.octets.length).sum();
    }

    /// Returns the disk as a new process finds it after this one was killed.
    synchronized MemoryDisk processCrash() {
        dead = true;
        MemoryDisk after = new MemoryDisk(random.nextLong());
        IdentityHashMap<Content, Content> copies = new IdentityHashMap<>();
        files.forEach((path, content) ->
                after.files.put(path, copies.computeIfAbsent(content, Content::copy)));
        durableFiles.forEach((path, content) ->
                after.durableFiles.put(path, copies.computeIfAbsent(content, Content::copy)));
        return after;
    }

    /// Returns the disk as it is found after the machine died.
    synchronized MemoryDisk machineCrash() {
        dead = true;
        MemoryDisk after = new MemoryDisk(random.nextLong());
        Set<Path> all = new HashSet<>(files.keySet());
        all.addAll(durableFiles.keySet());
        for (Path path : all.stream().sorted().toList()) {
            Content content = files.get(path);
            Content durable = durableFiles.get(path);
            boolean same = content != null && content == durable;
            Content survivor = same || random.nextBoolean() ? content : durable;
            if (survivor != null) {
                after.putDurable(path, survivor(survivor));
            }
        }
        return after;
    }

    private void putDurable(Path path, byte[] octets) {
        Content content = new Content();
        content.octets = octets.clone();
        content.durable = octets.clone();
        files.put(path, content);
        durableFiles.put(path, content);
    }

    private byte[] survivor(Content content) {
        byte[] octets = content.durable.clone();
        for (int[] write : content.unsynced) {
            if (write.length == 1) {
                octets =
                        random.nextBoolean()
                                ? Arrays.copyOf(octets, Math.min(octets.length, write[0]))
                                : octets;
                continue;
            }
            int last = Math.min(write[1], content.octets.length);
            if (random.nextBoolean()) {
                int torn = write[0] + random.nextInt(write[1] - write[0] + 1);
                octets = with(octets, content, write[0], Math.min(torn, last));
                continue;
            }
            for (int at = write[0]; at < write[1]; at = nextSector(at)) {
                if (random.nextInt(4) != 0) {
                    octets = with(octets, content, at, Math.min(nextSector(at), last));
                }
            }
        }
        return octets;
    }

    /// Returns octets with a part of the content in them.
    private static byte[] with(byte[] octets, Content content, int from, int to) {
        if (from >= to) {
            return octets;
        }
        byte[] all = Arrays.copyOf(octets, Math.max(octets.length, to));
        System.arraycopy(content.octets, from, all, from, to - from);
        return all;
    }

    private static int nextSector(int at) {
        return (at / SECTOR_BYTES + 1) * SECTOR_BYTES;
    }

    /// Returns a copy of a file.
    synchronized byte[] octets(Path path) {
        return files.get(path).octets.clone();
    }

    /// Puts a file there, durably.
    synchronized void put(Path path, byte[] octets) {
        putDurable(path, octets);
    }

    /// Flips a bit, for good.
    synchronized void flip(Path path, int offset, int bit) {
        Content content = files.get(path);
        content.octets[offset] ^= (byte) (1 << bit);
        if (offset < content.durable.length) {
            content.durable[offset] ^= (byte) (1 << bit);
        }
    }

    /// Loses the end of a file.
    synchronized void truncate(Path path, int length) {
        Content content = files.get(path);
        content.octets = Arrays.copyOf(content.octets, length);
    }

    /// Returns the files, sorted.
    synchronized List<Path> paths() {
        return List.copyOf(files.keySet());
    }

    // What the spool does to it.

    private void operate() throws IOException {
        if (crashAfter-- <= 0) {
            dead = true;
        }
        if (dead) {
            faults++;
            throw new IOException("the power is off");
        }
    }

    @Override
    public synchronized Disk.File create(Path file) throws IOException {
        checkName(file);
        operate();
        if (failCreates > 0) {
            failCreates--;
            faults++;
            throw new IOException("injected: create");
        }
        if (files.containsKey(file)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        Content content = new Content();
        files.put(file, content);
        return new Handle(content);
    }

    @Override
    public synchronized Disk.File open(Path file) throws IOException {
        operate();
        Content content = files.get(file);
        if (content == null) {
            throw new FileNotFoundException(file.toString());
        }
        return new Handle(content);
    }

    @Override
    public Disk.File openToWrite(Path file) throws IOException {
        return open(file);
    }

    @Override
    public synchronized List<String> list(Path directory) throws IOException {
        operate();
        return files.keySet().stream()
                .filter(path -> directory.equals(path.getParent()))
                .map(path -> path.getFileName().toString())
                .toList();
    }

    @Override
    public synchronized Path claim(Path directory) throws IOException {
        operate();
        return directory;
    }

    @Override
    public synchronized void createDirectories(Path directory) throws IOException {
        operate();
    }

    @Override
    public synchronized void delete(Path file) throws IOException {
        operate();
        if (files.remove(file) == null) {
            throw new FileNotFoundException(file.toString());
        }
    }

    @Override
    public synchronized void syncDirectory(Path directory) throws IOException {
        operate();
        durableFiles.keySet().removeIf(path -> directory.equals(path.getParent()));
        files.forEach((path, content) -> {
            if (directory.equals(path.getParent())) {
                durableFiles.put(path, content);
            }
        });
    }

    @Override
    public synchronized long freeBytes(Path directory) throws IOException {
        operate();
        return Math.max(0, capacity - usedBytes());
    }

    @Override
    public synchronized ByteBuffer map(Path file, long position, int sizeBytes) throws IOException {
        operate();
        Content content = files.get(file);
        if (content == null) {
            throw new FileNotFoundException(file.toString());
        }
        int end = Math.toIntExact(position + sizeBytes);
        if (content.octets.length < end) {
            throw new IOException("mapped beyond its end: " + file);
        }
        // What is put there survives the process; the death of the machine takes it.
        return ByteBuffer.wrap(content.octets, (int) position, sizeBytes).slice();
    }

    @Override
    public synchronized @Nullable Closeable lock(Path file) throws IOException {
        checkName(file);
        operate();
        files.computeIfAbsent(file, _ -> new Content());
        return locks.add(file) ? () -> unlock(file) : null;
    }

    /// Whatever a test does with the spool: what it makes is known as its own at the next start.
    private static void checkName(Path file) {
        boolean aside = file.getParent().endsWith(SpoolHome.CORRUPT);
        if (!aside && !SpoolHome.isOurs(file.getFileName().toString())) {
            throw new AssertionError("SpoolHome.isOurs does not know " + file);
        }
    }

    private synchronized void unlock(Path file) {
        locks.remove(file);
    }

    private final class Handle implements Disk.File {

        private final Content content;

        private Handle(Content content) {
            this.content = content;
        }

        @Override
        public int write(ByteBuffer octets, long position) throws IOException {
            synchronized (MemoryDisk.this) {
                operate();
                if (failWrites > 0) {
                    failWrites--;
                    faults++;
                    throw new IOException("injected: write");
                }
                int length = octets.remaining();
                if (partial && length > 1 && random.nextInt(4) == 0) {
                    length = 1 + random.nextInt(length - 1);
                }
                int start = (int) position;
                int grows = Math.max(0, start + length - content.octets.length);
                long room = Math.max(0, capacity - usedBytes());
                if (grows > room) {
                    length -= (int) (grows - room);
                    if (length <= 0) {
                        faults++;
                        throw new Disk.FullException("injected: full", null);
                    }
                }
                put(octets, start, length);
                return length;
            }
        }

        private void put(ByteBuffer octets, int start, int length) {
            Runnable action = onWrite;
            onWrite = () -> {};
            action.run();
            int end = start + length;
            writtenBytes += length;
            writes++;
            if (end > content.octets.length) {
                content.octets = Arrays.copyOf(content.octets, end);
            }
            octets.get(content.octets, start, length);
            content.unsynced.add(new int[] {start, end});
        }

        @Override
        public int read(ByteBuffer octets, long position) throws IOException {
            synchronized (MemoryDisk.this) {
                operate();
                if (failReads > 0) {
                    failReads--;
                    faults++;
                    throw new IOException("injected: read");
                }
                int left = (int) (content.octets.length - position);
                if (left <= 0) {
                    return -1;
                }
                int length = Math.min(left, octets.remaining());
                if (partial && length > 1 && random.nextInt(4) == 0) {
                    length = 1 + random.nextInt(length - 1);
                }
                octets.put(content.octets, (int) position, length);
                return length;
            }
        }

        @Override
        public void sync() throws IOException {
            synchronized (MemoryDisk.this) {
                operate();
                syncs++;
                if (failSyncs > 0) {
                    failSyncs--;
                    content.durable = survivor(content);
                    content.unsynced.clear();
                    faults++;
                    throw new IOException("injected: sync");
                }
                for (int[] write : content.unsynced) {
                    persist(write);
                }
                content.unsynced.clear();
            }
        }

        private void persist(int[] write) {
            if (write.length == 1) {
                content.durable =
                        Arrays.copyOf(content.durable, Math.min(content.durable.length, write[0]));
                return;
            }
            int end = Math.min(write[1], content.octets.length);
            if (end > write[0]) {
                content.durable =
                        Arrays.copyOf(content.durable, Math.max(content.durable.length, end));
                System.arraycopy(
                        content.octets, write[0], content.durable, write[0], end - write[0]);
            }
        }

        @Override
        public void truncate(long sizeBytes) throws IOException {
            synchronized (MemoryDisk.this) {
                operate();
                int length = (int) Math.min(sizeBytes, content.octets.length);
                content.octets = Arrays.copyOf(content.octets, length);
                content.unsynced.add(new int[] {length});
            }
        }

        @Override
        public long sizeBytes() throws IOException {
            synchronized (MemoryDisk.this) {
                operate();
                return content.octets.length;
            }
        }

        @Override
        public void close() {}
    }
}
