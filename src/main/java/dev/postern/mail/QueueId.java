package dev.postern.mail;

import java.time.Instant;
import java.util.Optional;

/// The short printable name of a queued message, as in `250 2.0.0 Ok: queued as 0F3Q8M2C7K1A`.
///
/// Sixty bits, written as twelve characters of Crockford's base 32 (no I, L, O, U). The upper forty
/// bits are milliseconds since 2020-01-01, the lower twenty a counter, so that ids sort by the time
/// of their reception, as numbers and as text.
///
/// @param value the id as a number, 0 to 2^60 - 1
public record QueueId(long value) implements Comparable<QueueId> {

    /// Characters of a printed id.
    public static final int LENGTH = 12;

    private static final int BITS_PER_CHARACTER = 5;
    private static final long MAX = (1L << (LENGTH * BITS_PER_CHARACTER)) - 1;

    /// The lowest bits of an id count within a millisecond; those above tell which one.
    public static final int COUNTER_BITS = 20;

    private static final long EPOCH_MILLIS = 1_577_836_800_000L;
    private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public QueueId {
        if (value < 0 || value > MAX) {
            throw new IllegalArgumentException("queue id (" + value + ") must be 0 to 2^60 - 1");
        }
    }

    /// Returns the smallest id for a message received at `epochMillis` that is larger than `last`:
    /// unique in a spool also when the clock was set back.
    public static QueueId next(long epochMillis, long last) {
        return new QueueId(
                Math.max(Math.max(0, epochMillis - EPOCH_MILLIS) << COUNTER_BITS, last + 1));
    }

    /// Returns when the reception of the message began, as far as the id tells: later where the
    /// clock was set back.
    public Instant time() {
        return Instant.ofEpochMilli((value >>> COUNTER_BITS) + EPOCH_MILLIS);
    }

    /// Returns the id that `text` prints, in either letter case; empty when it is none.
    public static Optional<QueueId> parse(String text) {
        if (text.length() != LENGTH) {
            return Optional.empty();
        }
        long value = 0;
        for (int i = 0; i < LENGTH; i++) {
            int digit = ALPHABET.indexOf(Character.toUpperCase(text.charAt(i)));
            if (digit < 0) {
                return Optional.empty();
            }
            value = value << BITS_PER_CHARACTER | digit;
        }
        return Optional.of(new QueueId(value));
    }

    @Override
    public int compareTo(QueueId other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        char[] text = new char[LENGTH];
        long rest = value;
        for (int i = LENGTH - 1; i >= 0; i--) {
            text[i] = ALPHABET.charAt((int) (rest & 31));
            rest >>>= BITS_PER_CHARACTER;
        }
        return new String(text);
    }
}
