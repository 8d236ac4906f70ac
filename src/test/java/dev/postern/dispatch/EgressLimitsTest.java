package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.FakeSpool;
import dev.postern.testing.Seeds;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Rate and quota over restarts.
class EgressLimitsTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);

    private final FakeSpool spool = new FakeSpool(() -> START);

    private static Common config(@Nullable Rate rate, @Nullable Rate quota) {
        return EgressConfigs.egress("one", 1, List.of(), rate, quota, WhenLimited.WAIT).common();
    }

    private static int takeAll(EgressLimits limits, Instant now) {
        int taken = 0;
        while (limits.usedUpUntil(now).isEmpty()) {
            limits.take(now);
            taken++;
        }
        return taken;
    }

    @Test
    void aQuotaHoldsAfterACleanRestartToTheMessage() {
        Common config = config(null, new Rate(100, DAY));
        EgressLimits first = new EgressLimits(config, spool, START);
        for (int i = 0; i < 33; i++) {
            first.take(START);
        }
        first.close(START);
        Instant later = START.plusSeconds(60);
        assertEquals(67, takeAll(new EgressLimits(config, spool, later), later));
    }

    @Test
    void aQuotaHoldsAfterAKillAndLosesABlockAtMost() {
        Common config = config(null, new Rate(100, DAY));
        EgressLimits first = new EgressLimits(config, spool, START);
        for (int i = 0; i < 33; i++) {
            first.take(START);
        }
        Instant later = START.plusSeconds(60);
        int left = takeAll(new EgressLimits(config, spool, later), later);
        assertTrue(left <= 67 && left >= 67 - 100 / EgressLimits.BLOCKS_A_PERIOD, "left: " + left);
    }

    @Test
    void bothLimitsHoldAndTheLongerWaitCounts() {
        Common config = config(new Rate(2, Duration.ofMinutes(1)), new Rate(3, DAY));
        EgressLimits limits = new EgressLimits(config, spool, START);
        assertEquals(2, takeAll(limits, START));
        assertEquals(Optional.of(START.plusSeconds(30)), limits.usedUpUntil(START));
        limits.take(START.plusSeconds(30));
        Instant until = limits.usedUpUntil(START.plusSeconds(70)).orElseThrow();
        assertTrue(until.isAfter(START.plus(DAY).minusSeconds(1)), () -> "until " + until);
    }

    @Test
    void aClockSetBackBetweenRunsFreezesNothing() {
        Common config = config(new Rate(2, Duration.ofMinutes(1)), new Rate(9, DAY));
        EgressLimits first = new EgressLimits(config, spool, START);
        takeAll(first, START);
        Instant back = START.minus(Duration.ofDays(400));
        EgressLimits second = new EgressLimits(config, spool, back);
        Instant until = second.usedUpUntil(back).orElseThrow();
        assertTrue(!until.isAfter(back.plusSeconds(30)), () -> "until " + until);
        assertEquals(Optional.empty(), second.usedUpUntil(back.plus(DAY).plus(DAY)));
    }

    @Test
    void garbageOnDiskIsNoLimit() {
        spool.keep("limits-one", "quota x*y 3:\nrate never".getBytes(StandardCharsets.US_ASCII));
        Common config = config(new Rate(2, Duration.ofMinutes(1)), new Rate(9, DAY));
        assertEquals(2, takeAll(new EgressLimits(config, spool, START), START));
    }

    @Test
    void withoutLimitsNothingIsKept() {
        EgressLimits limits = new EgressLimits(config(null, null), spool, START);
        limits.take(START);
        limits.close(START);
        assertEquals(0, spool.kept("limits-one").length);
    }

    @Test
    void aQuotaIsNeverExceededHoweverOftenTheProcessDies() {
        Seeds.forEach(
                50,
                random -> {
                    int messages = 1 + random.nextInt(60);
                    FakeSpool own = new FakeSpool(() -> START);
                    Common config = config(null, new Rate(messages, DAY));
                    Instant now = START;
                    EgressLimits limits = new EgressLimits(config, own, now);
                    List<Instant> gone = new ArrayList<>();
                    for (int i = 0; i < 600; i++) {
                        if (random.nextInt(10) == 0) {
                            limits = new EgressLimits(config, own, now);
                        }
                        if (limits.usedUpUntil(now).isEmpty()) {
                            limits.take(now);
                            gone.add(now);
                        }
                        now = now.plusSeconds(random.nextInt(4000));
                    }
                    for (int i = 0; i + messages < gone.size(); i++) {
                        Duration span = Duration.between(gone.get(i), gone.get(i + messages));
                        assertTrue(span.compareTo(DAY) >= 0, () -> "too many in " + span);
                    }
                });
    }
}
