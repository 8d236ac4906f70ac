package dev.postern.dispatch;

import dev.postern.outcome.Misfit;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Why one egress did not take one recipient and the next one was to be asked.
///
/// @param egress its name
/// @param why the kind, which decides what happens when no other takes it
/// @param words what it said, or what we say of it
/// @param failedAt when the failure was seen; null where nothing was tried
/// @param until when it is worth asking again; null when unknown
/// @param retryAfter how long the server asked us to wait; null when it did not say
record Miss(
        String egress,
        Why why,
        String words,
        @Nullable Instant failedAt,
        @Nullable Instant until,
        @Nullable Duration retryAfter) {

    /// The kinds, in the order in which they decide: as long as one egress may take the message
    /// later, it waits for that one.
    enum Why {
        /// Unavailable.
        DOWN,
        /// Its rate or quota is used up.
        LIMITED,
        /// By our own fault.
        FAULT,
        /// Unsuited in a way that an operator can mend.
        MENDABLE,
        /// Unsuited for ever.
        FINAL
    }

    static Miss unsuited(String egress, Misfit misfit, String words, Instant at) {
        Why why =
                switch (misfit) {
                    case SIZE, FORM -> Why.FINAL;
                    case SENDER, CONFIGURATION -> Why.MENDABLE;
                    case FAULT -> Why.FAULT;
                };
        return new Miss(egress, why, words, at, null, null);
    }

    static Miss down(String egress, String words, Instant failedAt, @Nullable Duration retryAfter) {
        return new Miss(egress, Why.DOWN, words, failedAt, null, retryAfter);
    }

    static Miss limited(String egress, Instant until) {
        String words = "the sending limit of " + egress + " is used up";
        return new Miss(egress, Why.LIMITED, words, null, until, null);
    }

    static Miss onTrial(String egress, @Nullable String lastError, Instant now) {
        String words = "on trial" + (lastError == null ? "" : " after: " + lastError);
        return new Miss(egress, Why.DOWN, words, now, null, null);
    }

    static Miss sender(String egress, String sender) {
        String words = egress + " may not send for <" + sender + "> (see its key senders)";
        return new Miss(egress, Why.MENDABLE, words, null, null, null);
    }

    static Miss spoiling(String egress) {
        String words = egress + " may spoil 8-bit content";
        return new Miss(egress, Why.FINAL, words, null, null, null);
    }

    /// Returns when the last failure of this kind was seen; null when none was.
    static @Nullable Instant latestFailure(List<Miss> misses, Why why) {
        return misses.stream()
                .filter(miss -> miss.why() == why && miss.failedAt() != null)
                .map(Miss::failedAt)
                .max(Comparator.naturalOrder())
                .orElse(null);
    }

    /// Returns when the first of the egresses whose limit is used up has room again, if that is
    /// before `again`.
    static Instant soonestRoom(List<Miss> misses, Instant again) {
        return misses.stream()
                .filter(miss -> miss.why() == Why.LIMITED && miss.until() != null)
                .map(Miss::until)
                .filter(until -> until.isBefore(again))
                .min(Comparator.naturalOrder())
                .orElse(again);
    }

    /// As soon as one of the egresses may be asked again, the message may go.
    static Duration shortestWish(List<Miss> misses) {
        return misses.stream()
                .filter(miss -> miss.why() == Why.DOWN)
                .map(miss -> Schedule.atLeast(miss.retryAfter()))
                .min(Comparator.naturalOrder())
                .orElse(Duration.ZERO);
    }
}
