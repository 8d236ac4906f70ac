package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressCommon.Rate;
import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AllowanceTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void soManyInAPeriodAndThenNone() {
        Allowance allowance = new Allowance(new Rate(2, MINUTE));
        allowance.take(START);
        assertEquals(Optional.empty(), allowance.usedUpUntil(START.plusSeconds(10)));
        allowance.take(START.plusSeconds(10));
        Instant until = allowance.usedUpUntil(START.plusSeconds(20)).orElseThrow();
        assertEquals(START.plusSeconds(61), until);
        assertTrue(allowance.usedUpUntil(until.minusMillis(1)).isPresent());
        assertEquals(Optional.empty(), allowance.usedUpUntil(until));
    }

    @Test
    void whatDidNotGoIsGivenBack() {
        Allowance allowance = new Allowance(new Rate(1, MINUTE));
        allowance.take(START);
        allowance.giveBack(START);
        assertEquals(Optional.empty(), allowance.usedUpUntil(START));
        allowance.giveBack(START);
        allowance.take(START.plusSeconds(1));
        assertTrue(allowance.usedUpUntil(START.plusSeconds(1)).isPresent(), "not twice");
    }

    @Test
    void afterALongRestAllIsThere() {
        Allowance allowance = new Allowance(new Rate(1, MINUTE));
        allowance.take(START);
        assertEquals(Optional.empty(), allowance.usedUpUntil(START.plus(Duration.ofDays(400))));
    }

    @Test
    void aClockSetBackLetsNothingMoreThrough() {
        Allowance allowance = new Allowance(new Rate(1, MINUTE));
        allowance.take(START);
        assertTrue(allowance.usedUpUntil(START.minusSeconds(600)).isPresent());
    }

    @Test
    void noPeriodWhereverItBeginsSeesMoreThanItsMessages() {
        Seeds.forEach(
                100,
                random -> {
                    int messages = 1 + random.nextInt(5);
                    Allowance allowance = new Allowance(new Rate(messages, MINUTE));
                    Deque<Instant> gone = new ArrayDeque<>();
                    Instant now = START;
                    for (int i = 0; i < 300; i++) {
                        now = now.plusMillis(random.nextInt(20_000));
                        Optional<Instant> until = allowance.usedUpUntil(now);
                        if (until.isEmpty()) {
                            allowance.take(now);
                            gone.add(now);
                        } else {
                            assertTrue(until.get().isAfter(now));
                            now = random.nextBoolean() ? until.get() : now;
                        }
                        while (gone.size() > messages) {
                            Instant first = gone.remove();
                            Instant beyond =
                                    gone.stream().skip(messages - 1).findFirst().orElseThrow();
                            assertTrue(Duration.between(first, beyond).compareTo(MINUTE) >= 0);
                        }
                    }
                });
    }
}
