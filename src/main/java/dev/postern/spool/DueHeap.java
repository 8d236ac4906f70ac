package dev.postern.spool;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Rows of an [MessageTable] by due time, the earliest first; equal ones by queue id. A row is in
/// one heap at most.
final class DueHeap {

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
