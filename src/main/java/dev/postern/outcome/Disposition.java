package dev.postern.outcome;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// The `then` of a row of the trouble table, written `CLASS[:KIND] [WAIT] [fewer] [stale]`:
/// `deferred 5m`, `unavailable:quota`, `unsuited:size`, `deferred fewer`.
///
/// @param kind the class; never accepted
/// @param fault the kind of trouble; exactly with unavailable
/// @param unsuitability what does not fit; exactly with unsuited
/// @param pause how long to wait when the server does not say; null: nothing is known
/// @param fewer see [Verdict#fewerRecipients]
/// @param stale see [Verdict#staleConnection]
record Disposition(
        OutcomeClass kind,
        @Nullable Fault fault,
        @Nullable Unsuitability unsuitability,
        @Nullable Duration pause,
        boolean fewer,
        boolean stale) {

    Disposition {
        if (kind == OutcomeClass.ACCEPTED
                || (kind == OutcomeClass.UNAVAILABLE) != (fault != null)
                || (kind == OutcomeClass.UNSUITED) != (unsuitability != null)) {
            throw new IllegalArgumentException(
                    "no such ruling: " + kind + " " + fault + " " + unsuitability);
        }
    }

    static Disposition parse(String text) {
        List<String> words = List.of(text.split(" "));
        String[] parts = words.getFirst().split(":", 2);
        OutcomeClass kind = OutcomeClass.valueOf(parts[0].toUpperCase(Locale.ROOT));
        String detail = parts.length == 1 ? "" : parts[1].toUpperCase(Locale.ROOT);
        Duration pause = null;
        for (String word : words.subList(1, words.size())) {
            pause = Character.isDigit(word.charAt(0)) ? Duration.parse("PT" + word) : pause;
        }
        return new Disposition(
                kind,
                kind == OutcomeClass.UNAVAILABLE ? Fault.valueOf(detail) : null,
                kind == OutcomeClass.UNSUITED ? Unsuitability.valueOf(detail) : null,
                pause,
                words.contains("fewer"),
                words.contains("stale"));
    }

    /// Returns the outcome with these words.
    ///
    /// @param asked how long the server asked us to wait beside them, which is said to whoever
    ///   calls it (RFC 6585 §4: Retry-After with a 429); null: they may say it
    Outcome outcome(String words, @Nullable Duration asked) {
        Duration told = asked == null ? RetryAfter.in(words) : asked;
        Duration retryAfter = told == null ? pause : RetryAfter.capped(told);
        return switch (kind) {
            case DEFERRED -> new Outcome.Deferred(words, retryAfter, asked != null);
            case REJECTED -> new Outcome.Rejected(words);
            case UNCERTAIN -> new Outcome.Uncertain(words);
            case UNSUITED -> new Outcome.Unsuited(words, present(unsuitability));
            case UNAVAILABLE -> new Outcome.Unavailable(words, present(fault), retryAfter);
            case ACCEPTED -> throw new AssertionError("trouble is never acceptance");
        };
    }

    private static <T> T present(@Nullable T value) {
        if (value == null) {
            throw new AssertionError("checked when the ruling was made");
        }
        return value;
    }
}
