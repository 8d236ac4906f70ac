package dev.postern.spool;

import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;

/// One file of the journal and what is still needed of it. Guarded by the [QueueIndex]'s monitor.
final class Segment {

    private static final String SUFFIX = ".journal";
    private static final int DIGITS = 10;

    private final int number;
    private final Path directory;
    private final Path file;
    private final int predecessor;
    private int endBytes = SegmentHeader.BYTES;
    private long liveBytes;
    private int liveCount;
    private int readers;
    private int possibleDuplicates;
    private boolean overhanging;
    private int knownFrom = Integer.MAX_VALUE;
    private int knownTo;

    Segment(int number, Path directory, int predecessor) {
        this.number = number;
        this.directory = directory;
        this.file = directory.resolve(name(number));
        this.predecessor = predecessor;
    }

    static String name(int number) {
        return String.format(Locale.ROOT, "%0" + DIGITS + "d%s", number, SUFFIX);
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

    Path directory() {
        return directory;
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
}
