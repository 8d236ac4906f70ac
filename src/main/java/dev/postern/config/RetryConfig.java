package dev.postern.config;

import java.time.Duration;
import java.util.List;

/// When to try again and when to give up.
///
/// @param schedule waits after the first, second… attempt; the last one repeats
/// @param maxAge after this long a message that still fails is given up
public record RetryConfig(List<Duration> schedule, Duration maxAge) {

    public RetryConfig {
        schedule = List.copyOf(schedule);
    }
}
