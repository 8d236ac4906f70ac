package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is known in memory: the [MessageTable] of messages, the [DueQueues] they stand in, the
/// [Segment]s and what of them is needed, and [StateCache] states. Its monitor guards all of these;
/// nothing under it waits for the disk.
final class QueueIndex {

    /// Octets of states, as on disk, that are kept in memory so that new mail need not be read
    /// back.
    private static final long RECENT_BYTES = 512 * 1024;

    /// Rows that are gone through without a pause.
    static final int SLICE_ROWS = 1000;

    private final Path directory;
    private final MessageTable table;
    private final DueQueues dueQueues;
    private final StateCache cache = new StateCache(RECENT_BYTES);
    private final Catalogue catalogue;
    private final NavigableMap<Integer, Segment> segments = new TreeMap<>();
    private final Map<Long, Integer> leaving = new HashMap<>();
    private final AtomicLong lastId = new AtomicLong();
    private final CountDownLatch complete = new CountDownLatch(1);
    private volatile @Nullable String unreadable;
    private long bytes;

    /// Where content is.
    ///
    /// @param first the segment of its first piece
    /// @param tail the position of its last piece; [Position#NONE] for empty content
    record Place(int first, long tail) {}

    /// A message's newest state: in memory, or where it is on disk.
    record Found(
            @Nullable MessageState state,
            long head,
            State shown,
            long due,
            boolean possiblyDuplicate,
            boolean freed) {

        /// Returns a state that was written with what changed in memory only: possible duplicate,
        /// freed holds.
        MessageState current(MessageState written) {
            MessageState current = possiblyDuplicate ? written.possiblyDuplicate() : written;
            Predicate<Recipient> held =
                    r -> r.state() == State.HELD && r.reason() == Reason.NO_EGRESS;
            return freed ? current.queued(held, current.ageFrom(), current.due()) : current;
        }

        /// Returns a state that was written as operators see it now.
        MessageState view(MessageState written) {
            MessageState now = current(written).dueAt(Instant.ofEpochMilli(due));
            return shown == State.SENDING ? now.sending() : now;
        }
    }

    QueueIndex(Path directory, IndexFile file) {
        this.directory = directory;
        this.table = new MessageTable(file);
        this.dueQueues = new DueQueues(table);
        this.catalogue = new Catalogue(file);
    }

    Path directory() {
        return directory;
    }

    /// Returns a new queue id, larger than all before it.
    QueueId nextId(long nowMillis) {
        return new QueueId(lastId.updateAndGet(last -> QueueId.next(nowMillis, last).value()));
    }

    /// Takes note of an id that was given by a run before this one.
    void sawId(long id) {
        lastId.accumulateAndGet(id, Math::max);
    }

    /// Returns the largest id that was ever given.
    long lastId() {
        return lastId.get();
    }

    /// Notes that all that the last run left is known and in line.
    void completed() {
        complete.countDown();
    }

    /// Notes why what the last run left can't be read; null when it can.
    void unreadable(@Nullable String why) {
        unreadable = why;
    }

    @Nullable String unreadable() {
        return unreadable;
    }

    /// Returns whether all that the last run left is known. New messages are, at any time.
    boolean isComplete() {
        return complete.getCount() == 0;
    }

