package dev.postern.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Goes through one segment from record to record, as [RecoveryTable] decides.
final class SegmentScan {

    private static final int WINDOW_BYTES = 256 * 1024;

    /// Who is told what a segment holds.
    interface Findings {

        /// A whole record.
        void record(RecordHeader header, long position, byte[] body) throws IOException;

        /// Octets that are no record.
        ///
        /// @param header the head, when that at least is whole
        void damage(int from, int to, @Nullable RecordHeader header) throws IOException;
    }

    /// What a scan came to.
    ///
    /// @param end where the records end
    /// @param records how many were kept
    /// @param newer whether a record of a newer program stopped it
    record Result(int end, int records, boolean newer) {}

    private final DiskFile file;
    private final int segment;
    private final int mark;
    private final int limit;
    private ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).limit(0);
    private int windowStart;

    /// @param limit where the records end at the latest
    SegmentScan(DiskFile file, int segment, int mark, int limit) {
        this.file = file;
        this.segment = segment;
        this.mark = mark;
        this.limit = limit;
    }

    /// Returns up to where the segment was on disk for certain, by what its own records say.
    int knownSynced() throws IOException {
        int synced = SegmentHeader.BYTES;
        int at = SegmentHeader.BYTES;
        while (at < limit) {
            RecordHeader header = wholeRecord(at);
            if (header == null) {
                at = nextWhole(at + 1);
            } else {
                synced = Math.max(synced, header.synced());
                at += header.totalBytes();
            }
        }
        return Math.min(synced, limit);
    }

    /// Tells `findings` what is there.
    ///
    /// @param synced up to where it was on disk for certain
    Result run(int synced, Findings findings) throws IOException {
        int records = 0;
        int at = SegmentHeader.BYTES;
        while (at < limit) {
            RecordHeader header = headAt(at);
            RecoveryTable.Where where =
                    at < synced ? RecoveryTable.Where.SYNCED : RecoveryTable.Where.TAIL;
            RecoveryTable.Row row = RecoveryTable.row(place(where, at, header));
            switch (row.decision()) {
                case KEEP -> {
                    findings.record(whole(header), Position.of(segment, at), bodyAt(at, header));
                    records++;
                    at += whole(header).totalBytes();
                }
                case SET_ASIDE -> {
                    int next =
                            row == RecoveryTable.Row.E
                                    ? at + whole(header).totalBytes()
                                    : nextWhole(at + 1);
                    findings.damage(at, next, header);
                    at = next;
                }
                case CUT -> {
                    return new Result(at, records, false);
                }
                case STOP -> {
                    return new Result(at, records, true);
                }
            }
        }
        return new Result(limit, records, false);
    }

    private RecoveryTable.Place place(
            RecoveryTable.Where where, int at, @Nullable RecordHeader header) throws IOException {
        if (header == null) {
            RecoveryTable.Head head =
                    limit - at < RecordHeader.BYTES
                            ? RecoveryTable.Head.SHORT
                            : RecoveryTable.Head.DAMAGED;
            return new RecoveryTable.Place(
                    where, head, RecoveryTable.Kind.NONE, RecoveryTable.Body.NONE);
        }
        RecoveryTable.Kind kind =
                header.type() == null ? RecoveryTable.Kind.NEWER : RecoveryTable.Kind.KNOWN;
        RecoveryTable.Body body = RecoveryTable.Body.SHORT;
        if (header.totalBytes() <= limit - at) {
            body = isBodyWhole(at, header) ? RecoveryTable.Body.WHOLE : RecoveryTable.Body.DAMAGED;
        }
        return new RecoveryTable.Place(where, RecoveryTable.Head.WHOLE, kind, body);
    }

    private static RecordHeader whole(@Nullable RecordHeader header) {
        if (header == null) {
            throw new IllegalStateException("the table kept a record without a head");
        }
        return header;
    }

    private @Nullable RecordHeader headAt(int at) throws IOException {
        if (limit - at < RecordHeader.BYTES) {
            return null;
        }
        load(at, RecordHeader.BYTES);
        return RecordHeader.get(window, at - windowStart, mark);
    }

    private boolean isBodyWhole(int at, RecordHeader header) throws IOException {
        load(at, header.totalBytes());
        int start = at - windowStart + RecordHeader.BYTES;
        return RecordHeader.crc(window, start, header.length()) == header.bodyCrc();
    }

    private byte[] bodyAt(int at, @Nullable RecordHeader header) throws IOException {
        RecordHeader record = whole(header);
        if (record.type() == RecordType.CONTENT) {
            return new byte[0];
        }
        load(at, record.totalBytes());
        byte[] body = new byte[record.length()];
        window.get(at - windowStart + RecordHeader.BYTES, body);
        return body;
    }

    private @Nullable RecordHeader wholeRecord(int at) throws IOException {
        RecordHeader header = headAt(at);
        boolean fits = header != null && header.totalBytes() <= limit - at;
        return fits && isBodyWhole(at, whole(header)) ? header : null;
    }

    /// Returns where the next whole record begins, or the limit.
    private int nextWhole(int from) throws IOException {
        for (int at = from; limit - at >= RecordHeader.BYTES; at++) {
            load(at, RecordHeader.BYTES);
            if (window.getInt(at - windowStart) == mark && wholeRecord(at) != null) {
                return at;
            }
        }
        return limit;
    }

    /// Sees to it that so many octets from there are in the window.
    private void load(int at, int length) throws IOException {
        if (at >= windowStart && at + length <= windowStart + window.limit()) {
            return;
        }
        if (length > window.capacity()) {
            window = ByteBuffer.allocate(length);
        }
        window.clear();
        window.limit(Math.min(window.capacity(), limit - at));
        file.readFully(window, at);
        window.flip();
        windowStart = at;
    }
}
