package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SteadyClockTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    private Instant wall = START;
    private long nanos = 77;
    private final SteadyClock clock = new SteadyClock(() -> wall, () -> nanos);

    private void pass(Duration time) {
        wall = wall.plus(time);
        nanos += time.toNanos();
    }

    @Test
    void itIsTheSystemsClock() {
        pass(Duration.ofHours(3));
        assertEquals(wall, clock.instant());
        assertEquals(wall.toEpochMilli(), clock.millis());
    }

    @Test
    void setForwardItFollows() {
        wall = wall.plus(Duration.ofHours(5));
        assertEquals(wall, clock.instant());
    }

    @Test
    void setBackItGoesOnMoreSlowlyUntilTheSystemsClockHasCaughtUp() {
        wall = wall.minus(Duration.ofHours(1));
        pass(Duration.ofMinutes(10));
        assertEquals(START.plus(Duration.ofMinutes(9)), clock.instant());
        pass(Duration.ofHours(11));
        assertEquals(wall, clock.instant());
    }

    @Test
    void whateverIsDoneToTheSystemsClockWaitsEnd() {
        Seeds.forEach(
                50,
                random -> {
                    Instant before = clock.instant();
                    for (int i = 0; i < 200; i++) {
                        wall = wall.plusSeconds(random.nextInt(-50_000, 50_000));
                        Duration real = Duration.ofSeconds(random.nextInt(100));
                        pass(real);
                        Instant now = clock.instant();
                        Duration seen = Duration.between(before, now);
                        assertTrue(
                                seen.multipliedBy(10).compareTo(real.multipliedBy(9)) >= 0,
                                () -> real + " looked like " + seen);
                        before = now;
                    }
                });
    }
}
