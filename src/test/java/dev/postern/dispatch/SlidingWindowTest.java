package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SlidingWindowTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");
    private static final Duration MINUTE = Duration.ofMinutes(1);

    @Test
    void soManyInAPeriodAndThenNone() {
        EgressLimits.SlidingWindow window = new EgressLimits.SlidingWindow(new Rate(2, MINUTE));
        window.take(START);
        assertEquals(Optional.empty(), window.usedUpUntil(START.plusSeconds(10)));
        window.take(START.plusSeconds(10));
        Instant until = window.usedUpUntil(START.plusSeconds(20)).orElseThrow();
        assertEquals(START.plusSeconds(61), until);
        assertTrue(window.usedUpUntil(until.minusMillis(1)).isPresent());
        assertEquals(Optional.empty(), window.usedUpUntil(until));
    }

    @Test
    void whatDidNotGoIsGivenBack() {
        EgressLimits.SlidingWindow window = new EgressLimits.SlidingWindow(new Rate(1, MINUTE));
        window.take(START);
        window.giveBack(START);
        assertEquals(Optional.empty(), window.usedUpUntil(START));
        window.giveBack(START);
        window.take(START.plusSeconds(1));
        assertTrue(window.usedUpUntil(START.plusSeconds(1)).isPresent(), "not twice");
    }

    @Test
    void afterALongRestAllIsThere() {
        EgressLimits.SlidingWindow window = new EgressLimits.SlidingWindow(new Rate(1, MINUTE));
        window.take(START);
        assertEquals(Optional.empty(), window.usedUpUntil(START.plus(Duration.ofDays(400))));
    }

    @Test
    void aClockSetBackLetsNothingMoreThrough() {
        EgressLimits.SlidingWindow window = new EgressLimits.SlidingWindow(new Rate(1, MINUTE));
        window.take(START);
        assertTrue(window.usedUpUntil(START.minusSeconds(600)).isPresent());
    }

    @Test
    void noPeriodWhereverItBeginsSeesMoreThanItsMessages() {
        Seeds.forEach(
                100,
                random -> {
                    int messages = 1 + random.nextInt(5);
                    EgressLimits.SlidingWindow window =
                            new EgressLimits.SlidingWindow(new Rate(messages, MINUTE));
                    Deque<Instant> gone = new ArrayDeque<>();
                    Instant now = START;
                    for (int i = 0; i < 300; i++) {
                        now = now.plusMillis(random.nextInt(20_000));
                        Optional<Instant> until = window.usedUpUntil(now);
                        if (until.isEmpty()) {
                            window.take(now);
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
