package dev.postern.dispatch;

import dev.postern.config.EgressConfig.Common.Rate;
import java.time.Instant;
import java.util.Optional;

/// A sliding window, for a quota: no more than so many messages in any period of its length.
///
/// It is a ring of [#SLOTS] counts, of which the current one is not full yet; so it may hold back a
/// little (at most a sixtieth of the period) and never lets too much through. A [TokenBucket] would
/// let twice the quota through in its first period, and providers block accounts for that.
final class SlidingWindow implements RateLimit {

    private static final int SLOTS = 60;

    private final int messages;
    private final long slotMillis;
    private final int[] counts = new int[SLOTS + 1];
    private int used;
    private long slot;

    SlidingWindow(Rate rate) {
        this.messages = rate.messages();
        this.slotMillis = Math.max(1, Math.ceilDiv(rate.period().toMillis(), SLOTS));
    }

    @Override
    public Optional<Instant> usedUpUntil(Instant now) {
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

    @Override
    public void take(Instant now) {
        advance(now);
        counts[index(slot)]++;
        used++;
    }

    @Override
    public void giveBack(Instant taken) {
        int index = index(taken.toEpochMilli() / slotMillis);
        if (taken.toEpochMilli() / slotMillis > slot - counts.length && counts[index] > 0) {
            counts[index]--;
            used--;
        }
    }

    /// The newest slot's number and length, and the counts from the oldest to it, those at the ends
    /// that are zero left out.
    @Override
    public String kept(Instant now, int ahead) {
        advance(now);
        StringBuilder text = new StringBuilder().append(slot).append('*').append(slotMillis);
        for (long old = slot - SLOTS; old <= slot; old++) {
            int count = counts[index(old)] + (old == slot ? ahead : 0);
            if (count > 0) {
                text.append(' ').append(slot - old).append(':').append(count);
            }
        }
        return text.toString();
    }

    @Override
    public void restore(String kept, Instant now) {
        advance(now);
        String[] words = kept.split(" ");
        String[] newest = words[0].split("\\*");
        long thenMillis = (Long.parseLong(newest[0]) + 1) * Long.parseLong(newest[1]);
        long sinceMillis = Math.max(0, now.toEpochMilli() - thenMillis);
        for (String word : words) {
            int colon = word.indexOf(':');
            if (colon > 0) {
                long back = Long.parseLong(word.substring(0, colon));
                long agoMillis = sinceMillis + back * Long.parseLong(newest[1]);
                restore(agoMillis / slotMillis, Integer.parseInt(word.substring(colon + 1)));
            }
        }
    }

    private void restore(long slotsAgo, int count) {
        if (slotsAgo <= SLOTS) {
            counts[index(slot - slotsAgo)] += count;
            used += count;
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
