package dev.postern.spool;

import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a spool's journal: first where it goes on, which its newest segment tells however many
/// there are, then all of it, oldest segment first, a little at a time. Has each segment scanned as
/// [SegmentScan.RecoveryTable] decides and gives the records to an [IndexRebuild].
///
/// *Diagnostics*: one line says what was found, and before it one now and then how far it is; each
/// damaged place is set aside (see [CorruptStore]) with a line of its own. A newer format stops the
/// start; a record of a newer program in an older segment, and a segment that can't be read, stop
/// the reading, which is tried again.
///
/// Limits: a step reads [#STEP_BYTES] or one record, or puts [QueueIndex#SLICE_ROWS] messages in
/// line.
final class JournalRecovery {

    private static final Logger log = LoggerFactory.getLogger(JournalRecovery.class);
    private static final int COPY_BYTES = 64 * 1024;

    /// Octets that are read between two batches of the writer's work.
    private static final int STEP_BYTES = 256 * 1024;

    /// Notes of possible duplicates that are on their way to the disk at once.
    private static final int NOTES_MOST = 4000;

    /// How often it is said how far a long recovery is.
    private static final Duration TOLD_EVERY = Duration.ofSeconds(10);

    /// Nothing waits for longer: no server's Retry-After is followed further.
    private static final Duration LONGEST_WAIT = Duration.ofHours(24);

    private final Disk disk;
    private final Path directory;
    private final int mark;
    private final SpoolHome.LastStop lastStop;
    private final QueueIndex queueIndex;
    private final IndexRebuild rebuild;
    private final CorruptStore corruptStore;
    private final NavigableMap<Integer, Found> found = new TreeMap<>();
    private final Deque<Found> unread = new ArrayDeque<>();
    private @Nullable OpenScan open;
    private long startMillis;
    private long setBackMillis = -1;
    private int settledRows;
    private int notedRows;
    private long toldNanos = System.nanoTime();
    private int records;
    private long cutBytes;

    /// A segment file.
    ///
    /// @param header null when both copies are damaged
    private record Found(int number, Segment.@Nullable Header header, int sizeBytes) {}

