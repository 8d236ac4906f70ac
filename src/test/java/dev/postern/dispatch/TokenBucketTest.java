package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TokenBucketTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final Rate THREE_A_MINUTE = new Rate(3, Duration.ofMinutes(1));

    private static EgressLimits.TokenBucket empty() {
        EgressLimits.TokenBucket bucket = new EgressLimits.TokenBucket(THREE_A_MINUTE);
        for (int i = 0; i < 3; i++) {
            assertEquals(Optional.empty(), bucket.usedUpUntil(START));
            bucket.take(START);
        }
        return bucket;
    }

    @Test
    void aBurstGoesAtOnceAndThenOneForEachToken() {
        EgressLimits.TokenBucket bucket = empty();
        for (int token = 1; token < 9; token++) {
            Instant next = START.plusSeconds(20L * token);
            assertEquals(Optional.of(next), bucket.usedUpUntil(next.minusMillis(1)));
            assertEquals(Optional.empty(), bucket.usedUpUntil(next));
            bucket.take(next);
        }
    }

    @Test
    void itFillsUpAndNoFurther() {
        EgressLimits.TokenBucket bucket = empty();
        Instant later = START.plus(Duration.ofDays(3));
        for (int i = 0; i < 3; i++) {
            assertEquals(Optional.empty(), bucket.usedUpUntil(later));
            bucket.take(later);
        }
        assertEquals(Optional.of(later.plusSeconds(20)), bucket.usedUpUntil(later));
    }

    @Test
    void whatDidNotGoIsGivenBack() {
        EgressLimits.TokenBucket bucket = empty();
        bucket.giveBack(START);
        assertEquals(Optional.empty(), bucket.usedUpUntil(START));
        EgressLimits.TokenBucket single =
                new EgressLimits.TokenBucket(new Rate(1, Duration.ofMinutes(1)));
        single.take(START);
        single.giveBack(START);
        assertEquals(Optional.empty(), single.usedUpUntil(START));
    }

    @Test
    void whatIsGivenBackTooLateIsNoTokenMore() {
        EgressLimits.TokenBucket bucket = new EgressLimits.TokenBucket(THREE_A_MINUTE);
        bucket.take(START);
        Instant later = START.plusSeconds(90);
        for (int i = 0; i < 3; i++) {
            bucket.take(later);
        }
        bucket.giveBack(START);
        assertEquals(Optional.of(later.plusSeconds(20)), bucket.usedUpUntil(later));
    }

    @Test
    void itGoesOnAfterARestart() {
        EgressLimits.TokenBucket next = new EgressLimits.TokenBucket(THREE_A_MINUTE);
        next.restore(empty().kept(START, 0), START.plusSeconds(5));
        assertEquals(Optional.of(START.plusSeconds(20)), next.usedUpUntil(START.plusSeconds(5)));
    }

    @Test
    void aClockSetBackBetweenRunsFreezesNothing() {
        EgressLimits.TokenBucket next = new EgressLimits.TokenBucket(THREE_A_MINUTE);
        Instant before = START.minus(Duration.ofHours(5));
        next.restore(empty().kept(START, 0), before);
        assertEquals(Optional.of(before.plusSeconds(20)), next.usedUpUntil(before));
    }

    @Test
    void noPeriodSeesMoreThanTwiceItsMessagesAndTheLongRunNoMoreThanTheRate() {
        Seeds.forEach(
                50,
                random -> {
                    int messages = 1 + random.nextInt(6);
                    Duration period = Duration.ofSeconds(1 + random.nextInt(120));
                    EgressLimits.TokenBucket bucket =
                            new EgressLimits.TokenBucket(new Rate(messages, period));
                    List<Instant> gone = new ArrayList<>();
                    Instant now = START;
                    for (int i = 0; i < 400; i++) {
                        Optional<Instant> until = bucket.usedUpUntil(now);
                        if (until.isEmpty()) {
                            bucket.take(now);
                            gone.add(now);
                        }
                        now = until.orElse(now.plusMillis(random.nextInt(3000)));
                    }
                    for (int i = 0; i + 2 * messages < gone.size(); i++) {
                        Duration span = Duration.between(gone.get(i), gone.get(i + 2 * messages));
                        assertTrue(span.compareTo(period) >= 0, () -> "too many in " + span);
                    }
                    double periods =
                            (double) Duration.between(START, now).toMillis() / period.toMillis();
                    assertTrue(gone.size() <= messages * (periods + 1) + 1);
                });
    }
}
