package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntConsumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// What is known in memory: the [MessageTable] of messages, the [DueQueues] they stand in, the
/// [Segment]s and what of them is needed, and [StateCache] snapshots. Its monitor guards all of
/// these; nothing under it waits for the disk.
final class QueueIndex {

    /// Octets of snapshots, as on disk, that are kept in memory so that new mail need not be read
    /// back.
    private static final long RECENT_BYTES = 512 * 1024;

    private final Path directory;
    private final MessageTable index = new MessageTable();
    private final DueQueues lines = new DueQueues(index);
    private final StateCache recent = new StateCache(RECENT_BYTES);
    private final Catalogue catalogue;
    private final NavigableMap<Integer, Segment> segments = new TreeMap<>();
    private final Map<Long, Integer> leaving = new HashMap<>();
    private long bytes;

    /// Where content is.
    ///
    /// @param first the segment of its first piece
    /// @param tail the position of its last piece; [Position#NONE] for empty content
    record Place(int first, long tail) {}

    /// A message's newest snapshot: in memory, or where it is on disk.
    record Found(
            @Nullable MessageState snapshot,
            long head,
            State shown,
            long due,
            boolean possiblyDuplicate,
            boolean freed) {

        /// Returns a state that was written with what changed in memory only: possible duplicate,
        /// freed holds.
        MessageState current(MessageState written) {
            MessageState current = possiblyDuplicate ? written.possiblyDuplicate() : written;
            return freed
                    ? current.queued(Found::isFreed, current.ageFrom(), current.due())
                    : current;
        }

        private static boolean isFreed(Recipient recipient) {
            return recipient.state() == State.HELD && recipient.reason() == Reason.NO_EGRESS;
        }

        /// Returns a state that was written as operators see it now.
        MessageState view(MessageState written) {
            MessageState now = current(written).dueAt(Instant.ofEpochMilli(due));
            return shown == State.SENDING ? now.sending() : now;
        }
    }

    QueueIndex(Path directory, Catalogue catalogue) {
        this.directory = directory;
        this.catalogue = catalogue;
    }

    Path directory() {
        return directory;
    }

    MessageTable index() {
        assert Thread.holdsLock(this);
        return index;
    }

    DueQueues lines() {
        assert Thread.holdsLock(this);
        return lines;
    }

    StateCache recent() {
        assert Thread.holdsLock(this);
        return recent;
    }

    Catalogue catalogue() {
        assert Thread.holdsLock(this);
        return catalogue;
    }

    NavigableMap<Integer, Segment> segments() {
        assert Thread.holdsLock(this);
        return segments;
    }

    synchronized Segment addSegment(int number, int predecessor) {
        Segment segment = new Segment(number, directory, predecessor);
        segments.put(number, segment);
        bytes += segment.endBytes();
        return segment;
    }

    synchronized void removeSegment(Segment segment) {
        segments.remove(segment.number());
        bytes -= segment.endBytes();
    }

    /// Returns the segment of a position, which must be there.
    Segment segmentAt(long position) {
        assert Thread.holdsLock(this);
        Segment segment = segments.get(Position.segment(position));
        if (segment == null) {
            throw new IllegalStateException("no segment at " + Position.text(position));
        }
        return segment;
    }

    synchronized void end(Segment segment, int endBytes) {
        bytes += endBytes - segment.endBytes();
        segment.end(endBytes);
    }

    /// Enters a message whose accepted record is durable.
    synchronized void accepted(MessageState snapshot, Place content, long head, int headBytes) {
        int row = index.add(snapshot.id().value());
        int first = Position.segment(head);
        index.first(row, content.first() == 0 ? first : Math.min(content.first(), first));
        index.content(row, content.first(), content.tail(), snapshot.sizeBytes());
        index.head(row, head, headBytes);
        describe(row, snapshot);
        count(row, 1);
        lines.join(row);
        catalogue.put(row, snapshot);
        recent.keep(snapshot.id().value(), snapshot, headBytes);
    }

    /// Sets the columns that a snapshot decides.
    void describe(int row, MessageState snapshot) {
        index.state(row, snapshot.state(), snapshot.reasons());
        index.due(row, snapshot.due().toEpochMilli());
        index.shelf(row, 0);
        index.set(row, MessageTable.HAS_CONTENT, snapshot.hasContent());
        index.set(row, MessageTable.DOUBTFUL, false);
        index.set(row, MessageTable.FREED, false);
        index.set(row, MessageTable.COMMITTING, false);
    }

