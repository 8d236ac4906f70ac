package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a spool's journal at the start: finds the segments, has each scanned as [RecoveryTable]
/// decides, and gives the records to a [IndexRebuild].
///
/// *Diagnostics*: one line says what was found; each damaged place is set aside (see
/// [CorruptStore]) with a line of its own. A newer format stops the start.
final class JournalRecovery {

    private static final Logger log = LoggerFactory.getLogger(JournalRecovery.class);
    private static final int REWRITE_BYTES = 64 * 1024;

    /// Nothing waits for longer: no server's Retry-After is followed further.
    private static final Duration LONGEST_WAIT = Duration.ofHours(24);

    private final Disk disk;
    private final Path directory;
    private final int mark;
    private final SpoolHome.LastStop lastStop;
    private final QueueIndex queueIndex;
    private final IndexRebuild rebuild;
    private final CorruptStore setAside;
    private final NavigableMap<Integer, Found> found = new TreeMap<>();
    private int highestNumber;
    private int records;
    private long cutBytes;

    /// A segment file.
    ///
    /// @param header null when both copies are damaged
    private record Found(int number, @Nullable SegmentHeader header, int sizeBytes) {}

    /// Where the journal goes on.
    ///
    /// @param predecessor the newest segment; 0 for none
    /// @param predecessorEnd where its records end
    /// @param nextNumber for the next segment
    /// @param lastId the largest queue id
    /// @param reports states of messages that can't be sent, to be written
    /// @param possiblyDuplicate ids of messages whose possible duplicate is to be written
    record Result(
            int predecessor,
            int predecessorEnd,
            int nextNumber,
            long lastId,
            List<MessageState> reports,
            List<Long> possiblyDuplicate) {}

    JournalRecovery(
            Disk disk,
            Path directory,
            int mark,
            SpoolHome.LastStop lastStop,
            QueueIndex queueIndex) {
        this.disk = disk;
        this.directory = directory;
        this.mark = mark;
        this.lastStop = lastStop;
        this.queueIndex = queueIndex;
        this.rebuild = new IndexRebuild(queueIndex);
        this.setAside = new CorruptStore(disk, directory);
    }

    /// Finds a mark in the segments, for a spool that lost its `format` file.
    static @Nullable Integer markOf(Disk disk, Path directory) throws IOException {
        for (String name : disk.list(directory)) {
            if (Segment.numberOf(name).isPresent()) {
                SegmentHeader header = header(disk, directory.resolve(name));
                if (header != null) {
                    return header.mark();
                }
            }
        }
        return null;
    }

    private static @Nullable SegmentHeader header(Disk disk, Path path) throws IOException {
        try (DiskFile file = disk.open(path)) {
            ByteBuffer octets =
                    ByteBuffer.allocate((int) Math.min(file.sizeBytes(), SegmentHeader.BYTES));
            file.readFully(octets, 0);
            return SegmentHeader.decode(octets.flip());
        }
    }

    Result run(Instant now) throws IOException {
        findSegments();
        removeNothings();
        for (Found segment : List.copyOf(found.values())) {
            scan(segment);
        }
        List<MessageState> reports = rebuild.reportDamage(now);
        List<Long> possiblyDuplicate = settle(now);
        summarise();
        int last = found.isEmpty() ? 0 : found.lastKey();
        int end = 0;
        synchronized (queueIndex) {
            end = last == 0 ? 0 : queueIndex.segmentAt(Position.of(last, 0)).endBytes();
        }
        return new Result(
                last, end, highestNumber + 1, rebuild.lastId(), reports, possiblyDuplicate);
    }

    private void findSegments() throws IOException {
        for (String name : disk.list(directory)) {
            int number = Segment.numberOf(name).orElse(0);
            if (number > 0) {
                Path path = directory.resolve(name);
                SegmentHeader header = header(disk, path);
                check(header, number);
                found.put(number, new Found(number, header, sizeBytes(path)));
                highestNumber = Math.max(highestNumber, number);
            }
        }
    }

    private int sizeBytes(Path path) throws IOException {
        try (DiskFile file = disk.open(path)) {
            return Math.toIntExact(file.sizeBytes());
        }
    }

