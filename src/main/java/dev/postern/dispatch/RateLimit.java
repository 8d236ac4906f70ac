package dev.postern.dispatch;

import java.time.Instant;
import java.util.Optional;

/// How much of a rate or quota is left. Not thread-safe.
sealed interface RateLimit permits TokenBucket, SlidingWindow {

    /// Returns when one more message may go; empty when it may now.
    Optional<Instant> usedUpUntil(Instant now);

    /// Counts a message that goes now.
    void take(Instant now);

    /// Uncounts a message that was counted at `taken` and did not go.
    void giveBack(Instant taken);

    /// Returns its state in a line of text, for [#restore].
    ///
    /// @param ahead so many messages are counted as gone now, beside those that went
    String kept(Instant now, int ahead);

    /// Goes on where an earlier run was. What that run held to be in the future happened now at the
    /// latest: between two runs the clock may have been set back.
    ///
    /// @throws IllegalArgumentException when it is no text of [#kept]
    void restore(String kept, Instant now);
}
