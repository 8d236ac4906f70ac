package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig.RetryConfig;
import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {

    private static final Instant START = Instant.parse("2026-03-01T12:00:00Z");

    private static final RetryConfig CONFIG =
            new RetryConfig(
                    List.of(
                            Duration.ofSeconds(30),
                            Duration.ofMinutes(1),
                            Duration.ofMinutes(5),
                            Duration.ofHours(4)),
                    Duration.ofDays(5));

    /// A generator whose doubles are all `value`.
    private static RandomGenerator always(double value) {
        return new RandomGenerator() {
            @Override
            public long nextLong() {
                throw new AssertionError("only doubles are asked for");
            }

            @Override
            public double nextDouble() {
                return value;
            }
        };
    }

    private static Schedule even() {
        return new Schedule(CONFIG, always(0.5));
    }

    @ParameterizedTest
    @CsvSource({
        // failed attempts, age in seconds, wait in seconds
        "1, 0, 30",
        "1, 100000, 30", // a first attempt that came late is still the first
        "2, 24, 60", // the shortest first wait is over
        "2, 23, 30", // two egresses in one round are one round
        "3, 72, 300",
        "3, 71, 60",
        "4, 312, 14400",
        "9, 400000, 14400", // the last wait repeats
        "9, 0, 30", // an operator gave it a new age
        "9, -5, 30", // the clock was set back
    })
    void waits(int failed, long ageSeconds, long waitSeconds) {
        assertEquals(
                Duration.ofSeconds(waitSeconds),
                even().after(failed, Duration.ofSeconds(ageSeconds)));
    }

    @ParameterizedTest
    @CsvSource({"0, 30", "24, 60", "71, 60", "72, 300", "312, 14400", "400000, 14400"})
    void waitsWithoutAnAttemptByAge(long ageSeconds, long waitSeconds) {
        assertEquals(Duration.ofSeconds(waitSeconds), even().idle(Duration.ofSeconds(ageSeconds)));
    }

    @Test
    void jitterIsAFifthBothWays() {
        Duration least = new Schedule(CONFIG, always(0)).after(1, Duration.ZERO);
        Duration most = new Schedule(CONFIG, always(1)).after(1, Duration.ZERO);
        assertEquals(Duration.ofSeconds(24), least);
        assertEquals(Duration.ofSeconds(36), most);
    }

    @Test
    void everyAttemptByTheScheduleFindsItsOwnWait() {
        Seeds.forEach(
                200,
                random -> {
                    Schedule schedule = new Schedule(CONFIG, random);
                    Duration age = Duration.ZERO;
                    for (int failed = 1; failed <= 6; failed++) {
                        Duration wait = schedule.after(failed, age);
                        Duration step =
                                CONFIG.schedule()
                                        .get(Math.min(failed, CONFIG.schedule().size()) - 1);
                        assertTrue(
                                Math.abs(wait.toMillis() - step.toMillis())
                                        <= step.toMillis() / 5 + 1,
                                () -> wait + " for " + step);
                        age = age.plus(wait).plusMillis(random.nextInt(2000));
                    }
                });
    }

    @Test
    void aServersWishIsFollowedForADayAtMost() {
        assertEquals(Duration.ZERO, Schedule.atLeast(null));
        assertEquals(Duration.ZERO, Schedule.atLeast(Duration.ofSeconds(-1)));
        assertEquals(Duration.ofHours(23), Schedule.atLeast(Duration.ofHours(23)));
        assertEquals(Duration.ofHours(24), Schedule.atLeast(Duration.ofHours(25)));
    }

    @Test
    void theLastFailureIsTheOneAtMaxAgeOrLater() {
        assertFalse(even().isLast(START, START.plus(CONFIG.maxAge()).minusMillis(1)));
        assertTrue(even().isLast(START, START.plus(CONFIG.maxAge())));
    }

    @ParameterizedTest
    @CsvSource({"432000, 5d", "14400, 4h", "90, 90s", "300, 5m", "0, 0ms"})
    void expiryIsToldInTheWordsOfTheConfiguration(long seconds, String text) {
        Schedule schedule =
                new Schedule(
                        new RetryConfig(CONFIG.schedule(), Duration.ofSeconds(seconds)),
                        always(0.5));
        assertEquals("expired after " + text + ": 450 later", schedule.expired("450 later"));
    }

    @Test
    void anEmptyScheduleIsRefused() {
        RetryConfig empty = new RetryConfig(List.of(), Duration.ofDays(5));
        assertThrows(IllegalArgumentException.class, () -> new Schedule(empty, always(0.5)));
    }
}
