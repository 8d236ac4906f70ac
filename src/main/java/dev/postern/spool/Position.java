package dev.postern.spool;

/// The place of a record: its segment's number in the upper half of a long, its offset there in the
/// lower. Segments count from 1, so 0 is no place.
final class Position {

    static final long NONE = 0;

    private Position() {}

    static long of(int segment, long offset) {
        assert segment > 0 && offset >= 0 && offset <= Integer.MAX_VALUE;
        return (long) segment << 32 | offset;
    }

    static int segment(long position) {
        return (int) (position >>> 32);
    }

    static int offset(long position) {
        return (int) position;
    }

    static String text(long position) {
        return segment(position) + ":" + offset(position);
    }
}
