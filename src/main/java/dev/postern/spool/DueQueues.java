package dev.postern.spool;

import dev.postern.mail.State;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

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
    private record Due(DueHeap fresh, DueHeap deferred) {}

    DueQueues(MessageTable table) {
        this.table = table;
        this.sent = new DueHeap(table);
        this.failed = new DueHeap(table);
    }

    /// Puts a message in line by its state and counts it.
    void join(int row) {
        State state = shownState(row);
        line(row, state).ifPresent(line -> line.add(row));
        counts[state.ordinal()]++;
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

    /// Rows of a [MessageTable] by due time, the earliest first; equal ones by queue id. A row is
    /// in one heap at most.
    static final class DueHeap {

        private final MessageTable table;
        private final MessageTable.RowNumbers rows;

        DueHeap(MessageTable table) {
            this.table = table;
            this.rows = new MessageTable.RowNumbers(table.file());
        }

        int size() {
            return rows.size();
        }

        /// Returns the first row, or [MessageTable#NONE].
        int first() {
            return rows.size() == 0 ? MessageTable.NONE : rows.get(0);
        }

        /// Returns the rows, in no order.
        IntStream rows() {
            return IntStream.range(0, rows.size()).map(rows::get);
        }

        void add(int row) {
            assert table.place(row) == MessageTable.NONE : "in a heap already";
            rows.add(row);
            up(row, rows.size() - 1);
        }

        void remove(int row) {
            int at = table.place(row);
            assert rows.get(at) == row : "in another heap";
            table.place(row, MessageTable.NONE);
            int last = rows.removeLast();
            if (last != row) {
                down(last, at);
                up(last, table.place(last));
            }
        }

        /// Puts a row at a place, or above.
        private void up(int row, int start) {
            int at = start;
            while (at > 0) {
                int parent = rows.get((at - 1) / 2);
                if (!isBefore(row, parent)) {
                    break;
                }
                put(at, parent);
                at = (at - 1) / 2;
            }
            put(at, row);
        }

        /// Puts a row at a place, or below.
        private void down(int row, int start) {
            int at = start;
            int size = rows.size();
            while (2 * at + 1 < size) {
                int child = 2 * at + 1;
                if (child + 1 < size && isBefore(rows.get(child + 1), rows.get(child))) {
                    child++;
                }
                int below = rows.get(child);
                if (!isBefore(below, row)) {
                    break;
                }
                put(at, below);
                at = child;
            }
            put(at, row);
        }

        private boolean isBefore(int one, int other) {
            long difference = table.due(one) - table.due(other);
            return difference < 0 || (difference == 0 && table.id(one) < table.id(other));
        }

        private void put(int at, int row) {
            rows.set(at, row);
            table.place(row, at);
        }
    }
}
