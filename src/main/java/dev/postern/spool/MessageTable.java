package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// What is known of every message, in pieces of an [IndexFile]. A message is a row; a row keeps its
/// number while the message is known.
///
/// Not thread-safe: guarded by the [QueueIndex]'s monitor.
///
/// | column | octets | |
/// |---|---|---|
/// | due | 8 | when it is due, or was finished: milliseconds since 1970 |
/// | place | 4 | its place in the heap of its state, for [DueQueues.DueHeap] |
/// | state, reasons, flags, shelf | 4 | |
/// | hash | 4 | of the queue id |
/// | next | 4 | the next row of its bucket |
/// | id | 8 | queue id |
/// | head | 8 | where its newest state is |
/// | tail | 8 | where the last piece of its content is |
/// | size | 8 | octets of its content |
/// | headBytes | 4 | octets of its newest state |
/// | first | 4 | the oldest segment that can have a record of it |
/// | contentFirst | 4 | the segment with the first piece of its content |
///
/// Columns that are looked at together are beside each other, and those that a look at one message
/// does not need elsewhere: in a small container most pages are on disk. To find the next message,
/// or one by its id, touches the first five columns of many rows, and the others of one.
///
/// Rows are found by linear hashing (Litwin, 1980): there is a bucket a row, a chain of rows each,
/// and one more bucket with each row that is added, so that no step is long.
@SuppressWarnings("EnumOrdinal") // In memory only; what is on disk has codes of its own.
final class MessageTable {

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

    /// Read back by the start and not in line yet.
    static final int RECOVERED = 32;

    /// [#DOUBTFUL], which no record says yet.
    static final int UNNOTED = 64;

    /// Was perhaps sent.
    static final int POSSIBLE_DUPLICATE = COMMITTING | DOUBTFUL;

    /// No row.
    static final int NONE = -1;

    private static final int USED = 128;

    // Columns of the line.
    private static final int DUE_AT = 0;
    private static final int PLACE_AT = 8;
    private static final int STATE_AT = 12;
    private static final int REASONS_AT = 13;
    private static final int FLAGS_AT = 14;
    private static final int SHELF_AT = 15;
    private static final int LINE_BYTES = 16;

    // Columns of the chain.
    private static final int HASH_AT = 0;
    private static final int NEXT_AT = 4;
    private static final int CHAIN_BYTES = 8;

    // Columns of what is on disk.
    private static final int ID_AT = 0;
    private static final int HEAD_AT = 8;
    private static final int TAIL_AT = 16;
    private static final int SIZE_AT = 24;
    private static final int DISK_BYTES = 32;

    // Columns of the segments.
    private static final int HEAD_BYTES_AT = 0;
    private static final int FIRST_AT = 4;
    private static final int CONTENT_FIRST_AT = 8;
    private static final int SEGMENTS_BYTES = 16;

    /// Buckets for the messages of a millisecond; what is beyond shares those of the next.
    private static final int PLACES_A_MILLISECOND = 4;

    private static final State[] STATES = State.values();

    private final IndexFile file;
    private final Columns line;
    private final Columns chain;
    private final Columns disk;
    private final Columns segments;
    private final RowNumbers buckets;
    private int rows;
    private int used;
    private int possibleDuplicates;
    private int free = NONE;

    MessageTable(IndexFile file) {
        this.file = file;
        this.line = new Columns(file, LINE_BYTES);
        this.chain = new Columns(file, CHAIN_BYTES);
        this.disk = new Columns(file, DISK_BYTES);
        this.segments = new Columns(file, SEGMENTS_BYTES);
        this.buckets = new RowNumbers(file);
        buckets.add(NONE);
    }

    IndexFile file() {
        return file;
    }

    /// Returns how many messages are known.
    int size() {
        return used;
    }

