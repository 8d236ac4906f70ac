package dev.postern.spool;

import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads a spool's journal at the start: finds the segments, has each scanned as
/// [SegmentScan.RecoveryTable] decides, and gives the records to an [IndexRebuild].
///
/// *Diagnostics*: one line says what was found; each damaged place is set aside (see
/// [CorruptStore]) with a line of its own. A newer format stops the start.
final class JournalRecovery {

    private static final Logger log = LoggerFactory.getLogger(JournalRecovery.class);
    private static final int COPY_BYTES = 64 * 1024;

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
    private int highestNumber;
    private int records;
    private long cutBytes;

    /// A segment file.
    ///
    /// @param header null when both copies are damaged
    private record Found(int number, Segment.@Nullable Header header, int sizeBytes) {}

    /// Where the journal goes on.
    ///
    /// @param lastId the largest queue id
    /// @param reports states of messages that can't be sent, to be written
    /// @param possiblyDuplicate ids of messages whose possible duplicate is to be written
    record Result(
            Journal.Start start,
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

    Result run(Instant now) throws IOException {
        findSegments();
        removeNothings();
        int end = 0;
        for (Found segment : List.copyOf(found.values())) {
            end = scan(segment).endBytes();
        }
        List<MessageState> reports = rebuild.reportDamage(now);
        List<Long> possiblyDuplicate = settle(now);
        summarise();
        int last = found.isEmpty() ? 0 : found.lastKey();
        Journal.Start start = new Journal.Start(last, end, highestNumber + 1);
        return new Result(start, rebuild.lastId(), reports, possiblyDuplicate);
    }

    private void findSegments() throws IOException {
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

    /// Returns the segment as far as it is whole.
    private Segment scan(Found segment) throws IOException {
        Segment.Header header = segment.header();
        int predecessor = header == null ? 0 : header.predecessor();
        Segment entry = queueIndex.addSegment(segment.number(), predecessor);
        boolean newest = segment.number() == found.lastKey();
        int limit = Math.min(segment.sizeBytes(), namedEnd(segment));
        int synced = limit;
        try (Disk.File file = disk.open(entry.file())) {
            if (header == null) {
                corruptStore.take(
                        file,
                        segment.number(),
                        0,
                        Math.min(limit, Segment.Header.BYTES),
                        "head of a segment");
            }
            SegmentScan scan = new SegmentScan(file, segment.number(), mark, limit);
            boolean certain = !newest || lastStop == SpoolHome.LastStop.CLEAN;
            synced = certain ? limit : scan.knownSynced();
            SegmentScan.Result result = scan.run(synced, findings(file, segment.number()));
            if (result.newer()) {
                throw SpoolException.unusable(
                        ("spool %s has records of a newer Postern: run that one or set another"
                                        + " spool.path")
                                .formatted(directory),
                        null);
            }
            records += result.records();
            queueIndex.end(entry, result.end());
        }
        if (namedEnd(segment) != Integer.MAX_VALUE && namedEnd(segment) > segment.sizeBytes()) {
            corruptStore.report(
                    segment.number(),
                    segment.sizeBytes(),
                    namedEnd(segment),
                    "lost end of a segment");
        }
        cut(entry, segment.sizeBytes());
        if (synced < entry.endBytes()) {
            rewrite(entry, synced);
        }
        return entry;
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
    private void cut(Segment segment, int sizeBytes) {
        cutBytes += sizeBytes - segment.endBytes();
        try (Disk.File file = disk.openToWrite(segment.file())) {
            file.truncate(segment.endBytes());
            file.sync();
        } catch (IOException e) {
            synchronized (queueIndex) {
                segment.overhangs();
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
    private void rewrite(Segment segment, int synced) throws IOException {
        try (Disk.File file = disk.openToWrite(segment.file())) {
            copy(file, synced, segment.endBytes(), file, synced);
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

    /// Puts every message in line and counts what it needs.
    private List<Long> settle(Instant now) {
        List<Long> possiblyDuplicate = new ArrayList<>();
        long millis = now.toEpochMilli();
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            table.rows()
                    .forEach(row -> {
                        boolean waits =
                                table.state(row) == State.QUEUED
                                        || table.state(row) == State.DEFERRED;
                        boolean unsure =
                                lastStop == SpoolHome.LastStop.MACHINE
                                        && waits
                                        && table.due(row) <= millis;
                        if (unsure && !table.has(row, MessageTable.DOUBTFUL)) {
                            table.set(row, MessageTable.DOUBTFUL, true);
                            possiblyDuplicate.add(table.id(row));
                        }
                        if (waits) {
                            table.due(row, due(row, table, millis));
                        }
                        queueIndex.count(row, 1);
                        queueIndex.dueQueues().join(row);
                    });
        }
        return possiblyDuplicate;
    }

    /// Returns when a message that waits is due in this run. What was or may have been sent when
    /// the last run ended is due at once. What that run meant to do later is not put off by a clock
    /// that was set back since: the newest queue id tells what time it was.
    private long due(int row, MessageTable table, long millis) {
        boolean unsure =
                table.has(row, MessageTable.DOUBTFUL)
                        || (table.reasons(row) & MessageState.bit(Reason.UNCERTAIN)) != 0;
        long setBackMillis =
                Math.max(0, new QueueId(rebuild.lastId()).time().toEpochMilli() - millis);
        long due = Math.min(table.due(row) - setBackMillis, millis + LONGEST_WAIT.toMillis());
        return unsure ? Math.min(due, millis) : due;
    }

    private void summarise() {
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

    /// Builds a [QueueIndex] from the records of the journal, oldest first: the newest whole state
    /// of a queue id wins.
    static final class IndexRebuild {

        /// What is said to operators about a recipient of a message whose content is damaged.
        static final String DAMAGED_REPLY =
                "not sent: its content is damaged on disk; see the spool's corrupt directory";

        /// The content of a message as far as it was seen.
        private record Chain(int first, long tail, long bytes, boolean whole) {

            boolean carries(MessageState state, long link) {
                return whole && tail == link && bytes == state.message().sizeBytes();
            }
        }

        private final QueueIndex queueIndex;
        private final Map<Long, Chain> chains = new HashMap<>();
        private final Map<Long, MessageState> damaged = new HashMap<>();
        private final Map<Long, Long> lost = new HashMap<>();
        private long lastId;

        IndexRebuild(QueueIndex queueIndex) {
            this.queueIndex = queueIndex;
        }

        /// Returns the largest queue id that was seen.
        long lastId() {
            return lastId;
        }

        /// Takes in a whole record.
        void take(RecordHeader header, long position, byte[] body) throws IOException {
            long id = header.id();
            lastId = Math.max(lastId, id);
            switch (Objects.requireNonNull(header.type())) {
                case CONTENT -> content(header, position);
                case COMMITTING -> committing(id, position);
                case REMOVED -> removed(header, position);
                case ACCEPTED, SETTLED, HELD, RELEASED, RETRIED, DONE, COPIED ->
                        state(
                                MessageStateCodec.decode(new QueueId(id), body),
                                header.link(),
                                position,
                                body.length);
            }
        }

        private void content(RecordHeader header, long position) {
            Chain before = chains.get(header.id());
            boolean first = header.link() == Position.NONE;
            if (!first && before != null && before.whole() && before.tail() == header.link()) {
                long bytes = before.bytes() + header.length();
                chains.put(header.id(), new Chain(before.first(), position, bytes, true));
            } else {
                int segment = Position.segment(position);
                chains.put(header.id(), new Chain(segment, position, header.length(), first));
            }
        }

        private void committing(long id, long position) {
            synchronized (queueIndex) {
                int row = queueIndex.table().find(id);
                if (row != MessageTable.NONE) {
                    queueIndex.table().set(row, MessageTable.DOUBTFUL, true);
                }
                queueIndex.noted(RecordHeader.Type.COMMITTING, position, 0);
            }
        }

        private void removed(RecordHeader header, long position) {
            long id = header.id();
            synchronized (queueIndex) {
                int row = queueIndex.table().find(id);
                if (row != MessageTable.NONE) {
                    queueIndex.table().remove(row);
                }
                queueIndex.noted(RecordHeader.Type.REMOVED, position, header.link());
            }
            chains.remove(id);
            damaged.remove(id);
            lost.remove(id);
        }

        private void state(MessageState state, long link, long position, int bytes) {
            long id = state.id().value();
            lost.remove(id);
            Chain chain = chains.get(id);
            synchronized (queueIndex) {
                MessageTable table = queueIndex.table();
                int row = table.find(id);
                boolean known = row != MessageTable.NONE;
                if (!known) {
                    row = table.add(id);
                    table.first(row, Position.segment(position));
                }
                if (chain != null && chain.carries(state, link)) {
                    table.content(row, chain.first(), link, state.message().sizeBytes());
                    table.first(row, Math.min(table.first(row), chain.first()));
                    chains.remove(id);
                    damaged.remove(id);
                } else if (isContentMissing(state, link, known, row)) {
                    damaged.put(id, state);
                }
                damaged.computeIfPresent(id, (_, _) -> state.hasContent() ? state : null);
                queueIndex.describe(row, state);
                table.head(row, position, bytes);
                queueIndex.catalogue().put(row, state);
            }
        }

        /// Returns whether there is none of the content that a state needs; a copy that lost its
        /// content can fall back to the place that was known before.
        private boolean isContentMissing(MessageState state, long link, boolean known, int row) {
            MessageTable table = queueIndex.table();
            if (!state.hasContent()
                    || (state.message().sizeBytes() == 0 && link == Position.NONE)) {
                return false;
            }
            boolean before = known && table.has(row, MessageTable.HAS_CONTENT);
            return !before || table.sizeBytes(row) != state.message().sizeBytes();
        }

        /// Takes note of a record whose body is damaged.
        void lose(RecordHeader header, long position) {
            RecordHeader.Type type = header.type();
            long id = header.id();
            lastId = Math.max(lastId, id);
            if (type == null || !type.isState()) {
                return;
            }
            synchronized (queueIndex) {
                int row = queueIndex.table().find(id);
                if (row == MessageTable.NONE) {
                    lost.put(id, position);
                } else {
                    queueIndex.table().set(row, MessageTable.DOUBTFUL, true);
                    log.atError()
                            .addMarker(LogMark.EACH)
                            .addKeyValue("id", new QueueId(id))
                            .addKeyValue("position", Position.text(position))
                            .log(
                                    "state damaged on disk, the one before is used: possible"
                                            + " duplicate");
                }
            }
        }

        /// Reports messages that can't be sent and returns the states that say so, to be written.
        List<MessageState> reportDamage(Instant now) {
            lost.forEach((id, position) ->
                    log.atError()
                            .addMarker(LogMark.EACH)
                            .addKeyValue("id", new QueueId(id))
                            .addKeyValue("position", Position.text(position))
                            .log("message lost: its envelope is damaged on disk"));
            List<MessageState> reports = new ArrayList<>();
            for (MessageState state : damaged.values()) {
                log.atError()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", state.id())
                        .addKeyValue("from", state.envelope().sender())
                        .addKeyValue("to", state.envelope().recipients())
                        .log("message not sent: its content is damaged on disk");
                reports.add(
                        state.withoutContent(true)
                                .with(IndexRebuild::unsendable, state.ageFrom(), now));
            }
            return reports;
        }

        private static Recipient unsendable(Recipient recipient) {
            return recipient.state().isFinal()
                    ? recipient
                    : new Recipient(recipient.address(), State.FAILED, null, DAMAGED_REPLY, null);
        }

        /// Returns how many messages are without envelope or content.
        int damagedMessages() {
            return damaged.size() + lost.size();
        }
    }
}
