package dev.postern.spool;

import dev.postern.mail.State;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Where the messages of an [MessageTable] stand in line: the new ones, the deferred, and the
/// finished ones that wait to be forgotten; held and claimed ones stand nowhere. Those on a shelf
/// stand in that one's lines. Guarded by the [QueueIndex]'s monitor.
@SuppressWarnings("EnumOrdinal") // In memory only; what is on disk has codes of its own.
final class DueQueues {

    private final MessageTable index;
    private final Map<Integer, Due> shelves = new HashMap<>();
    private final Due main;
    private final DueHeap sent;
    private final DueHeap failed;
    private final int[] counts = new int[State.values().length];

    /// What waits to be sent: the new ones before the deferred.
    private static final class Due {

        private final DueHeap fresh;
        private final DueHeap deferred;

        private Due(MessageTable index) {
            this.fresh = new DueHeap(index);
            this.deferred = new DueHeap(index);
        }

        private long arrayBytes() {
            return fresh.arrayBytes() + deferred.arrayBytes();
        }
    }

    DueQueues(MessageTable index) {
        this.index = index;
        this.main = new Due(index);
        this.sent = new DueHeap(index);
        this.failed = new DueHeap(index);
    }

    /// Puts a message in line by its state and counts it.
    void join(int row) {
        State state = shownState(row);
        counts[state.ordinal()]++;
        DueHeap line = line(row, state);
        if (line != null) {
            line.add(row);
        }
    }

    /// Takes a message out of its line, before its state or due time changes.
    void leave(int row) {
        State state = shownState(row);
        counts[state.ordinal()]--;
        assert counts[state.ordinal()] >= 0;
        DueHeap line = line(row, state);
        if (line != null) {
            line.remove(row);
        }
    }

    /// Returns the state that users see.
    State shownState(int row) {
        return index.has(row, MessageTable.CLAIMED) ? State.SENDING : index.state(row);
    }

    private @Nullable DueHeap line(int row, State state) {
        return switch (state) {
            case QUEUED -> due(index.shelf(row)).fresh;
            case DEFERRED -> due(index.shelf(row)).deferred;
            case SENT -> sent;
            case FAILED -> failed;
            case HELD, SENDING -> null;
        };
    }

    private Due due(int shelf) {
        return shelf == 0 ? main : shelves.computeIfAbsent(shelf, _ -> new Due(index));
    }

    /// Returns the message on a shelf (0: on none) that goes next at this time, new ones first, or
    /// [MessageTable#NONE].
    int next(int shelf, long epochMillis) {
        Due from = due(shelf);
        int first = from.fresh.first();
        if (first != MessageTable.NONE && index.due(first) <= epochMillis) {
            return first;
        }
        int later = from.deferred.first();
        return later != MessageTable.NONE && index.due(later) <= epochMillis
                ? later
                : MessageTable.NONE;
    }

    /// Returns when the next message on a shelf (0: on none) is due; [Long#MAX_VALUE] when none
    /// waits.
    long nextDue(int shelf) {
        Due from = due(shelf);
        long due = Long.MAX_VALUE;
        if (from.fresh.size() > 0) {
            due = index.due(from.fresh.first());
        }
        return from.deferred.size() > 0 ? Math.min(due, index.due(from.deferred.first())) : due;
    }

    DueHeap sent() {
        return sent;
    }

    DueHeap failed() {
        return failed;
    }

    Map<State, Integer> counts() {
        Map<State, Integer> all = new EnumMap<>(State.class);
        for (State state : State.values()) {
            all.put(state, counts[state.ordinal()]);
        }
        return all;
    }

    long arrayBytes() {
        long shelved = shelves.values().stream().mapToLong(Due::arrayBytes).sum();
        return main.arrayBytes() + shelved + sent.arrayBytes() + failed.arrayBytes();
    }

    /// Rows of an [MessageTable] by due time, the earliest first; equal ones by queue id. A row is
    /// in one heap at most.
    static final class DueHeap {

        private final MessageTable index;
        private int[] rows = new int[64];
        private int size;

        DueHeap(MessageTable index) {
            this.index = index;
        }

        int size() {
            return size;
        }

        /// Returns the first row, or [MessageTable#NONE].
        int first() {
            return size == 0 ? MessageTable.NONE : rows[0];
        }

        /// Shows rows to `consumer`, the earliest first, until it has enough.
        ///
        /// @param consumer returns whether it wants more
        void forEachInOrder(IntPredicate consumer) {
            int[] sorted =
                    IntStream.range(0, size)
                            .map(i -> rows[i])
                            .boxed()
                            .sorted((one, other) -> isBefore(one, other) ? -1 : 1)
                            .mapToInt(Integer::intValue)
                            .toArray();
            for (int row : sorted) {
                if (!consumer.test(row)) {
                    return;
                }
            }
        }

        /// Returns how many octets its array has.
        long arrayBytes() {
            return (long) rows.length * Integer.BYTES;
        }

        void add(int row) {
            assert index.place(row) == MessageTable.NONE : "in a heap already";
            if (size == rows.length) {
                rows = Arrays.copyOf(rows, size * 2);
            }
            put(size++, row);
            up(size - 1);
        }

        void remove(int row) {
            int at = index.place(row);
            assert rows[at] == row : "in another heap";
            index.place(row, MessageTable.NONE);
            size--;
            if (at < size) {
                put(at, rows[size]);
                down(at);
                up(at);
            }
        }

        private void up(int start) {
            int at = start;
            while (at > 0) {
                int parent = (at - 1) / 2;
                if (!isBefore(rows[at], rows[parent])) {
                    return;
                }
                swap(at, parent);
                at = parent;
            }
        }

        private void down(int start) {
            int at = start;
            while (2 * at + 1 < size) {
                int child = 2 * at + 1;
                if (child + 1 < size && isBefore(rows[child + 1], rows[child])) {
                    child++;
                }
                if (!isBefore(rows[child], rows[at])) {
                    return;
                }
                swap(at, child);
                at = child;
            }
        }

        private boolean isBefore(int one, int other) {
            long difference = index.due(one) - index.due(other);
            return difference < 0 || (difference == 0 && index.id(one) < index.id(other));
        }

        private void swap(int one, int other) {
            int row = rows[one];
            put(one, rows[other]);
            put(other, row);
        }

        private void put(int at, int row) {
            rows[at] = row;
            index.place(row, at);
        }
    }
}