    /// Changes a message; `snapshot` stays in memory until [#durable] is called for it.
    ///
    /// @param flags that stand from now on, of [MessageTable#CLAIMED] and [MessageTable#COMMITTING]
    void change(long id, MessageState snapshot, int bytes, int flags) {
        int row = index.find(id);
        assert Thread.holdsLock(this);
        lines.leave(row);
        count(row, -1);
        describe(row, snapshot);
        index.set(row, MessageTable.CLAIMED | MessageTable.COMMITTING, false);
        index.set(row, flags, true);
        count(row, 1);
        lines.join(row);
        recent.pin(id, snapshot, bytes);
    }

    /// Changes columns that decide where a message stands in line.
    void requeue(int row, IntConsumer change) {
        assert Thread.holdsLock(this);
        lines.leave(row);
        change.accept(row);
        lines.join(row);
    }

    /// Forgets a message. Whoever calls sees to it that it stays forgotten after a restart.
    void forget(int row) {
        assert Thread.holdsLock(this);
        recent.remove(index.id(row));
        lines.leave(row);
        count(row, -1);
        index.remove(row);
    }

    /// Notes that a message is forgotten, which the disk does not know before [#left].
    void leaves(long id, int first) {
        assert Thread.holdsLock(this);
        leaving.put(id, first);
    }

    synchronized void left(long id) {
        leaving.remove(id);
    }

    /// Returns the oldest segment that may know a message of which the disk does not know the
    /// newest; [Integer#MAX_VALUE] when there is none.
    int oldestUnwritten() {
        assert Thread.holdsLock(this);
        int[] oldest = {Integer.MAX_VALUE};
        leaving.values().forEach(first -> oldest[0] = Math.min(oldest[0], first));
        recent.forEachPinned(id -> {
            int row = index.find(id);
            if (row != MessageTable.NONE) {
                oldest[0] = Math.min(oldest[0], index.first(row));
            }
        });
        return oldest[0];
    }

    /// Notes that a message's newest snapshot has been written, not yet durably.
    synchronized void moved(long id, long head, int headBytes) {
        moved(id, null, head, headBytes);
    }

    /// Notes that a message was copied, durably.
    ///
    /// @param content where its content is now; null when it has none
    synchronized void moved(long id, @Nullable Place content, long head, int headBytes) {
        int row = index.find(id);
        if (row != MessageTable.NONE) {
            count(row, -1);
            if (content != null) {
                index.content(row, content.first(), content.tail(), index.sizeBytes(row));
            }
            index.head(row, head, headBytes);
            count(row, 1);
        }
    }

    /// Notes with its segment that a record says that a message is past a commit point, or gone.
    ///
    /// @param link the segments that may know one that is gone
    synchronized void noted(RecordHeader.Type type, long position, long link) {
        Segment segment = segmentAt(position);
        if (type == RecordHeader.Type.REMOVED) {
            segment.knowsEnded(Position.segment(link), Position.offset(link));
        } else {
            segment.possibleDuplicate();
        }
    }

    synchronized void durable(long id) {
        recent.unpin(id);
    }

    /// Returns where a message's content is, for a record about it; no place when it has none.
    synchronized long tail(long id) {
        int row = index.find(id);
        return row != MessageTable.NONE && index.has(row, MessageTable.HAS_CONTENT)
                ? index.tail(row)
                : Position.NONE;
    }

    /// Returns whether something is owed of a message.
    synchronized boolean isOwed(long id) {
        int row = index.find(id);
        return row != MessageTable.NONE && !index.state(row).isFinal();
    }

    synchronized boolean knows(long id) {
        return index.find(id) != MessageTable.NONE;
    }

    /// Returns where a message's newest snapshot is; null when it is not known.
    synchronized @Nullable Found find(long id) {
        int row = index.find(id);
        return row == MessageTable.NONE ? null : found(row);
    }

    Found found(int row) {
        return new Found(
                recent.get(index.id(row)),
                index.head(row),
                lines.shownState(row),
                index.due(row),
                index.has(row, MessageTable.DOUBTFUL),
                index.has(row, MessageTable.FREED));
    }

    /// Returns where the content of a message is and keeps its segments until [#unpin]; null when
    /// it is gone.
    synchronized @Nullable Place pinContent(long id) {
        int row = index.find(id);
        if (row == MessageTable.NONE || !index.has(row, MessageTable.HAS_CONTENT)) {
            return null;
        }
        Place place = new Place(index.contentFirst(row), index.tail(row));
        pin(place);
        return place;
    }