    /// A segment that is being read.
    private record OpenScan(Found found, Segment segment, Disk.File file, SegmentScan scan) {}

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
        this.corruptStore = new CorruptStore(disk, directory);
    }

    /// Finds a mark in the segments, for a spool that lost its `format` file.
    static @Nullable Integer markOf(Disk disk, Path directory) throws IOException {
        for (String name : disk.list(directory)) {
            if (Segment.numberOf(name).isPresent()) {
                Segment.Header header = Segment.Header.read(disk, directory.resolve(name));
                if (header != null) {
                    return header.mark();
                }
            }
        }
        return null;
    }

    /// Finds where the journal goes on, and which ids were given.
    ///
    /// @param now what was due by then may have been sent by the last run
    Journal.Start begin(Instant now) throws IOException {
        startMillis = now.toEpochMilli();
        int highestNumber = findSegments();
        removeNothings();
        for (Found each : found.values()) {
            Segment.Header header = each.header();
            Segment entry =
                    queueIndex.addSegment(each.number(), header == null ? 0 : header.predecessor());
            queueIndex.end(entry, Math.min(each.sizeBytes(), namedEnd(each)));
        }
        unread.addAll(found.values());
        if (found.isEmpty()) {
            return new Journal.Start(0, 0, highestNumber + 1);
        }
        Found newest = found.lastEntry().getValue();
        int newestEnd = end(newest);
        if (newest.header() != null) {
            queueIndex.sawId(newest.header().lastId());
        }
        if (knowsLastId()) {
            setBackMillis = setBackMillis();
        }
        return new Journal.Start(newest.number(), newestEnd, highestNumber + 1);
    }

    /// Returns whether there is so little that it is not worth opening the door before.
    boolean isShort() {
        return found.size() <= 1;
    }

    /// Returns whether new ids can be given before all is read.
    boolean knowsLastId() {
        Segment.Header newest = found.isEmpty() ? null : found.lastEntry().getValue().header();
        return newest != null && newest.lastId() > 0;
    }

    /// @return the highest number that a file has
    private int findSegments() throws IOException {
        int highestNumber = 0;
        for (String name : disk.list(directory)) {
            int number = Segment.numberOf(name).orElse(0);
            if (number > 0) {
                Path path = directory.resolve(name);
                Segment.Header header = Segment.Header.read(disk, path);
                check(header, number);
                int sizeBytes = Math.toIntExact(disk.sizeBytes(path));
                found.put(number, new Found(number, header, sizeBytes));
                highestNumber = Math.max(highestNumber, number);
            }
        }
        return highestNumber;
    }

    private void check(Segment.@Nullable Header header, int number) throws SpoolException {
        if (header == null) {
            return;
        }
        SpoolHome.checkVersion(header.version(), directory);
        if (header.mark() != mark || header.number() != number) {
            throw SpoolException.unusable(
                    "spool %s has a segment of another spool (%s): move it away"
                            .formatted(directory, Segment.name(number)),
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
                            && segment.sizeBytes() <= Segment.Header.BYTES;
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

    /// Returns where the records of the newest segment end, and cuts off what follows.
    private int end(Found newest) throws IOException {
        int synced = newest.sizeBytes();
        int end;
        try (Disk.File file = disk.open(path(newest))) {
            SegmentScan scan = new SegmentScan(file, newest.number(), mark, newest.sizeBytes());
            if (lastStop != SpoolHome.LastStop.CLEAN) {
                synced = scan.knownSynced();
            }
            SegmentScan.Result result = scan.run(synced, ids());
            refuseNewer(result);
            end = result.end();
        }
        synchronized (queueIndex) {
            Segment entry = queueIndex.segments().lastEntry().getValue();
            queueIndex.end(entry, end);
        }
        cut(newest, end);
        if (synced < end) {
            rewrite(newest, synced, end);
        }
        return end;
    }

    private SegmentScan.Findings ids() {
        return new SegmentScan.Findings() {
            @Override
            public void record(RecordHeader header, long position, byte[] body) {
                queueIndex.sawId(header.id());
            }

            @Override
            public void damage(int from, int to, @Nullable RecordHeader header) {
                if (header != null) {
                    queueIndex.sawId(header.id());
                }
            }
        };
    }

    private Path path(Found segment) {
        return directory.resolve(Segment.name(segment.number()));
    }

    private void refuseNewer(SegmentScan.Result result) throws SpoolException {
        if (result.newer()) {
            throw SpoolException.unusable(
                    ("spool %s has records of a newer Postern: run that one or set another"
                                    + " spool.path")
                            .formatted(directory),
                    null);
        }
    }

    /// Reads on.
    ///
    /// @return whether there is more to read
    /// @throws IOException when the disk fails; the next call tries again from there
    boolean read() throws IOException {
        if (open == null) {
            Found next = unread.poll();
            if (next == null) {
                setBackMillis = setBackMillis < 0 ? setBackMillis() : setBackMillis;
                return false;
            }
            open = open(next);
        }
        OpenScan current = open;
        SegmentScan.Result result =
                current.scan()
                        .run(
                                current.segment().endBytes(),
                                findings(current.file(), current.segment().number()),
                                STEP_BYTES);
        if (result != null) {
            refuseNewer(result);
            records += result.records();
            if (current.found().number() != found.lastKey()) {
                cut(current.found(), result.end());
            }
            close();
        }
        tell();
        return true;
    }

    private OpenScan open(Found next) throws IOException {
        Segment entry;
        synchronized (queueIndex) {
            entry = Objects.requireNonNull(queueIndex.segments().get(next.number()));
        }
        int limit = entry.endBytes();
        Disk.File file;
        try {
            file = disk.open(path(next));
        } catch (IOException e) {
            unread.addFirst(next);
            throw e;
        }
        if (next.header() == null) {
            int head = Math.min(limit, Segment.Header.BYTES);
            corruptStore.take(file, next.number(), 0, head, "head of a segment");
        }
        if (namedEnd(next) != Integer.MAX_VALUE && namedEnd(next) > next.sizeBytes()) {
            corruptStore.report(
                    next.number(), next.sizeBytes(), namedEnd(next), "lost end of a segment");
        }
        SegmentScan scan = new SegmentScan(file, next.number(), mark, limit);
        return new OpenScan(next, entry, file, scan);
    }

    /// Lets go of what is open, at the end or in the middle.
    void close() throws IOException {
        OpenScan current = open;
        open = null;
        if (current != null) {
            current.file().close();
        }
    }

    private void tell() {
        long now = System.nanoTime();
        if (now - toldNanos > TOLD_EVERY.toNanos()) {
            toldNanos = now;
            log.atInfo()
                    .addMarker(LogMark.EACH)
                    .addKeyValue("segments-left", unread.size())
                    .addKeyValue("segments", found.size())
                    .log("what the last run left is being read; new mail is taken");
        }
    }

    private int namedEnd(Found segment) {
        for (Found later : found.tailMap(segment.number(), false).values()) {
            Segment.Header header = later.header();
            if (header != null && header.predecessor() == segment.number()) {
                return header.predecessorEnd();
            }
        }
        return Integer.MAX_VALUE;
    }

    /// Cuts what follows the last record. A file that ends there already is synced too: the run or
    /// start that cut it may have died before its sync, or the sync may have failed, and what was
    /// cut would come back by a power cut once the next segment, which names the end, is gone.
    private void cut(Found segment, int end) {
        cutBytes += segment.sizeBytes() - end;
        try (Disk.File file = disk.openToWrite(path(segment))) {
            file.truncate(end);
            file.sync();
        } catch (IOException e) {
            synchronized (queueIndex) {
                Objects.requireNonNull(queueIndex.segments().get(segment.number())).overhangs();
            }
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("segment", segment.number())
                    .log("segment can't be cut for certain; the next one names where it ends");
        }
    }

    /// Writes again what may not be on disk although it can be read: the process that wrote it may
    /// have died after a sync that failed, and such octets stay in the system's memory only,
    /// whatever a later sync says.
    private void rewrite(Found segment, int synced, int end) throws IOException {
        try (Disk.File file = disk.openToWrite(path(segment))) {
            copy(file, synced, end, file, synced);
        }
    }

    private static void copy(Disk.File from, int start, int end, Disk.File to, int at)
            throws IOException {
        ByteBuffer some = ByteBuffer.allocate(COPY_BYTES);
        for (int done = start; done < end; done += some.limit()) {
            some.clear().limit(Math.min(COPY_BYTES, end - done));
            from.readFully(some, done);
            to.writeFully(some.flip(), at + done - start);
        }
        to.sync();
    }

    private SegmentScan.Findings findings(Disk.File file, int number) {
        return new SegmentScan.Findings() {
            @Override
            public void record(RecordHeader header, long position, byte[] body) throws IOException {
                rebuild.take(header, position, body);
            }

            @Override
            public void damage(int from, int to, @Nullable RecordHeader header) {
                String what = header == null ? "octets between records" : "record " + header.type();
                corruptStore.take(file, number, from, to, what);
                if (header != null) {
                    rebuild.lose(header, Position.of(number, from));
                }
            }
        };
    }

    /// Returns by how much the clock was set back since the newest queue id was given.
    private long setBackMillis() {
        long newest = new QueueId(queueIndex.lastId()).time().toEpochMilli();
        return Math.max(0, newest - startMillis);
    }

    /// Puts messages in line and counts what they need, once all is read.
    ///
    /// @return whether there are more
    boolean settle() {
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            int to = settledRows + QueueIndex.SLICE_ROWS;
            table.rows(settledRows, to)
                    .filter(row -> table.has(row, MessageTable.RECOVERED))
                    .forEach(this::settle);
            settledRows = to;
            return settledRows < table.end();
        }
    }

    private void settle(int row) {
        MessageTable table = queueIndex.table();
        State state = table.state(row);
        boolean waits = state == State.QUEUED || state == State.DEFERRED;
        boolean unsure =
                lastStop == SpoolHome.LastStop.MACHINE
                        && waits
                        && table.due(row) - setBackMillis <= startMillis;
        if (unsure && !table.has(row, MessageTable.DOUBTFUL)) {
            table.set(row, MessageTable.DOUBTFUL | MessageTable.UNNOTED, true);
        }
        if (waits) {
            table.due(row, due(row, table));
        }
        queueIndex.dueQueues().join(row);
        queueIndex.count(row, 1);
        table.set(row, MessageTable.RECOVERED, false);
    }

    /// Has possible duplicates noted that the death of the machine left.
    ///
    /// @param note writes a note behind
    /// @return the last of the notes; null when there is nothing more to note
    JournalWrites.@Nullable JournalWrite noteDoubts(
            LongFunction<JournalWrites.@Nullable JournalWrite> note) {
        JournalWrites.JournalWrite last = null;
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            for (int left = NOTES_MOST; left > 0 && notedRows < table.end(); notedRows++) {
                if (table.isUsed(notedRows) && table.has(notedRows, MessageTable.UNNOTED)) {
                    table.set(notedRows, MessageTable.UNNOTED, false);
                    last = note.apply(table.id(notedRows));
                    left--;
                }
            }
        }
        return last;
    }

    /// Returns when a message that waits is due in this run. What was or may have been sent when
    /// the last run ended is due at once. What that run meant to do later is not put off by a clock
    /// that was set back since: the newest queue id tells what time it was.
    private long due(int row, MessageTable table) {
        boolean unsure =
                table.has(row, MessageTable.DOUBTFUL)
                        || (table.reasons(row) & MessageState.bit(Reason.UNCERTAIN)) != 0;
        long latest = startMillis + LONGEST_WAIT.toMillis();
        long due = Math.min(table.due(row) - setBackMillis, latest);
        return unsure ? Math.min(due, startMillis) : due;
    }

    /// Reports messages that can't be sent and returns the states that say so, to be written.
    List<MessageState> reportDamage(Instant now) {
        return rebuild.reportDamage(now);
    }

    /// Says what was found.
    void summarise() {
        int messages;
        synchronized (queueIndex) {
            messages = queueIndex.table().size();
        }
        log.atInfo()
                .addKeyValue("messages", messages)
                .addKeyValue("segments", found.size())
                .addKeyValue("records", records)
                .addKeyValue("cut-bytes", cutBytes)
                .addKeyValue("corrupt", corruptStore.places())
                .addKeyValue("damaged-messages", rebuild.damagedMessages())
                .addKeyValue("last-stop", lastStop.name().toLowerCase(Locale.ROOT))
                .log("spool opened");
    }

    /// Keeps damaged octets of the journal in `corrupt/`, with a note each, so that nothing is
    /// dropped silently.
    static final class CorruptStore {

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
        void take(Disk.File file, int segment, int from, int to, String what) {
            report(segment, from, to, what);
            String name = Segment.name(segment) + "-" + from;
            try {
                disk.createDirectories(directory);
                if (disk.list(directory).contains(name + ".octets")) {
                    return;
                }
                try (Disk.File copy = disk.create(directory.resolve(name + ".octets"))) {
                    copy(file, from, to, copy, 0);
                }
                String note =
                        "segment " + segment + " from " + from + " to " + to + ": " + what + "\n";
                try (Disk.File text = disk.create(directory.resolve(name + ".note"))) {
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
    }
}
