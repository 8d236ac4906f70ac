package dev.postern.spool;

import dev.postern.mail.State;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// What is known in memory of every message: a few dozen octets each, in primitive arrays. A
/// message is a row; a row keeps its number while the message is known.
///
/// Not thread-safe: guarded by the [QueueIndex]'s monitor.
///
/// | column | octets | |
/// |---|---|---|
/// | id | 8 | queue id |
/// | head | 8 | where its newest state is |
/// | tail | 8 | where the last piece of its content is |
/// | size | 8 | octets of its content |
/// | due | 8 | when it is due, or was finished: milliseconds since 1970 |
/// | headBytes | 4 | octets of its newest state |
/// | first | 4 | the oldest segment that can have a record of it |
/// | contentFirst | 4 | the segment with the first piece of its content |
/// | place | 4 | its place in the heap of its state, for [DueQueues.DueHeap] |
/// | state, reasons, flags, shelf | 4 | |
/// | buckets | 8 | of the hash table, which is at most half full |
@SuppressWarnings("EnumOrdinal") // In memory only; what is on disk has codes of its own.
final class MessageTable {

    /// Octets that a row costs, its share of the hash table included.
    static final int ROW_BYTES = 68;

    /// Its octets are kept.
    static final int HAS_CONTENT = 1;

    /// A caller of `claim` has it.
    static final int CLAIMED = 2;

    /// An attempt passed its commit point, and nothing newer is on disk.
    static final int COMMITTING = 4;

    /// A run before this one may have sent it; its newest state does not say so.
    static final int DOUBTFUL = 8;

    /// Was held for a reason that is over; its newest state does not say so.
    static final int FREED = 16;

    /// No row.
    static final int NONE = -1;

    private static final State[] STATES = State.values();
    private static final int MIN_ROWS = 1024;

    private long[] ids = new long[MIN_ROWS];
    private long[] heads = new long[MIN_ROWS];
    private long[] tails = new long[MIN_ROWS];
    private long[] sizes = new long[MIN_ROWS];
    private long[] dues = new long[MIN_ROWS];
    private int[] headBytes = new int[MIN_ROWS];
    private int[] firsts = new int[MIN_ROWS];
    private int[] contentFirsts = new int[MIN_ROWS];
    private int[] places = new int[MIN_ROWS];
    private byte[] states = new byte[MIN_ROWS];
    private byte[] reasons = new byte[MIN_ROWS];
    private byte[] flags = new byte[MIN_ROWS];
    private byte[] shelves = new byte[MIN_ROWS];
    private int[] buckets = new int[MIN_ROWS * 2];
    private int rows;
    private int used;
    private int free = NONE;

    MessageTable() {
        Arrays.fill(buckets, NONE);
    }

    /// Returns how many messages are known.
    int size() {
        return used;
    }

    /// Returns how many octets its arrays have.
    long arrayBytes() {
        return (long) ids.length * (ROW_BYTES - 2 * Integer.BYTES)
                + (long) buckets.length * Integer.BYTES;
    }

    /// Returns the row of a message, or [#NONE].
    int find(long id) {
        int bucket = bucket(id);
        while (buckets[bucket] != NONE && ids[buckets[bucket]] != id) {
            bucket = bucket + 1 & buckets.length - 1;
        }
        return buckets[bucket];
    }

    /// Adds a message that is not known and returns its row.
    int add(long id) {
        assert find(id) == NONE : "message is known: " + id;
        int row = free;
        if (row == NONE) {
            growTo(rows + 1);
            row = rows++;
        } else {
            free = places[row];
        }
        used++;
        ids[row] = id;
        heads[row] = Position.NONE;
        tails[row] = Position.NONE;
        sizes[row] = 0;
        dues[row] = 0;
        headBytes[row] = 0;
        firsts[row] = 0;
        contentFirsts[row] = 0;
        places[row] = NONE;
        states[row] = 0;
        reasons[row] = 0;
        flags[row] = 0;
        shelves[row] = 0;
        insert(row);
        return row;
    }

