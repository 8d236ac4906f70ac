package dev.postern.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Goes through one segment from record to record, as [RecoveryTable] decides.
final class SegmentScan {

    private static final int WINDOW_BYTES = 256 * 1024;

    /// Who is told what a segment holds.
    @FunctionalInterface
    interface Findings {

        /// A whole record.
        void record(RecordHeader header, long position, byte[] body) throws IOException;

        /// Octets that are no record.
        ///
        /// @param header the head, when that at least is whole
        default void damage(int from, int to, @Nullable RecordHeader header) throws IOException {}
    }

    /// What a scan came to.
    ///
    /// @param end where the records end
    /// @param records how many were kept
    /// @param newer whether a record of a newer program stopped it
    record Result(int end, int records, boolean newer) {}

    private final Disk.File file;
    private final int segment;
    private final int mark;
    private final int limit;
    private ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).limit(0);
    private int windowStart;
    private int next = Segment.Header.BYTES;
    private int records;

    /// @param limit where the records end at the latest
    SegmentScan(Disk.File file, int segment, int mark, int limit) {
        this.file = file;
        this.segment = segment;
        this.mark = mark;
        this.limit = limit;
    }

    /// Returns up to where the segment was on disk for certain, by what its own records say.
    int knownSynced() throws IOException {
        int synced = Segment.Header.BYTES;
        int at = Segment.Header.BYTES;
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
        return Objects.requireNonNull(run(synced, findings, limit));
    }

    /// Tells `findings` what is there, record by record from where the last call stopped, whether
    /// that threw or not, until about so many octets are read.
    ///
    /// @param synced up to where it was on disk for certain
    /// @return null when there is more
    @Nullable Result run(int synced, Findings findings, int mostBytes) throws IOException {
        int start = next;
        while (next < limit) {
            int at = next;
            if (at - start > mostBytes) {
                return null;
            }
            RecordHeader header = headAt(at);
            RecoveryTable.Where where =
                    at < synced ? RecoveryTable.Where.SYNCED : RecoveryTable.Where.TAIL;
            RecoveryTable.Row row = RecoveryTable.row(place(where, at, header));
            switch (row.decision()) {
                case KEEP -> {
                    RecordHeader whole = Objects.requireNonNull(header);
                    findings.record(whole, Position.of(segment, at), bodyAt(at, whole));
                    records++;
                    next = at + whole.totalBytes();
                }
                case SET_ASIDE -> {
                    int end =
                            row == RecoveryTable.Row.E && header != null
                                    ? at + header.totalBytes()
                                    : nextWhole(at + 1);
                    findings.damage(at, end, header);
                    next = end;
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

    private byte[] bodyAt(int at, RecordHeader record) throws IOException {
        if (record.type() == RecordHeader.Type.CONTENT) {
            return new byte[0];
        }
        load(at, record.totalBytes());
        byte[] body = new byte[record.length()];
        window.get(at - windowStart + RecordHeader.BYTES, body);
        return body;
    }

    private @Nullable RecordHeader wholeRecord(int at) throws IOException {
        RecordHeader header = headAt(at);
        return header != null && header.totalBytes() <= limit - at && isBodyWhole(at, header)
                ? header
                : null;
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
        ByteBuffer to = length > window.capacity() ? ByteBuffer.allocate(length) : window;
        windowStart = Integer.MAX_VALUE;
        file.readFully(to.clear().limit(Math.min(to.capacity(), limit - at)), at);
        window = to.flip();
        windowStart = at;
    }

    /// What a start does with each place of the journal where a record should begin: a table, so
    /// that every case is decided, and decided once.
    ///
    /// | row | where | head | kind | body | decision |
    /// |---|---|---|---|---|---|
    /// | A | synced, tail | whole | known | whole | keep |
    /// | B | synced, tail | whole | newer | whole | stop: a newer program wrote it |
    /// | C | tail | whole | known, newer | damaged, short | cut: a crash cut this write short |
    /// | D | tail | damaged, short | - | - | cut: likewise |
    /// | E | synced | whole | known, newer | damaged | set aside the record, go on behind it |
    /// | F | synced | whole | known, newer | short | set aside the rest: the segment lost its end |
    /// | G | synced | damaged | - | - | set aside up to the next whole record |
    /// | H | synced | short | - | - | set aside the rest: the segment lost its end |
    ///
    /// *Synced* is what was on disk for certain: all of a segment that another one follows; of the
    /// newest segment all after a clean stop, else all below the highest `synced` of its records.
    /// *Tail* is the rest of the newest segment; one bad record there ends it, for nothing behind
    /// it was ever acknowledged. What lies behind the end that the next segment names is never
    /// looked at.
    static final class RecoveryTable {

        /// Where in the journal.
        enum Where {
            SYNCED,
            TAIL
        }

        /// What the octets of a record's head are.
        enum Head {
            WHOLE,
            DAMAGED,
            /// Fewer are left than a head has.
            SHORT
        }

        /// What a whole head says of the type.
        enum Kind {
            KNOWN,
            NEWER,
            /// There is no whole head.
            NONE
        }

        /// What the octets of the body are.
        enum Body {
            WHOLE,
            DAMAGED,
            /// Fewer are left than the head says.
            SHORT,
            /// There is no whole head.
            NONE
        }

        /// What to do.
        enum Decision {
            KEEP,
            CUT,
            SET_ASIDE,
            STOP
        }

        /// The rows of the table.
        @SuppressWarnings("ImmutableEnumChecker") // Its set is never changed.
        enum Row {
            A(Decision.KEEP, Where.SYNCED, Where.TAIL, Head.WHOLE, Kind.KNOWN, Body.WHOLE),
            B(Decision.STOP, Where.SYNCED, Where.TAIL, Head.WHOLE, Kind.NEWER, Body.WHOLE),
            C(
                    Decision.CUT,
                    Where.TAIL,
                    Head.WHOLE,
                    Kind.KNOWN,
                    Kind.NEWER,
                    Body.DAMAGED,
                    Body.SHORT),
            D(Decision.CUT, Where.TAIL, Head.DAMAGED, Head.SHORT, Kind.NONE, Body.NONE),
            E(Decision.SET_ASIDE, Where.SYNCED, Head.WHOLE, Kind.KNOWN, Kind.NEWER, Body.DAMAGED),
            F(Decision.SET_ASIDE, Where.SYNCED, Head.WHOLE, Kind.KNOWN, Kind.NEWER, Body.SHORT),
            G(Decision.SET_ASIDE, Where.SYNCED, Head.DAMAGED, Kind.NONE, Body.NONE),
            H(Decision.SET_ASIDE, Where.SYNCED, Head.SHORT, Kind.NONE, Body.NONE);

            private final Decision decision;
            private final Set<Enum<?>> covered;

            /// @param covered what of each column it is for
            Row(Decision decision, Enum<?>... covered) {
                this.decision = decision;
                this.covered = Set.of(covered);
            }

            Decision decision() {
                return decision;
            }

            boolean covers(Place place) {
                return covered.contains(place.where())
                        && covered.contains(place.head())
                        && covered.contains(place.kind())
                        && covered.contains(place.body());
            }
        }

        /// What was found at a place where a record should begin.
        record Place(Where where, Head head, Kind kind, Body body) {

            /// Returns whether such a thing can be: kind and body are known exactly when the head
            /// is whole.
            boolean isPossible() {
                boolean readable = head == Head.WHOLE;
                return readable == (kind != Kind.NONE) && readable == (body != Body.NONE);
            }
        }

        private static final List<Row> ROWS = List.of(Row.values());

        private RecoveryTable() {}

        /// Returns the row for a place.
        static Row row(Place place) {
            assert place.isPossible() : place;
            for (Row row : ROWS) {
                if (row.covers(place)) {
                    return row;
                }
            }
            throw new IllegalStateException("no row for " + place);
        }
    }
}
