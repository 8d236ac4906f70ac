package dev.postern.dispatch;

import dev.postern.outcome.Outcome.Unsuitability;
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
/// @param until when it is worth asking again: its limit has room, or the wait that the server
///   asked for is over; null when unknown
record Skip(
        String egress, Why why, String words, @Nullable Instant failedAt, @Nullable Instant until) {

    /// The kinds, in the order in which they decide: as long as one egress may take the message
    /// later, it waits for that one.
    enum Why {
        /// It puts this message off, whatever it takes of others: their success brings no news.
        PUT_OFF,
        /// Unavailable.
        DOWN,
        /// Its rate or quota is used up.
        LIMITED,
        /// By our own fault.
        FAULT,
        /// Unsuited in a way that an operator can mend.
        MENDABLE,
        /// Unsuited for ever.
        FINAL,
        /// Not for this sender: it might never have taken the message, whatever becomes of it. Only
        /// where all are so it waits for an operator.
        OTHERS_SENDER
    }

    static Skip unsuited(String egress, Unsuitability unsuitability, String words, Instant at) {
        Why why =
                switch (unsuitability) {
                    case SIZE, FORM -> Why.FINAL;
                    case SENDER, CONFIGURATION -> Why.MENDABLE;
                    case FAULT -> Why.FAULT;
                };
        return new Skip(egress, why, words, at, null);
    }

    /// @param retryAfter how long the server asked us to wait; null when it did not say
    static Skip down(String egress, String words, Instant failedAt, @Nullable Duration retryAfter) {
        return new Skip(egress, Why.DOWN, words, failedAt, until(failedAt, retryAfter));
    }

    /// @param retryAfter how long the server asked us to wait; null when it did not say
    static Skip putOff(String egress, String words, Instant at, @Nullable Duration retryAfter) {
        return new Skip(egress, Why.PUT_OFF, words, at, until(at, retryAfter));
    }

    private static @Nullable Instant until(Instant at, @Nullable Duration retryAfter) {
        Duration wish = Schedule.atLeast(retryAfter);
        return wish.isZero() ? null : at.plus(wish);
    }

    static Skip limited(String egress, Instant until) {
        String words = "the sending limit of " + egress + " is used up";
        return new Skip(egress, Why.LIMITED, words, null, until);
    }

    static Skip onTrial(String egress, @Nullable String lastError, Instant now) {
        String words = "on trial" + (lastError == null ? "" : " after: " + lastError);
        return new Skip(egress, Why.DOWN, words, now, null);
    }

    static Skip sender(String egress, String sender) {
        String words = egress + " may not send for <" + sender + "> (see its key senders)";
        return new Skip(egress, Why.OTHERS_SENDER, words, null, null);
    }

    static Skip spoiling(String egress) {
        String words = egress + " may spoil 8-bit content";
        return new Skip(egress, Why.FINAL, words, null, null);
    }

    /// Returns the same with a rest: what it wished, and until `then` at least.
    Skip restingUntil(Instant then) {
        return new Skip(
                egress, why, words, failedAt, until == null || until.isBefore(then) ? then : until);
    }

    /// Returns whether it names a time that is still to come.
    boolean lasts(Instant now) {
        return until != null && until.isAfter(now);
    }

    /// Returns when the last failure of this kind was seen; null when none was.
    static @Nullable Instant latestFailure(List<Skip> skips, Why why) {
        return skips.stream()
                .filter(skip -> skip.why() == why && skip.failedAt() != null)
                .map(Skip::failedAt)
                .max(Comparator.naturalOrder())
                .orElse(null);
    }

    /// Returns when the first of the egresses whose limit is used up has room again, if that is
    /// before `again`.
    static Instant soonestRoom(List<Skip> skips, Instant again) {
        return skips.stream()
                .filter(skip -> skip.why() == Why.LIMITED && skip.until() != null)
                .map(Skip::until)
                .filter(until -> until.isBefore(again))
                .min(Comparator.naturalOrder())
                .orElse(again);
    }

    /// Returns when the first of the egresses that did not take it for this reason may be asked
    /// again; `at` when one of them named no time.
    static Instant soonestWish(List<Skip> skips, Why why, Instant at) {
        return skips.stream()
                .filter(skip -> skip.why() == why)
                .map(skip -> skip.until() == null ? at : skip.until())
                .min(Comparator.naturalOrder())
                .orElse(at);
    }
}
