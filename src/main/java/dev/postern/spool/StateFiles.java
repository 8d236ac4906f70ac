package dev.postern.spool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/// Small files beside the journal that are written often, never synced, and may be lost. They are
/// written in place with one write, so that the death of the process leaves the old one or the new
/// one; the CRC finds what the death of the machine tore.
///
/// ```
///  i32 length of the octets    i32 CRC-32C of them    octets    what a longer one left behind
/// ```
final class StateFiles {

    /// Octets of one at most: a kill does not stop a write within a page.
    static final int MAX_BYTES = 4096 - 2 * Integer.BYTES;

    /// All their names begin so.
    static final String PREFIX = "limits-";

    private static final byte[] NOTHING = {};

    private final Disk disk;
    private final Path directory;
    private final Map<String, DiskFile> open = new HashMap<>();

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
        whole.putInt(octets.length).putInt(crc(octets)).put(octets).flip();
        try {
            file(name).writeFully(whole, 0);
        } catch (IOException e) {
            throw new UncheckedIOException("can't write " + directory.resolve(name), e);
        }
    }

    private DiskFile file(String name) throws IOException {
        DiskFile known = open.get(name);
        if (known != null) {
            return known;
        }
        Path path = directory.resolve(name);
        DiskFile file =
                disk.list(directory).contains(name) ? disk.openToWrite(path) : disk.create(path);
        open.put(name, file);
        return file;
    }

    byte[] kept(String name) {
        try (DiskFile file = disk.open(directory.resolve(name))) {
            ByteBuffer head = ByteBuffer.allocate(2 * Integer.BYTES);
            file.readFully(head, 0);
            int length = head.flip().getInt();
            if (length < 0 || length > MAX_BYTES) {
                return NOTHING;
            }
            byte[] octets = new byte[length];
            file.readFully(ByteBuffer.wrap(octets), head.capacity());
            return crc(octets) == head.getInt() ? octets : NOTHING;
        } catch (IOException _) {
            // Missing, cut short or unreadable: lost, which it may be.
            return NOTHING;
        }
    }

    private static int crc(byte[] octets) {
        CRC32C crc = new CRC32C();
        crc.update(octets);
        return (int) crc.getValue();
    }

    synchronized void close() throws IOException {
        for (DiskFile file : open.values()) {
            file.close();
        }
        open.clear();
    }
}