    synchronized void pin(Place place) {
        pin(place, 1);
    }

    synchronized void unpin(Place place) {
        pin(place, -1);
    }

    private void pin(Place place, int change) {
        for (Segment segment : segmentsOf(place.first(), place.tail())) {
            segment.readersAdd(change);
        }
    }

    /// Adds (1) or takes back (-1) what a message needs of the segments.
    void count(int row, int sign) {
        Segment head = segments.get(Position.segment(index.head(row)));
        if (head != null) {
            head.count(sign, index.headBytes(row));
        }
        if (index.has(row, MessageTable.HAS_CONTENT)) {
            List<Segment> holders = segmentsOf(index.contentFirst(row), index.tail(row));
            for (Segment holder : holders) {
                holder.count(sign, index.sizeBytes(row) / holders.size());
            }
        }
    }

    private List<Segment> segmentsOf(int first, long tail) {
        if (tail == Position.NONE) {
            return List.of();
        }
        int last = Position.segment(tail);
        if (first == last) {
            Segment only = segments.get(first);
            return only == null ? List.of() : List.of(only);
        }
        return new ArrayList<>(segments.subMap(first, true, last, true).values());
    }

    /// Returns how many octets the segments have.
    synchronized long bytes() {
        return bytes;
    }

    /// Returns when the oldest unfinished message was received; null when there is none.
    synchronized @Nullable Instant oldest() {
        long[] oldest = {Long.MAX_VALUE};
        index.forEach(row -> {
            if (!lines.shownState(row).isFinal()) {
                oldest[0] = Math.min(oldest[0], index.id(row));
            }
        });
        return oldest[0] == Long.MAX_VALUE ? null : new QueueId(oldest[0]).time();
    }

    /// The newest snapshots of a few messages: those that are not yet safely on disk stay, and of
    /// the others as many as fit into a budget, so that new mail need not be read back. Guarded by
    /// the [QueueIndex]'s monitor.
    static final class StateCache {

        private static final class Entry {
            private MessageState snapshot;
            private int bytes;
            private int pins;

            private Entry(MessageState snapshot) {
                this.snapshot = snapshot;
            }
        }

        private final Map<Long, Entry> entries = new LinkedHashMap<>();
        private final long budgetBytes;
        private long bytes;

        /// @param budgetBytes how much may stay that is on disk too, counted as on disk
        StateCache(long budgetBytes) {
            this.budgetBytes = budgetBytes;
        }

        @Nullable MessageState get(long id) {
            Entry entry = entries.get(id);
            return entry == null ? null : entry.snapshot;
        }

        /// Keeps a snapshot at least until as many calls of [#unpin].
        void pin(long id, MessageState snapshot, int snapshotBytes) {
            put(id, snapshot, snapshotBytes).pins++;
        }

        /// Keeps a snapshot while there is room.
        void keep(long id, MessageState snapshot, int snapshotBytes) {
            put(id, snapshot, snapshotBytes);
            shrink();
        }

        private Entry put(long id, MessageState snapshot, int snapshotBytes) {
            Entry entry = entries.computeIfAbsent(id, _ -> new Entry(snapshot));
            bytes += snapshotBytes - entry.bytes;
            entry.snapshot = snapshot;
            entry.bytes = snapshotBytes;
            return entry;
        }

        void unpin(long id) {
            Entry entry = entries.get(id);
            if (entry != null && entry.pins > 0) {
                entry.pins--;
                shrink();
            }
        }

        /// Returns whether the newest snapshot of a message is not yet safely on disk.
        boolean isPinned(long id) {
            Entry entry = entries.get(id);
            return entry != null && entry.pins > 0;
        }

        void forEachPinned(LongConsumer consumer) {
            entries.forEach((id, entry) -> {
                if (entry.pins > 0) {
                    consumer.accept(id);
                }
            });
        }

        void remove(long id) {
            Entry entry = entries.remove(id);
            if (entry != null) {
                bytes -= entry.bytes;
            }
        }

        private void shrink() {
            Iterator<Entry> oldest = entries.values().iterator();
            while (bytes > budgetBytes && oldest.hasNext()) {
                Entry entry = oldest.next();
                if (entry.pins == 0) {
                    bytes -= entry.bytes;
                    oldest.remove();
                }
            }
        }
    }
}
