package dev.postern.dispatch;

import dev.postern.config.EgressCommon;
import dev.postern.config.EgressCommon.Rate;
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

    EgressLimits(EgressCommon config, DueQueue spool, Instant now) {
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
            for (RateLimit allowance : allowances) {
                if (line.startsWith(word(allowance) + " ")) {
                    restore(allowance, line.substring(word(allowance).length() + 1), now);
                }
            }
        }
    }

    private void restore(RateLimit allowance, String kept, Instant now) {
        try {
            allowance.restore(kept, now);
        } catch (RuntimeException e) {
            log.atWarn()
                    .addKeyValue("limits", name)
                    .setCause(e)
                    .log("limits of the last run can't be read: they start anew");
        }
    }

    private static String word(RateLimit allowance) {
        return switch (allowance) {
            case TokenBucket _ -> "rate";
            case SlidingWindow _ -> "quota";
        };
    }
}