    private void check(@Nullable SegmentHeader header, int number) throws SpoolException {
        if (header == null) {
            return;
        }
        SpoolHome.checkVersion(header.version(), directory);
        if (header.mark() != mark || header.number() != number) {
            throw SpoolException.unusable(
                    "spool "
                            + directory
                            + " has a segment of another spool ("
                            + Segment.name(number)
                            + "): move it away",
                    null);
        }
    }

    /// Removes segments whose creation failed: a later one names an older predecessor, or the
    /// newest has no whole head and no records.
    private void removeNothings() throws IOException {
        int oldestNamed = Integer.MAX_VALUE;
        for (Found segment : List.copyOf(found.descendingMap().values())) {
            boolean skipped = segment.number() > oldestNamed;
            boolean torn =
                    segment.header() == null
                            && segment.number() == found.lastKey()
                            && segment.sizeBytes() <= SegmentHeader.BYTES;
            if (skipped || torn) {
                log.atWarn()
                        .addKeyValue("segment", segment.number())
                        .log("segment removed: it never came to be");
                disk.delete(directory.resolve(Segment.name(segment.number())));
                found.remove(segment.number());
            } else if (segment.header() != null) {
                oldestNamed = segment.header().predecessor();
            }
        }
    }

    private void scan(Found segment) throws IOException {
        SegmentHeader header = segment.header();
        int predecessor = header == null ? 0 : header.predecessor();
        Segment entry = queueIndex.addSegment(segment.number(), predecessor);
        boolean newest = segment.number() == found.lastKey();
        int limit = Math.min(segment.sizeBytes(), namedEnd(segment));
        int synced = limit;
        try (DiskFile file = disk.open(entry.file())) {
            if (header == null) {
                setAside.take(
                        file,
                        segment.number(),
                        0,
                        Math.min(limit, SegmentHeader.BYTES),
                        "head of a segment");
            }
            SegmentScan scan = new SegmentScan(file, segment.number(), mark, limit);
            boolean certain = !newest || lastStop == SpoolHome.LastStop.CLEAN;
            synced = certain ? limit : scan.knownSynced();
            SegmentScan.Result result = scan.run(synced, new Taker(file, segment.number()));
            if (result.newer()) {
                throw SpoolException.unusable(
                        "spool "
                                + directory
                                + " has records of a newer Postern: run that one or set another"
                                + " spool.path",
                        null);
            }
            records += result.records();
            queueIndex.end(entry, result.end());
        }
        if (namedEnd(segment) != Integer.MAX_VALUE && namedEnd(segment) > segment.sizeBytes()) {
            setAside.report(
                    segment.number(),
                    segment.sizeBytes(),
                    namedEnd(segment),
                    "lost end of a segment");
        }
        if (segment.sizeBytes() > entry.endBytes()) {
            cut(entry, segment.sizeBytes());
        }
        if (synced < entry.endBytes()) {
            rewrite(entry, synced);
        }
    }

    private int namedEnd(Found segment) {
        for (Found later : found.tailMap(segment.number(), false).values()) {
            SegmentHeader header = later.header();
            if (header != null && header.predecessor() == segment.number()) {
                return header.predecessorEnd();
            }
        }
        return Integer.MAX_VALUE;
    }

    /// Cuts what follows the last record.
    private void cut(Segment segment, int sizeBytes) {
        cutBytes += sizeBytes - segment.endBytes();
        try (DiskFile file = disk.openToWrite(segment.file())) {
            file.truncate(segment.endBytes());
            file.sync();
        } catch (IOException e) {
            synchronized (queueIndex) {
                segment.overhangs();
            }
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("segment", segment.number())
                    .log("torn tail can't be cut; the next segment names where it begins");
        }
    }

    /// Writes again what may not be on disk although it can be read: the process that wrote it may
    /// have died after a sync that failed, and such octets stay in the system's memory only,
    /// whatever a later sync says.
    private void rewrite(Segment segment, int synced) throws IOException {
        try (DiskFile file = disk.openToWrite(segment.file())) {
            ByteBuffer some = ByteBuffer.allocate(REWRITE_BYTES);
            for (int at = synced; at < segment.endBytes(); at += some.limit()) {
                some.clear().limit(Math.min(REWRITE_BYTES, segment.endBytes() - at));
                file.readFully(some, at);
                file.writeFully(some.flip(), at);
            }
            file.sync();
        }
    }