    /// Waits until [#isComplete], if not for too long.
    ///
    /// @return whether it is
    boolean awaitComplete(Duration most) {
        try {
            return complete.await(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return isComplete();
        }
    }

    MessageTable table() {
        assert Thread.holdsLock(this);
        return table;
    }

    /// Goes through all rows under the monitor, which others get in between.
    void inSlices(IntConsumer visit) {
        int next = 0;
        int end;
        do {
            synchronized (this) {
                table.rows(next, next + SLICE_ROWS).forEach(visit);
                end = table.end();
            }
            next += SLICE_ROWS;
        } while (next < end);
    }

    DueQueues dueQueues() {
        assert Thread.holdsLock(this);
        return dueQueues;
    }

    StateCache cache() {
        assert Thread.holdsLock(this);
        return cache;
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
        return Objects.requireNonNull(
                segments.get(Position.segment(position)),
                () -> "no segment at " + Position.text(position));
    }

    synchronized void end(Segment segment, int endBytes) {
        bytes += endBytes - segment.endBytes();
        segment.end(endBytes);
    }

    /// Enters a message whose accepted record is durable.
    synchronized void accepted(MessageState state, Place content, long head, int headBytes) {
        int row = table.add(state.id().value());
        int first = Position.segment(head);
        table.first(row, content.first() == 0 ? first : Math.min(content.first(), first));
        table.content(row, content.first(), content.tail(), state.message().sizeBytes());
        table.head(row, head, headBytes);
        describe(row, state);
        count(row, 1);
        dueQueues.join(row);
        catalogue.put(row, state);
        cache.keep(state.id().value(), state, headBytes);
    }

    /// Sets the columns that a state decides.
    void describe(int row, MessageState state) {
        table.state(row, state.state(), MessageState.reasons(state.recipients()));
        table.due(row, state.due().toEpochMilli());
        table.shelf(row, 0);
        table.set(row, MessageTable.HAS_CONTENT, state.hasContent());
        table.set(row, MessageTable.DOUBTFUL | MessageTable.UNNOTED, false);
        table.set(row, MessageTable.FREED, false);
        table.set(row, MessageTable.COMMITTING, false);
    }

    /// Changes a message; `state` stays in memory until [#durable] is called for it.
    ///
    /// @param flags that stand from now on, of [MessageTable#CLAIMED] and [MessageTable#COMMITTING]
    void change(long id, MessageState state, int bytes, int flags) {
        int row = table.find(id);
        assert Thread.holdsLock(this);
        dueQueues.leave(row);
        count(row, -1);
        describe(row, state);
        table.set(row, MessageTable.CLAIMED | MessageTable.COMMITTING, false);
        table.set(row, flags, true);
        count(row, 1);
        dueQueues.join(row);
        cache.pin(id, state, bytes);
    }

    /// Changes columns that decide where a message stands in line.
    void requeue(int row, IntConsumer change) {
        assert Thread.holdsLock(this);
        dueQueues.leave(row);
        change.accept(row);
        dueQueues.join(row);
    }

    /// Forgets a message. Whoever calls sees to it that it stays forgotten after a restart.
    void forget(int row) {
        assert Thread.holdsLock(this);
        cache.remove(table.id(row));
        dueQueues.leave(row);
        count(row, -1);
        table.remove(row);
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
        IntStream pinned =
                cache.pinned().mapToInt(table::find).filter(row -> row != MessageTable.NONE);
        IntStream gone = leaving.values().stream().mapToInt(Integer::intValue);
        return IntStream.concat(gone, pinned.map(table::first)).min().orElse(Integer.MAX_VALUE);
    }

    /// Notes that a message's newest state has been written, or copied durably.
    ///
    /// @param content where its content was copied to; null when it was not
    synchronized void moved(long id, @Nullable Place content, long head, int headBytes) {
        int row = table.find(id);
        if (row != MessageTable.NONE) {
            count(row, -1);
            if (content != null) {
                table.content(row, content.first(), content.tail(), table.sizeBytes(row));
            }
            table.head(row, head, headBytes);
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
        cache.unpin(id);
    }

    /// Returns where a message's content is, for a record about it; no place when it has none.
    synchronized long tail(long id) {
        int row = table.find(id);
        return row != MessageTable.NONE && table.has(row, MessageTable.HAS_CONTENT)
                ? table.tail(row)
                : Position.NONE;
    }

    /// Returns whether something is owed of a message.
    synchronized boolean isOwed(long id) {
        return knows(id) && !table.state(table.find(id)).isFinal();
    }

    synchronized boolean knows(long id) {
        return table.find(id) != MessageTable.NONE;
    }

    /// Returns where a message's newest state is; null when it is not known.
    synchronized @Nullable Found find(long id) {
        int row = table.find(id);
        return row == MessageTable.NONE ? null : found(row);
    }

    Found found(int row) {
        return new Found(
                cache.get(table.id(row)),
                table.head(row),
                dueQueues.shownState(row),
                table.due(row),
                table.has(row, MessageTable.DOUBTFUL),
                table.has(row, MessageTable.FREED));
    }

    /// Returns where the content of a message is and keeps its segments until [#pin] takes that
    /// back; null when it is gone.
    synchronized @Nullable Place pinContent(long id) {
        int row = table.find(id);
        if (row == MessageTable.NONE || !table.has(row, MessageTable.HAS_CONTENT)) {
            return null;
        }
        Place place = new Place(table.contentFirst(row), table.tail(row));
        pin(place, 1);
        return place;
    }

    /// Keeps the segments of content (1), or takes that back (-1).
    synchronized void pin(Place place, int change) {
        segmentsOf(place.first(), place.tail()).forEach(segment -> segment.readersAdd(change));
    }

    /// Adds (1) or takes back (-1) what a message needs of the segments.
    void count(int row, int sign) {
        Segment head = segments.get(Position.segment(table.head(row)));
        if (head != null) {
            head.count(sign, table.headBytes(row));
        }
        if (table.has(row, MessageTable.HAS_CONTENT)) {
            List<Segment> holders = segmentsOf(table.contentFirst(row), table.tail(row));
            for (Segment holder : holders) {
                holder.count(sign, table.sizeBytes(row) / holders.size());
            }
        }
    }

    private List<Segment> segmentsOf(int first, long tail) {
        if (tail == Position.NONE) {
            return List.of();
        }
        int last = Position.segment(tail);
        Segment only = first == last ? segments.get(first) : null;
        return only != null
                ? List.of(only)
                : List.copyOf(segments.subMap(first, true, last, true).values());
    }

    /// Returns how many octets the segments have.
    synchronized long bytes() {
        return bytes;
    }

    /// Returns when the oldest unfinished message was received; null when there is none.
    synchronized @Nullable Instant oldest() {
        OptionalLong oldest =
                table.rows()
                        .filter(row -> !dueQueues.shownState(row).isFinal())
                        .mapToLong(table::id)
                        .min();
        return oldest.isEmpty() ? null : new QueueId(oldest.getAsLong()).time();
    }

    /// The newest states of a few messages: those that are not yet safely on disk stay, and of the
    /// others as many as fit into a budget, so that new mail need not be read back. Guarded by the
    /// [QueueIndex]'s monitor.
    static final class StateCache {

        private record Entry(MessageState state, int bytes, int pins) {}

        private final Map<Long, Entry> entries = new LinkedHashMap<>();
        private final long budgetBytes;
        private long bytes;

        /// @param budgetBytes how much may stay that is on disk too, counted as on disk
        StateCache(long budgetBytes) {
            this.budgetBytes = budgetBytes;
        }

        @Nullable MessageState get(long id) {
            Entry entry = entries.get(id);
            return entry == null ? null : entry.state();
        }

        /// Keeps a state at least until as many calls of [#unpin].
        void pin(long id, MessageState state, int stateBytes) {
            put(id, state, stateBytes, 1);
        }

        /// Keeps a state while there is room.
        void keep(long id, MessageState state, int stateBytes) {
            put(id, state, stateBytes, 0);
            shrink();
        }

        private void put(long id, MessageState state, int stateBytes, int pins) {
            Entry before = entries.getOrDefault(id, new Entry(state, 0, 0));
            entries.put(id, new Entry(state, stateBytes, before.pins() + pins));
            bytes += stateBytes - before.bytes();
        }

        void unpin(long id) {
            Entry entry = entries.get(id);
            if (entry != null && entry.pins() > 0) {
                put(id, entry.state(), entry.bytes(), -1);
                shrink();
            }
        }

        /// Returns whether the newest state of a message is not yet safely on disk.
        boolean isPinned(long id) {
            Entry entry = entries.get(id);
            return entry != null && entry.pins() > 0;
        }

        /// Returns the ids of the messages for which [#isPinned] holds.
        Stream<Long> pinned() {
            return entries.keySet().stream().filter(this::isPinned);
        }

        void remove(long id) {
            Entry entry = entries.remove(id);
            if (entry != null) {
                bytes -= entry.bytes();
            }
        }

        private void shrink() {
            Iterator<Entry> oldest = entries.values().iterator();
            while (bytes > budgetBytes && oldest.hasNext()) {
                Entry entry = oldest.next();
                if (entry.pins() == 0) {
                    bytes -= entry.bytes();
                    oldest.remove();
                }
            }
        }
    }
}