    /// Returns the row of a message, or [#NONE].
    int find(long id) {
        int hash = hash(id);
        int row = buckets.get(bucket(hash));
        while (row != NONE && (chain.getInt(row, HASH_AT) != hash || id(row) != id)) {
            row = chain.getInt(row, NEXT_AT);
        }
        return row;
    }

    /// Adds a message that is not known and returns its row.
    int add(long id) {
        assert find(id) == NONE : "message is known: " + id;
        if (free == NONE) {
            line.makeRoom(rows);
            chain.makeRoom(rows);
            disk.makeRoom(rows);
            segments.makeRoom(rows);
        }
        if (used == buckets.size()) {
            addBucket();
        }
        int row = free;
        if (row == NONE) {
            row = rows++;
        } else {
            free = place(row);
        }
        used++;
        line.putLong(row, DUE_AT, 0);
        line.putInt(row, PLACE_AT, NONE);
        line.putInt(row, STATE_AT, 0);
        set(row, USED, true);
        disk.putLong(row, ID_AT, id);
        head(row, Position.NONE, 0);
        content(row, 0, Position.NONE, 0);
        first(row, 0);
        int hash = hash(id);
        chain.putInt(row, HASH_AT, hash);
        chain(row, bucket(hash));
        return row;
    }

    /// Forgets a message.
    void remove(int row) {
        assert place(row) == NONE : "still in a heap";
        int bucket = bucket(chain.getInt(row, HASH_AT));
        int before = NONE;
        for (int at = buckets.get(bucket); at != row; at = chain.getInt(at, NEXT_AT)) {
            before = at;
        }
        int next = chain.getInt(row, NEXT_AT);
        if (before == NONE) {
            buckets.set(bucket, next);
        } else {
            chain.putInt(before, NEXT_AT, next);
        }
        set(row, USED | POSSIBLE_DUPLICATE, false);
        place(row, free);
        free = row;
        used--;
    }

    /// Returns all rows. Whoever goes through them must not add or remove any but the one at hand.
    IntStream rows() {
        return rows(0, rows);
    }

    /// Returns the rows from one number to before another.
    IntStream rows(int from, int to) {
        return IntStream.range(from, Math.min(to, rows)).filter(this::isUsed);
    }

    boolean isUsed(int row) {
        return has(row, USED);
    }

    /// Returns a number that is larger than that of each row.
    int end() {
        return rows;
    }

    /// Returns the newest messages that `wanted` takes, newest first.
    ///
    /// @param below only those with smaller ids
    /// @param most how many
    long[] newest(IntPredicate wanted, long below, int most) {
        Smallest newest = new Smallest(most);
        rows().filter(row -> id(row) < below).filter(wanted).forEach(row -> newest.add(-id(row)));
        return LongStream.of(newest.sorted()).map(id -> -id).toArray();
    }

    /// Returns a number by which rows can be sorted by their due times, and which [#rowOf] makes a
    /// row again.
    ///
    /// @param base a due time that is not later; 49 days after it all are alike
    long byDue(int row, long base) {
        return (Math.min(due(row) - base, 0xFFFF_FFFFL) << (Integer.SIZE - 1)) | row;
    }

    static int rowOf(long byDue) {
        return (int) byDue & Integer.MAX_VALUE;
    }

    /// Returns the ids of the rows that `wanted` takes, in no order.
    long[] ids(IntPredicate wanted) {
        return rows().filter(wanted).mapToLong(this::id).toArray();
    }

    /// One bucket more: it gets its rows from the one whose they would be without it.
    private void addBucket() {
        int fresh = buckets.size();
        int old = fresh - Integer.highestOneBit(fresh);
        buckets.add(NONE);
        int row = buckets.get(old);
        buckets.set(old, NONE);
        while (row != NONE) {
            int next = chain.getInt(row, NEXT_AT);
            chain(row, bucket(chain.getInt(row, HASH_AT)));
            row = next;
        }
    }

    private void chain(int row, int bucket) {
        chain.putInt(row, NEXT_AT, buckets.get(bucket));
        buckets.set(bucket, row);
    }