    private final class Taker implements SegmentScan.Findings {

        private final DiskFile file;
        private final int number;

        private Taker(DiskFile file, int number) {
            this.file = file;
            this.number = number;
        }

        @Override
        public void record(RecordHeader header, long position, byte[] body) throws IOException {
            rebuild.take(header, position, body);
        }

        @Override
        public void damage(int from, int to, @Nullable RecordHeader header) {
            String what = header == null ? "octets between records" : "record " + header.type();
            setAside.take(file, number, from, to, what);
            if (header != null) {
                rebuild.lose(header, Position.of(number, from));
            }
        }
    }

    /// Puts every message in line and counts what it needs.
    private List<Long> settle(Instant now) {
        List<Long> possiblyDuplicate = new ArrayList<>();
        long millis = now.toEpochMilli();
        synchronized (queueIndex) {
            MessageTable index = queueIndex.index();
            index.forEach(row -> {
                boolean waits =
                        index.state(row) == State.QUEUED || index.state(row) == State.DEFERRED;
                boolean unsure =
                        lastStop == SpoolHome.LastStop.MACHINE && waits && index.due(row) <= millis;
                if (unsure && !index.has(row, MessageTable.DOUBTFUL)) {
                    index.set(row, MessageTable.DOUBTFUL, true);
                    possiblyDuplicate.add(index.id(row));
                }
                if (waits) {
                    index.due(row, due(row, index, millis));
                }
                queueIndex.count(row, 1);
                queueIndex.lines().join(row);
            });
        }
        return possiblyDuplicate;
    }

    /// Returns when a message that waits is due in this run. What was or may have been sent when
    /// the last run ended is due at once (CONTRACT §4). What that run meant to do later is not put
    /// off by a clock that was set back since: the newest queue id tells what time it was.
    private long due(int row, MessageTable index, long millis) {
        boolean unsure =
                index.has(row, MessageTable.DOUBTFUL)
                        || (index.reasons(row) & MessageState.bit(Reason.UNCERTAIN)) != 0;
        long setBackMillis =
                Math.max(0, new QueueId(rebuild.lastId()).time().toEpochMilli() - millis);
        long due = Math.min(index.due(row) - setBackMillis, millis + LONGEST_WAIT.toMillis());
        return unsure ? Math.min(due, millis) : due;
    }

    private void summarise() {
        int messages = 0;
        synchronized (queueIndex) {
            messages = queueIndex.index().size();
        }
        log.atInfo()
                .addKeyValue("messages", messages)
                .addKeyValue("segments", found.size())
                .addKeyValue("records", records)
                .addKeyValue("cut-bytes", cutBytes)
                .addKeyValue("corrupt", setAside.places())
                .addKeyValue("damaged-messages", rebuild.damagedMessages())
                .addKeyValue("last-stop", lastStop.name().toLowerCase(Locale.ROOT))
                .log("spool opened");
    }

    /// Keeps damaged octets of the journal in `corrupt/`, with a note each, so that nothing is
    /// dropped silently.
    static final class CorruptStore {

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

        /// Copies octets of a segment and reports them. When they can't be copied, the start goes
        /// on: they stay in their segment for a while.
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
                String note =
                        "segment " + segment + " from " + from + " to " + to + ": " + what + "\n";
                try (DiskFile text = disk.create(directory.resolve(name + ".note"))) {
                    text.writeFully(ByteBuffer.wrap(note.getBytes(StandardCharsets.UTF_8)), 0);
                    text.sync();
                }
                disk.syncDirectory(directory);
            } catch (IOException e) {
                log.atError()
                        .setCause(e)
                        .addKeyValue("octets", name)
                        .log("damage can't be set aside");
            }
        }

        private static void copy(DiskFile file, int from, int to, DiskFile copy)
                throws IOException {
            ByteBuffer some = ByteBuffer.allocate(COPY_BYTES);
            for (int at = from; at < to; at += some.limit()) {
                some.clear().limit(Math.min(COPY_BYTES, to - at));
                file.readFully(some, at);
                copy.writeFully(some.flip(), at - from);
            }
            copy.sync();
        }
    }
}
