package dev.postern.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps damaged octets of the journal in `corrupt/`, with a note each, so that nothing is dropped
/// silently.
final class CorruptStore {

    private static final Logger log = LoggerFactory.getLogger(CorruptStore.class);
    private static final int COPY_BYTES = 64 * 1024;

    private final Disk disk;
    private final Path directory;
    private int places;

    CorruptStore(Disk disk, Path spool) {
        this.disk = disk;
        this.directory = spool.resolve(SpoolHome.CORRUPT);
    }

    /// Returns how many damaged places were met.
    int places() {
        return places;
    }

    /// Reports octets that are not there.
    void report(int segment, int from, int to, String what) {
        places++;
        log.atError()
                .addKeyValue("segment", segment)
                .addKeyValue("from", from)
                .addKeyValue("to", to)
                .addKeyValue("damage", what)
                .log("journal damaged");
    }

    /// Copies octets of a segment and reports them. When they can't be copied, the start goes on:
    /// they stay in their segment for a while.
    void take(DiskFile file, int segment, int from, int to, String what) {
        report(segment, from, to, what);
        String name = Segment.name(segment) + "-" + from;
        try {
            disk.createDirectories(directory);
            if (disk.list(directory).contains(name + ".octets")) {
                return;
            }
            try (DiskFile copy = disk.create(directory.resolve(name + ".octets"))) {
                copy(file, from, to, copy);
            }
            String note = "segment " + segment + " from " + from + " to " + to + ": " + what + "\n";
            try (DiskFile text = disk.create(directory.resolve(name + ".note"))) {
                text.writeFully(ByteBuffer.wrap(note.getBytes(StandardCharsets.UTF_8)), 0);
                text.sync();
            }
            disk.syncDirectory(directory);
        } catch (IOException e) {
            log.atError().setCause(e).addKeyValue("octets", name).log("damage can't be set aside");
        }
    }

    private static void copy(DiskFile file, int from, int to, DiskFile copy) throws IOException {
        ByteBuffer some = ByteBuffer.allocate(COPY_BYTES);
        for (int at = from; at < to; at += some.limit()) {
            some.clear().limit(Math.min(COPY_BYTES, to - at));
            file.readFully(some, at);
            copy.writeFully(some.flip(), at - from);
        }
        copy.sync();
    }
}