    /// Messages that came one after another are beside each other, because they are looked for and
    /// forgotten together, and each page may have to be read from disk.
    private static int hash(long id) {
        int counter = (int) id & ((1 << QueueId.COUNTER_BITS) - 1);
        return (int) (id >>> QueueId.COUNTER_BITS) * PLACES_A_MILLISECOND + counter;
    }

    private int bucket(int hash) {
        int half = Integer.highestOneBit(buckets.size());
        int bucket = hash & ((half << 1) - 1);
        return bucket < buckets.size() ? bucket : bucket & (half - 1);
    }

    long id(int row) {
        return disk.getLong(row, ID_AT);
    }

    long head(int row) {
        return disk.getLong(row, HEAD_AT);
    }

    int headBytes(int row) {
        return segments.getInt(row, HEAD_BYTES_AT);
    }

    void head(int row, long position, int bytes) {
        disk.putLong(row, HEAD_AT, position);
        segments.putInt(row, HEAD_BYTES_AT, bytes);
    }

    long tail(int row) {
        return disk.getLong(row, TAIL_AT);
    }

    int contentFirst(int row) {
        return segments.getInt(row, CONTENT_FIRST_AT);
    }

    long sizeBytes(int row) {
        return disk.getLong(row, SIZE_AT);
    }

    void content(int row, int firstSegment, long tail, long sizeBytes) {
        segments.putInt(row, CONTENT_FIRST_AT, firstSegment);
        disk.putLong(row, TAIL_AT, tail);
        disk.putLong(row, SIZE_AT, sizeBytes);
    }

    int first(int row) {
        return segments.getInt(row, FIRST_AT);
    }

    void first(int row, int segment) {
        segments.putInt(row, FIRST_AT, segment);
    }

    long due(int row) {
        return line.getLong(row, DUE_AT);
    }

    void due(int row, long epochMillis) {
        assert place(row) == NONE : "still in a heap";
        line.putLong(row, DUE_AT, epochMillis);
    }

    int place(int row) {
        return line.getInt(row, PLACE_AT);
    }

    void place(int row, int place) {
        line.putInt(row, PLACE_AT, place);
    }

    State state(int row) {
        return STATES[line.get(row, STATE_AT)];
    }

    int reasons(int row) {
        return line.get(row, REASONS_AT) & 0xFF;
    }

    void state(int row, State state, int reasonBits) {
        line.put(row, STATE_AT, state.ordinal());
        line.put(row, REASONS_AT, reasonBits);
    }

    /// Returns the shelf that a message is on; 0 for none.
    int shelf(int row) {
        return line.get(row, SHELF_AT);
    }

    void shelf(int row, int shelf) {
        assert place(row) == NONE : "still in a heap";
        line.put(row, SHELF_AT, shelf);
    }

    boolean has(int row, int flag) {
        return (line.get(row, FLAGS_AT) & flag) != 0;
    }

    void set(int row, int flag, boolean on) {
        byte before = line.get(row, FLAGS_AT);
        int after = on ? before | flag : before & ~flag;
        line.put(row, FLAGS_AT, after);
        possibleDuplicates += (after & POSSIBLE_DUPLICATE) == 0 ? 0 : 1;
        possibleDuplicates -= (before & POSSIBLE_DUPLICATE) == 0 ? 0 : 1;
    }

    /// Returns how many messages have a flag of [#POSSIBLE_DUPLICATE].
    int possibleDuplicates() {
        return possibleDuplicates;
    }

    /// Some columns of all rows, side by side.
    private static final class Columns {

        private final IndexFile file;
        private final int bytesShift;
        private final int rowsShift;
        private final List<ByteBuffer> pieces = new ArrayList<>();

        /// @param bytes of a row: a power of two
        private Columns(IndexFile file, int bytes) {
            assert Integer.bitCount(bytes) == 1 : bytes;
            this.file = file;
            this.bytesShift = Integer.numberOfTrailingZeros(bytes);
            this.rowsShift = Integer.numberOfTrailingZeros(IndexFile.PIECE_BYTES / bytes);
        }

