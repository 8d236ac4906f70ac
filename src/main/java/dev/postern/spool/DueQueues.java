package dev.postern.spool;

import dev.postern.mail.State;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Where the messages of a [MessageTable] stand in line: the new ones, the deferred, and the
/// finished ones that wait to be forgotten; held and claimed ones stand nowhere. Those on a shelf
/// stand in that one's lines. Guarded by the [QueueIndex]'s monitor.
@SuppressWarnings("EnumOrdinal") // In memory only; what is on disk has codes of its own.
final class DueQueues {

    private final MessageTable table;
    private final Map<Integer, Due> shelves = new HashMap<>();
    private final DueHeap sent;
    private final DueHeap failed;
    private final int[] counts = new int[State.values().length];

    /// What waits to be sent: the new ones before the deferred.
    private record Due(DueHeap fresh, DueHeap deferred) {

        private Stream<DueHeap> heaps() {
            return Stream.of(fresh, deferred);
        }
    }

    DueQueues(MessageTable table) {
        this.table = table;
        this.sent = new DueHeap(table);
        this.failed = new DueHeap(table);
    }

    /// Puts a message in line by its state and counts it.
    void join(int row) {
        State state = shownState(row);
        counts[state.ordinal()]++;
        line(row, state).ifPresent(line -> line.add(row));
    }

    /// Takes a message out of its line, before its state or due time changes.
    void leave(int row) {
        State state = shownState(row);
        counts[state.ordinal()]--;
        assert counts[state.ordinal()] >= 0;
        line(row, state).ifPresent(line -> line.remove(row));
    }

    /// Returns the state that users see.
    State shownState(int row) {
        return table.has(row, MessageTable.CLAIMED) ? State.SENDING : table.state(row);
    }

    private Optional<DueHeap> line(int row, State state) {
        return switch (state) {
            case QUEUED -> Optional.of(due(table.shelf(row)).fresh);
            case DEFERRED -> Optional.of(due(table.shelf(row)).deferred);
            case SENT -> Optional.of(sent);
            case FAILED -> Optional.of(failed);
            case HELD, SENDING -> Optional.empty();
        };
    }

    private Due due(int shelf) {
        return shelves.computeIfAbsent(shelf, _ -> new Due(new DueHeap(table), new DueHeap(table)));
    }

    /// Returns the message on a shelf (0: on none) that goes next at this time, new ones first, or
    /// [MessageTable#NONE].
    int next(int shelf, long epochMillis) {
        Due due = due(shelf);
        if (nextDue(due.fresh) <= epochMillis) {
            return due.fresh.first();
        }
        return nextDue(due.deferred) <= epochMillis ? due.deferred.first() : MessageTable.NONE;
    }

    /// Returns when the next message on a shelf (0: on none) is due; [Long#MAX_VALUE] when none
    /// waits.
    long nextDue(int shelf) {
        Due due = due(shelf);
        return Math.min(nextDue(due.fresh), nextDue(due.deferred));
    }

    private long nextDue(DueHeap heap) {
        int first = heap.first();
        return first == MessageTable.NONE ? Long.MAX_VALUE : table.due(first);
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
        return Stream.concat(shelves.values().stream().flatMap(Due::heaps), Stream.of(sent, failed))
                .mapToLong(DueHeap::arrayBytes)
                .sum();
    }

    /// Rows of a [MessageTable] by due time, the earliest first; equal ones by queue id. A row is
    /// in one heap at most.
    static final class DueHeap {

        private final MessageTable table;
        private int[] rows = new int[64];
        private int size;

        DueHeap(MessageTable table) {
            this.table = table;
        }

        int size() {
            return size;
        }

        /// Returns the first row, or [MessageTable#NONE].
        int first() {
            return size == 0 ? MessageTable.NONE : rows[0];
        }

        /// Returns the rows, the earliest first.
        List<Integer> inOrder() {
            return IntStream.of(Arrays.copyOf(rows, size))
                    .boxed()
                    .sorted((one, other) -> isBefore(one, other) ? -1 : 1)
                    .toList();
        }

        /// Returns how many octets its array has.
        long arrayBytes() {
            return (long) rows.length * Integer.BYTES;
        }

        void add(int row) {
            assert table.place(row) == MessageTable.NONE : "in a heap already";
            if (size == rows.length) {
                rows = Arrays.copyOf(rows, size * 2);
            }
            put(size++, row);
            up(size - 1);
        }

        void remove(int row) {
            int at = table.place(row);
            assert rows[at] == row : "in another heap";
            table.place(row, MessageTable.NONE);
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
            long difference = table.due(one) - table.due(other);
            return difference < 0 || (difference == 0 && table.id(one) < table.id(other));
        }

        private void swap(int one, int other) {
            int row = rows[one];
            put(one, rows[other]);
            put(other, row);
        }

        private void put(int at, int row) {
            rows[at] = row;
            table.place(row, at);
        }
    }
}
