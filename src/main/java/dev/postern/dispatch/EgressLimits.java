package dev.postern.dispatch;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.spool.DueQueue;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The rate and the quota of one egress, which go on after a restart. Confined to the dispatcher's
/// tasks.
///
/// *Contract.* What they allowed is counted on disk before it goes, in blocks of a
/// [#BLOCKS_A_PERIOD]th of the smaller limit: after a kill no more goes than they allow, but for
/// one block up to that block less. After the death of the machine what was counted in its last
/// moments, before the system wrote it out by itself (on Linux 30 s), may be allowed again.
///
/// *Diagnostics.* What can't be read or kept is logged, and mail goes on.
final class EgressLimits {

    /// So many writes to disk a period, at most twice.
    static final int BLOCKS_A_PERIOD = 20;

    private static final Logger log = LoggerFactory.getLogger(EgressLimits.class);

    private final String name;
    private final DueQueue spool;
    private final List<RateLimit> allowances = new ArrayList<>();
    private final Duration step;
    private final int block;
    private int ahead;

    EgressLimits(Common config, DueQueue spool, Instant now) {
        this.name = "limits-" + config.name();
        this.spool = spool;
        List<Rate> rates = new ArrayList<>();
        Rate rate = config.rate();
        if (rate != null) {
            rates.add(rate);
            allowances.add(new TokenBucket(rate));
        }
        Rate quota = config.quota();
        if (quota != null) {
            rates.add(quota);
            allowances.add(new SlidingWindow(quota));
        }
        this.step =
                rates.stream()
                        .map(each -> each.period().dividedBy(Math.max(1, each.messages())))
                        .max(Comparator.naturalOrder())
                        .orElse(Duration.ZERO);
        int least = rates.stream().mapToInt(Rate::messages).min().orElse(0);
        this.block = Math.max(1, least / BLOCKS_A_PERIOD);
        restore(now);
    }

    /// Returns how far apart messages go when all limits are used up.
    Duration step() {
        return step;
    }

    /// Returns when one more message may go; empty when it may now.
    Optional<Instant> usedUpUntil(Instant now) {
        return allowances.stream()
                .flatMap(allowance -> allowance.usedUpUntil(now).stream())
                .max(Comparator.naturalOrder());
    }

    /// Counts a message that goes now.
    void take(Instant now) {
        if (allowances.isEmpty()) {
            return;
        }
        if (ahead == 0) {
            ahead = block;
            keep(now);
        }
        ahead--;
        allowances.forEach(allowance -> allowance.take(now));
    }

    /// Uncounts a message that was counted at `taken` and can't have left.
    void giveBack(Instant taken) {
        allowances.forEach(allowance -> allowance.giveBack(taken));
    }

    /// Notes what was really used, before the end.
    void close(Instant now) {
        if (!allowances.isEmpty()) {
            ahead = 0;
            keep(now);
        }
    }

    private void keep(Instant now) {
        List<String> lines =
                allowances.stream().map(each -> word(each) + " " + each.kept(now, ahead)).toList();
        try {
            spool.keep(name, String.join("\n", lines).getBytes(StandardCharsets.US_ASCII));
        } catch (RuntimeException | Error e) {
            log.atWarn().addKeyValue("limits", name).setCause(e).log("limits are not kept on disk");
        }
    }

    private void restore(Instant now) {
        if (allowances.isEmpty()) {
            return;
        }
        String text = new String(spool.kept(name), StandardCharsets.US_ASCII);
        for (String line : text.lines().toList()) {
            String[] kept = line.split(" ", 2);
            for (RateLimit allowance : allowances) {
                try {
                    if (kept.length == 2 && kept[0].equals(word(allowance))) {
                        allowance.restore(kept[1], now);
                    }
                } catch (RuntimeException e) {
                    log.atWarn()
                            .addKeyValue("limits", name)
                            .setCause(e)
                            .log("limits of the last run can't be read: they start anew");
                }
            }
        }
    }

    private static String word(RateLimit allowance) {
        return switch (allowance) {
            case TokenBucket _ -> "rate";
            case SlidingWindow _ -> "quota";
        };
    }

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

        /// Goes on where an earlier run was. What that run held to be in the future happened now at
        /// the latest: between two runs the clock may have been set back.
        ///
        /// @throws IllegalArgumentException when it is no text of [#kept]
        void restore(String kept, Instant now);
    }

    /// A bucket of tokens, for a rate: it holds as many as the rate has messages, is full at first,
    /// and gains one whenever its share of the period is over. A burst goes at once, and after it
    /// mail flows evenly; so in any period at most twice the messages go, and in the long run no
    /// more than the rate.
    ///
    /// It is kept as one moment, the one at which it will be full again. What is given back after
    /// it was full again is of no use, and the last token taken counts as long as others were taken
    /// with it: rather too little goes than too much.
    static final class TokenBucket implements EgressLimits.RateLimit {

        private final Duration period;
        private final Duration step;
        private Instant full = Instant.MIN;
        private Instant usedSince = Instant.MIN;
        private Instant lastTaken = Instant.MIN;
        private int used;

        TokenBucket(Rate rate) {
            this.period = rate.period();
            this.step = period.dividedBy(Math.max(1, rate.messages()));
        }

        @Override
        public Optional<Instant> usedUpUntil(Instant now) {
            if (full.isBefore(now)) {
                return Optional.empty();
            }
            Instant next = full.plus(step).minus(period);
            return next.isAfter(now) ? Optional.of(next) : Optional.empty();
        }

        @Override
        public void take(Instant now) {
            if (full.isBefore(now)) {
                full = now;
                usedSince = now;
                used = 0;
            }
            full = full.plus(step);
            lastTaken = now;
            used++;
        }

        @Override
        public void giveBack(Instant taken) {
            if (used == 0 || taken.isBefore(usedSince)) {
                return;
            }
            used--;
            Instant least = used == 0 ? usedSince : lastTaken.plus(step);
            Instant back = full.minus(step);
            full = back.isBefore(least) ? least : back;
        }

        @Override
        public String kept(Instant now, int ahead) {
            Instant from = full.isBefore(now) ? now : full;
            return from.plus(step.multipliedBy(ahead)) + " " + step;
        }

        @Override
        public void restore(String kept, Instant now) {
            String[] words = kept.split(" ");
            Duration missing = Duration.between(now, Instant.parse(words[0]));
            // Tokens count, not time: the rate may be another one now.
            double tokens = (double) missing.toMillis() / Duration.parse(words[1]).toMillis();
            Duration refill = Duration.ofMillis(Math.round(Math.max(0, tokens) * step.toMillis()));
            full = now.plus(refill.compareTo(period) > 0 ? period : refill);
            usedSince = now;
        }
    }

    /// A sliding window, for a quota: no more than so many messages in any period of its length.
    ///
    /// It is a ring of [#SLOTS] counts, of which the current one is not full yet; so it may hold
    /// back a little (at most a sixtieth of the period) and never lets too much through. A
    /// [EgressLimits.TokenBucket] would let twice the quota through in its first period, and
    /// providers block accounts for that.
    static final class SlidingWindow implements EgressLimits.RateLimit {

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

        /// The newest slot's number and length, and the counts from the oldest to it, those at the
        /// ends that are zero left out.
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
}