    /// Forgets a message.
    void remove(int row) {
        assert places[row] == NONE : "still in a heap";
        int hole = bucket(ids[row]);
        while (buckets[hole] != row) {
            hole = hole + 1 & buckets.length - 1;
        }
        closeHole(hole);
        ids[row] = NONE;
        places[row] = free;
        free = row;
        used--;
    }

    private void closeHole(int start) {
        int mask = buckets.length - 1;
        int hole = start;
        buckets[hole] = NONE;
        for (int at = hole + 1 & mask; buckets[at] != NONE; at = at + 1 & mask) {
            int wanted = bucket(ids[buckets[at]]);
            boolean movable = (at - wanted & mask) >= (at - hole & mask);
            if (movable) {
                buckets[hole] = buckets[at];
                buckets[at] = NONE;
                hole = at;
            }
        }
    }

    /// Returns all rows. Whoever goes through them must not add or remove any but the one at hand.
    IntStream rows() {
        return IntStream.range(0, rows).filter(row -> ids[row] != NONE);
    }

    /// Returns the ids of the rows that `wanted` takes, in no order.
    long[] ids(IntPredicate wanted) {
        return rows().filter(wanted).mapToLong(this::id).toArray();
    }

    private void insert(int row) {
        int bucket = bucket(ids[row]);
        while (buckets[bucket] != NONE) {
            bucket = bucket + 1 & buckets.length - 1;
        }
        buckets[bucket] = row;
    }

    private int bucket(long id) {
        long mixed = id * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 32) & buckets.length - 1;
    }

    private void growTo(int needed) {
        if (needed <= ids.length) {
            return;
        }
        int length = ids.length * 2;
        ids = Arrays.copyOf(ids, length);
        heads = Arrays.copyOf(heads, length);
        tails = Arrays.copyOf(tails, length);
        sizes = Arrays.copyOf(sizes, length);
        dues = Arrays.copyOf(dues, length);
        headBytes = Arrays.copyOf(headBytes, length);
        firsts = Arrays.copyOf(firsts, length);
        contentFirsts = Arrays.copyOf(contentFirsts, length);
        places = Arrays.copyOf(places, length);
        states = Arrays.copyOf(states, length);
        reasons = Arrays.copyOf(reasons, length);
        flags = Arrays.copyOf(flags, length);
        shelves = Arrays.copyOf(shelves, length);
        buckets = new int[length * 2];
        Arrays.fill(buckets, NONE);
        rows().forEach(this::insert);
    }

    long id(int row) {
        return ids[row];
    }

    long head(int row) {
        return heads[row];
    }

    int headBytes(int row) {
        return headBytes[row];
    }

    void head(int row, long position, int bytes) {
        heads[row] = position;
        headBytes[row] = bytes;
    }

    long tail(int row) {
        return tails[row];
    }

    int contentFirst(int row) {
        return contentFirsts[row];
    }

    long sizeBytes(int row) {
        return sizes[row];
    }

    void content(int row, int firstSegment, long tail, long sizeBytes) {
        contentFirsts[row] = firstSegment;
        tails[row] = tail;
        sizes[row] = sizeBytes;
    }

    int first(int row) {
        return firsts[row];
    }

    void first(int row, int segment) {
        firsts[row] = segment;
    }

    long due(int row) {
        return dues[row];
    }

    void due(int row, long epochMillis) {
        assert places[row] == NONE : "still in a heap";
        dues[row] = epochMillis;
    }

    int place(int row) {
        return places[row];
    }

    void place(int row, int place) {
        places[row] = place;
    }

    State state(int row) {
        return STATES[states[row]];
    }

    int reasons(int row) {
        return reasons[row] & 0xFF;
    }

    void state(int row, State state, int reasonBits) {
        states[row] = (byte) state.ordinal();
        reasons[row] = (byte) reasonBits;
    }

    /// Returns the shelf that a message is on; 0 for none.
    int shelf(int row) {
        return shelves[row];
    }

    void shelf(int row, int shelf) {
        assert places[row] == NONE : "still in a heap";
        shelves[row] = (byte) shelf;
    }

    boolean has(int row, int flag) {
        return (flags[row] & flag) != 0;
    }

    void set(int row, int flag, boolean on) {
        flags[row] = (byte) (on ? flags[row] | flag : flags[row] & ~flag);
    }
}
