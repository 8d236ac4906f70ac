package dev.postern.dispatch;

import dev.postern.config.EgressCommon.Rate;
import java.time.Instant;
import java.util.Optional;

/// How much of a rate or quota is left: no more than so many messages in any period of its length.
///
/// A sliding window over a ring of [#SLOTS] counts, of which the current one is not full yet; so it
/// may hold back a little (at most a sixtieth of the period) and never lets too much through. A
/// bucket of tokens would let twice the quota through in its first period. Not thread-safe.
final class Allowance {

    private static final int SLOTS = 60;

    private final int messages;
    private final long slotMillis;
    private final int[] counts = new int[SLOTS + 1];
    private int used;
    private long slot;

    Allowance(Rate rate) {
        this.messages = rate.messages();
        this.slotMillis = Math.max(1, Math.ceilDiv(rate.period().toMillis(), SLOTS));
    }

    /// Returns when one more message may go; empty when it may now.
    Optional<Instant> usedUpUntil(Instant now) {
        advance(now);
        int left = used;
        for (long old = slot - SLOTS; left >= messages && old <= slot; old++) {
            left -= counts[index(old)];
            if (left < messages) {
                return Optional.of(Instant.ofEpochMilli((old + counts.length) * slotMillis));
            }
        }
        return Optional.empty();
    }

    /// Counts a message that goes now.
    void take(Instant now) {
        advance(now);
        counts[index(slot)]++;
        used++;
    }

    /// Uncounts a message that was counted at `taken` and did not go.
    void giveBack(Instant taken) {
        int index = index(taken.toEpochMilli() / slotMillis);
        if (taken.toEpochMilli() / slotMillis > slot - counts.length && counts[index] > 0) {
            counts[index]--;
            used--;
        }
    }

    private void advance(Instant now) {
        long current = Math.max(slot, now.toEpochMilli() / slotMillis);
        for (long next = Math.max(slot + 1, current - SLOTS); next <= current; next++) {
            used -= counts[index(next)];
            counts[index(next)] = 0;
        }
        slot = current;
    }

    private int index(long ofSlot) {
        return (int) Math.floorMod(ofSlot, (long) counts.length);
    }
}
