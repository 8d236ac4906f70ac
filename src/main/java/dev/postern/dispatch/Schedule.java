package dev.postern.dispatch;

import dev.postern.config.PosternConfig.RetryConfig;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// When a message is tried again, and when it is given up.
///
/// Waits follow the configured schedule, each stretched or shortened by up to [#JITTER]. Which wait
/// it is, is counted by the attempts that failed, but never further than the message's age could
/// have brought it: a round through three egresses counts three attempts and is still one round,
/// and a message that an operator gave a new age starts over. Not thread-safe.
final class Schedule {

    /// By which part of itself a wait varies, so that what failed together is not tried again
    /// together.
    static final double JITTER = 0.2;

    /// No server's Retry-After is followed for longer.
    static final Duration RETRY_AFTER_MAX = Duration.ofHours(24);

    private final List<Duration> waits;
    private final Duration maxAge;
    private final RandomGenerator random;

    Schedule(RetryConfig config, RandomGenerator random) {
        if (config.schedule().isEmpty()) {
            throw new IllegalArgumentException("retry.schedule must not be empty");
        }
        this.waits = config.schedule();
        this.maxAge = config.maxAge();
        this.random = random;
    }

    /// Returns how long to wait after a failed attempt.
    ///
    /// @param failedAttempts how many there were, at least 1
    /// @param age of the message
    Duration after(int failedAttempts, Duration age) {
        return jittered(waits.get(Math.min(failedAttempts - 1, reached(age))));
    }

    /// Returns how long to wait for a message that no egress could be asked about.
    Duration idle(Duration age) {
        return jittered(waits.get(reached(age)));
    }

    /// Returns how long the server's wish makes us wait at least.
    static Duration atLeast(@Nullable Duration retryAfter) {
        if (retryAfter == null || retryAfter.isNegative()) {
            return Duration.ZERO;
        }
        return retryAfter.compareTo(RETRY_AFTER_MAX) > 0 ? RETRY_AFTER_MAX : retryAfter;
    }

    /// Returns whether a failure at `failedAt` is the last one of a message whose age counts from
    /// `ageFrom`.
    boolean isLast(Instant ageFrom, Instant failedAt) {
        return !failedAt.isBefore(ageFrom.plus(maxAge));
    }

    /// Returns the words about a recipient that is given up.
    String expired(String lastReply) {
        return "expired after " + text(maxAge) + ": " + lastReply;
    }

    /// Returns the index of the wait that a message of `age` can have come to, when all waits
    /// before were the shortest possible.
    private int reached(Duration age) {
        double rest = age.toMillis();
        int index = 0;
        while (index < waits.size() - 1) {
            rest -= waits.get(index).toMillis() * (1 - JITTER);
            if (rest < 0) {
                break;
            }
            index++;
        }
        return index;
    }

    private Duration jittered(Duration wait) {
        double factor = 1 + JITTER * (2 * random.nextDouble() - 1);
        return Duration.ofMillis(Math.round(wait.toMillis() * factor));
    }

    /// Returns a duration as it is configured: `5d`.
    private static String text(Duration duration) {
        long seconds = duration.toSeconds();
        if (duration.toNanosPart() != 0 || seconds == 0) {
            return duration.toMillis() + "ms";
        }
        if (seconds % Duration.ofDays(1).toSeconds() == 0) {
            return duration.toDays() + "d";
        }
        if (seconds % Duration.ofHours(1).toSeconds() == 0) {
            return duration.toHours() + "h";
        }
        return seconds % Duration.ofMinutes(1).toSeconds() == 0
                ? duration.toMinutes() + "m"
                : seconds + "s";
    }
}
