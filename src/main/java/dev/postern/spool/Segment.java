package dev.postern.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// One file of the journal and what is still needed of it. Guarded by the [QueueIndex]'s monitor.
final class Segment {

    private static final String SUFFIX = ".journal";
    private static final int DIGITS = 10;

    private final int number;
    private final Path file;
    private final int predecessor;
    private int endBytes = Header.BYTES;
    private long liveBytes;
    private int liveCount;
    private int readers;
    private int possibleDuplicates;
    private boolean overhanging;
    private int knownFrom = Integer.MAX_VALUE;
    private int knownTo;

    Segment(int number, Path directory, int predecessor) {
        this.number = number;
        this.file = directory.resolve(name(number));
        this.predecessor = predecessor;
    }

    static String name(int number) {
        String digits = Integer.toString(number);
        return "0".repeat(DIGITS - digits.length()) + digits + SUFFIX;
    }

    /// Returns the number of the segment that a file of this name is; empty when it is none.
    static OptionalInt numberOf(String name) {
        boolean shaped = name.length() == DIGITS + SUFFIX.length() && name.endsWith(SUFFIX);
        if (!shaped || !name.chars().limit(DIGITS).allMatch(c -> c >= '0' && c <= '9')) {
            return OptionalInt.empty();
        }
        long number = Long.parseLong(name.substring(0, DIGITS));
        return number > 0 && number < Integer.MAX_VALUE
                ? OptionalInt.of((int) number)
                : OptionalInt.empty();
    }

    int number() {
        return number;
    }

    Path file() {
        return file;
    }

    int predecessor() {
        return predecessor;
    }

    /// Returns where its records end.
    int endBytes() {
        return endBytes;
    }

    void end(int bytes) {
        endBytes = bytes;
    }

    /// Returns how much of it is content and newest states of messages that are known.
    long liveBytes() {
        return liveBytes;
    }

    /// Returns whether a message needs it.
    boolean isLive() {
        return liveCount > 0;
    }

    /// Counts what a message has in here, or has no more when `sign` is -1.
    void count(int sign, long bytes) {
        liveBytes += sign * bytes;
        liveCount += sign;
        assert liveBytes >= 0 && liveCount >= 0 : "segment " + number + " counts below nothing";
    }

    /// Notes that it says of a message that it is gone, which older segments from `first` to `last`
    /// may not know.
    void knowsEnded(int first, int last) {
        knownFrom = Math.min(knownFrom, first);
        knownTo = Math.max(knownTo, Math.min(last, number - 1));
    }

    /// Notes that what it says of such messages is said elsewhere too.
    void endsAreKnownElsewhere() {
        knownFrom = Integer.MAX_VALUE;
        knownTo = 0;
    }

    int knownFrom() {
        return knownFrom;
    }

    int knownTo() {
        return knownTo;
    }

    /// Counts an attempt's commit point noted in here.
    void possibleDuplicate() {
        possibleDuplicates++;
    }

    /// Notes that what it says of such attempts is said elsewhere too.
    void possibleDuplicatesAreKnownElsewhere() {
        possibleDuplicates = 0;
    }

    boolean hasPossibleDuplicates() {
        return possibleDuplicates > 0;
    }

    /// Returns whether its file is longer than it, which only its successor tells.
    boolean isOverhanging() {
        return overhanging;
    }

    void overhangs() {
        overhanging = true;
    }

    void readersAdd(int change) {
        readers += change;
        assert readers >= 0;
    }

    boolean isRead() {
        return readers > 0;
    }

    /// The head of a segment file, twice in a row so that one may be damaged. Big-endian.
    ///
    /// ```
    ///  0          8         12     16       20            24        28        36    40
    ///  | POSTERNJ | version | mark | number | predecessor | its end | last id | CRC | all again
    /// ```
    ///
    /// Every segment names where its predecessor ends: what follows there was cut off by a crash or
    /// is void since a sync failed, and is not read. And it says which queue id was the largest
    /// when it began, so that a start needs to read the newest segment only before it can give new
    /// ones.
    ///
    /// @param version of the format of all that follows
    /// @param mark the spool's mark (see [RecordHeader])
    /// @param number of this segment
    /// @param predecessor the segment before this one; 0 for none
    /// @param predecessorEnd the offset where that one ends
    /// @param lastId the largest queue id before this segment; 0: not known
    record Header(
            int version, int mark, int number, int predecessor, int predecessorEnd, long lastId) {

        /// The format that this program writes.
        static final int VERSION = 1;

        /// Octets of both copies: the offset of the first record.
        static final int BYTES = 80;

        private static final int COPY_BYTES = 40;
        private static final int CRC_AT = 36;
        private static final long MAGIC =
                ByteBuffer.wrap("POSTERNJ".getBytes(StandardCharsets.US_ASCII)).getLong();

        /// Returns the octets of the header.
        ByteBuffer encode() {
            assert number > 0 && predecessor >= 0 && predecessor < number && predecessorEnd >= 0;
            ByteBuffer octets = ByteBuffer.allocate(BYTES);
            for (int copy = 0; copy < 2; copy++) {
                int start = octets.position();
                octets.putLong(MAGIC).putInt(version).putInt(mark).putInt(number);
                octets.putInt(predecessor).putInt(predecessorEnd).putLong(lastId);
                octets.putInt(RecordHeader.crc(octets, start, CRC_AT));
            }
            return octets.flip();
        }

        /// Returns the header of a segment file; null when both copies are damaged.
        static @Nullable Header read(Disk disk, Path file) throws IOException {
            ByteBuffer octets = disk.read(file, BYTES);
            for (int at = 0; at + COPY_BYTES <= Math.min(BYTES, octets.limit()); at += COPY_BYTES) {
                boolean whole =
                        octets.getLong(at) == MAGIC
                                && RecordHeader.crc(octets, at, CRC_AT)
                                        == octets.getInt(at + CRC_AT);
                if (whole) {
                    return new Header(
                            octets.getInt(at + 8),
                            octets.getInt(at + 12),
                            octets.getInt(at + 16),
                            octets.getInt(at + 20),
                            octets.getInt(at + 24),
                            octets.getLong(at + 28));
                }
            }
            return null;
        }
    }
}