        private void makeRoom(int row) {
            if (row >>> rowsShift == pieces.size()) {
                pieces.add(file.take());
            }
        }

        private ByteBuffer piece(int row) {
            return pieces.get(row >>> rowsShift);
        }

        private int at(int row, int column) {
            return ((row & ((1 << rowsShift) - 1)) << bytesShift) + column;
        }

        private long getLong(int row, int column) {
            return piece(row).getLong(at(row, column));
        }

        private void putLong(int row, int column, long value) {
            piece(row).putLong(at(row, column), value);
        }

        private int getInt(int row, int column) {
            return piece(row).getInt(at(row, column));
        }

        private void putInt(int row, int column, int value) {
            piece(row).putInt(at(row, column), value);
        }

        private byte get(int row, int column) {
            return piece(row).get(at(row, column));
        }

        private void put(int row, int column, int value) {
            piece(row).put(at(row, column), (byte) value);
        }
    }

    /// The smallest of many numbers, of which only twice as many are kept as are wanted.
    static final class Smallest {

        private final int most;
        private long[] kept = new long[64];
        private int count;
        private long limit = Long.MAX_VALUE;

        /// @param most how many are wanted
        Smallest(int most) {
            this.most = most;
        }

        void add(long number) {
            if (number > limit) {
                return;
            }
            if (count == 2 * (long) most) {
                Arrays.sort(kept, 0, count);
                count = most;
                limit = most == 0 ? Long.MIN_VALUE : kept[most - 1];
            }
            if (count == kept.length) {
                kept = Arrays.copyOf(kept, 2 * count);
            }
            kept[count++] = number;
        }

        /// Returns as many as are wanted, the smallest first.
        long[] sorted() {
            Arrays.sort(kept, 0, count);
            return Arrays.copyOf(kept, Math.min(count, most));
        }
    }

    /// A list of rows: a few in an array, the rest in pieces of an [IndexFile].
    static final class RowNumbers {

        private static final int FEW_MOST = 4096;
        private static final int FEW_LEAST = 16;
        private static final int PIECE_SHIFT = 14;
        private static final int PIECE_MASK = (1 << PIECE_SHIFT) - 1;

        private final IndexFile file;
        private final List<ByteBuffer> pieces = new ArrayList<>();
        private int[] few = new int[FEW_LEAST];
        private int size;

        RowNumbers(IndexFile file) {
            assert IndexFile.PIECE_BYTES == Integer.BYTES << PIECE_SHIFT;
            this.file = file;
        }

        int size() {
            return size;
        }

        int get(int at) {
            int beyond = at - FEW_MOST;
            return beyond < 0
                    ? few[at]
                    : pieces.get(beyond >>> PIECE_SHIFT)
                            .getInt((beyond & PIECE_MASK) * Integer.BYTES);
        }

        void set(int at, int row) {
            int beyond = at - FEW_MOST;
            if (beyond < 0) {
                few[at] = row;
            } else {
                pieces.get(beyond >>> PIECE_SHIFT)
                        .putInt((beyond & PIECE_MASK) * Integer.BYTES, row);
            }
        }

        void add(int row) {
            if (size == few.length && size < FEW_MOST) {
                few = Arrays.copyOf(few, size * 2);
            } else if (size - FEW_MOST == pieces.size() << PIECE_SHIFT) {
                pieces.add(file.take());
            }
            set(size++, row);
        }

        /// Takes the last one away.
        int removeLast() {
            int last = get(--size);
            // One piece stays, so that a list about its end does not take and give all the time.
            if (pieces.size() > 1 && size - FEW_MOST <= (pieces.size() - 2) << PIECE_SHIFT) {
                file.give(pieces.removeLast());
            }
            return last;
        }
    }
}
