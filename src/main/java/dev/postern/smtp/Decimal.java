package dev.postern.smtp;

import java.util.OptionalLong;

/// The numbers of the protocol: ASCII digits only, where `Long.parseLong` takes signs and every
/// script's.
final class Decimal {
    private static final int RADIX = 10;

    private Decimal() {}

    static boolean isDecimal(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /// The value of at least one digit; empty for anything else and for more than 2^63-1.
    static OptionalLong parse(String text) {
        if (!isDecimal(text)) {
            return OptionalLong.empty();
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            int digit = text.charAt(i) - '0';
            if (value > (Long.MAX_VALUE - digit) / RADIX) {
                return OptionalLong.empty();
            }
            value = value * RADIX + digit;
        }
        return OptionalLong.of(value);
    }
}
