package dev.postern.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The end of the journal, where records are appended. Used by the [Writer]'s thread only.
///
/// Records are gathered in memory and go out in one write; [#sync] makes them durable with one
/// `fdatasync`. A segment that is full is synced before the next one is opened. After a failure
/// nothing since the last good sync counts: see [#discard].
final class Journal {

    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    /// Octets that are gathered before a write.
    private static final int STAGING_BYTES = 256 * 1024;

    static final byte[] NO_BODY = {};

    private final Disk disk;
    private final QueueIndex queueIndex;
    private final Format format;
    private final LongConsumer synced;
    private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES);

    private @Nullable Segment active;
    private Disk.@Nullable File file;
    private int nextNumber;
    private int predecessor;
    private int predecessorEnd;
    private int end;
    private int flushedEnd;
    private int syncedEnd;
    private long appendedBytes;

    /// How a journal is written.
    ///
    /// @param mark the spool's mark
    /// @param syncing whether a sync is one
    /// @param segmentBytes when a segment is full
    record Format(int mark, boolean syncing, int segmentBytes) {}

    /// Where a journal goes on.
    ///
    /// @param predecessor the newest segment on disk; 0 for none
    /// @param predecessorEnd where its records end
    /// @param nextNumber larger than that of any segment file on disk
    record Start(int predecessor, int predecessorEnd, int nextNumber) {}

    /// @param synced is told when all that was appended is durable, and how many nanoseconds the
    ///   sync took: -1 for none
    Journal(Disk disk, QueueIndex queueIndex, Format format, Start start, LongConsumer synced) {
        this.disk = disk;
        this.queueIndex = queueIndex;
        this.format = format;
        this.predecessor = start.predecessor();
        this.predecessorEnd = start.predecessorEnd();
        this.nextNumber = start.nextNumber();
        this.synced = synced;
    }

    /// Appends a record, which is neither written nor durable when this returns.
    ///
    /// @return its position
    long append(RecordHeader.Type type, long id, long link, byte[] body, int length)
            throws IOException {
        int total = RecordHeader.BYTES + length;
        if (active != null
                && end > Segment.Header.BYTES
                && (long) end + total > format.segmentBytes()) {
            roll();
        }
        Segment segment = active == null ? open() : active;
        long position = Position.of(segment.number(), end);
        if (staging.remaining() < RecordHeader.BYTES) {
            flush();
        }
        int bodyCrc = RecordHeader.crc(body, length);
        RecordHeader.put(staging, format.mark(), length, type, syncedEnd, id, link, bodyCrc);
        int done = 0;
        while (done < length) {
            if (!staging.hasRemaining()) {
                flush();
            }
            int some = Math.min(staging.remaining(), length - done);
            staging.put(body, done, some);
            done += some;
        }
        end += total;
        appendedBytes += total;
        assert end == flushedEnd + staging.position() : "records and octets differ";
        return position;
    }

    /// Appends a record without a body, and notes with its segment what it says.
    void note(RecordHeader.Type type, long id, long link) throws IOException {
        queueIndex.noted(type, append(type, id, link, NO_BODY, 0), link);
    }

    /// Writes what was appended.
    void flush() throws IOException {
        if (staging.position() > 0 && file != null) {
            staging.flip();
            int length = staging.remaining();
            file.writeFully(staging, flushedEnd);
            flushedEnd += length;
            staging.clear();
        }
    }

    /// Makes everything that was appended durable. Opens a segment where there is none, which shows
    /// that the disk works.
    void sync() throws IOException {
        Segment segment = active == null ? open() : active;
        flush();
        long took = -1;
        if (format.syncing() && file != null && syncedEnd < end) {
            long start = System.nanoTime();
            file.sync();
            took = System.nanoTime() - start;
        }
        syncedEnd = end;
        queueIndex.end(segment, end);
        synced.accept(took);
    }

    /// Returns whether something was appended that is not durable.
    boolean isDirty() {
        return active != null && syncedEnd < end;
    }

    /// Returns the segment that records go to; 0 when there is none.
    int activeSegment() {
        return active == null ? 0 : active.number();
    }

    /// Returns how much was ever appended.
    long appendedBytes() {
        return appendedBytes;
    }

    /// Ends the active segment; the next record goes to a new one.
    void roll() throws IOException {
        if (active != null) {
            sync();
            close();
        }
    }

    /// Closes the active segment without a sync.
    void close() throws IOException {
        Segment segment = active;
        Disk.File done = file;
        active = null;
        file = null;
        staging.clear();
        if (segment != null && done != null) {
            predecessor = segment.number();
            predecessorEnd = syncedEnd;
            done.close();
        }
    }

    private Segment open() throws IOException {
        int number = nextNumber++;
        Path path = queueIndex.directory().resolve(Segment.name(number));
        Disk.File opened = disk.create(path);
        try {
            Segment.Header header =
                    new Segment.Header(
                            Segment.Header.VERSION,
                            format.mark(),
                            number,
                            predecessor,
                            predecessorEnd,
                            queueIndex.lastId());
            opened.writeFully(header.encode(), 0);
            if (format.syncing()) {
                opened.sync();
                disk.syncDirectory(queueIndex.directory());
            }
        } catch (IOException e) {
            try {
                opened.close();
                disk.delete(path);
            } catch (IOException again) {
                // Recovery knows that a segment without records that nobody names is nothing.
                e.addSuppressed(again);
            }
            throw e;
        }
        file = opened;
        end = Segment.Header.BYTES;
        flushedEnd = end;
        syncedEnd = end;
        Segment segment = queueIndex.addSegment(number, predecessor);
        active = segment;
        return segment;
    }

    /// Makes void what was appended since the last good sync. When the disk was full, the segment
    /// is cut there and goes on; after any other failure it is given up, and the next segment's
    /// header names where it ends. A failed sync is never tried again on the same file: the system
    /// may have dropped the octets and say yes.
    void discard(IOException trouble) throws IOException {
        staging.clear();
        if (active == null || file == null) {
            return;
        }
        if (trouble instanceof Disk.FullException && cut(file)) {
            end = syncedEnd;
            flushedEnd = syncedEnd;
            return;
        }
        log.atError()
                .addKeyValue("error", trouble.getMessage())
                .addKeyValue("segment", active.number())
                .addKeyValue("offset", syncedEnd)
                .addKeyValue("void-bytes", end - syncedEnd)
                .log("segment given up after a disk failure");
        synchronized (queueIndex) {
            queueIndex.end(active, syncedEnd);
            active.overhangs();
        }
        close();
    }

    /// Cuts for certain: what was refused must not come back by a power cut.
    private boolean cut(Disk.File full) {
        try {
            full.truncate(syncedEnd);
            if (format.syncing()) {
                full.sync();
            }
            return true;
        } catch (IOException e) {
            log.atWarn().setCause(e).log("segment can't be cut after the disk was full");
            return false;
        }
    }
}
