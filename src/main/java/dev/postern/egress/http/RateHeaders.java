package dev.postern.egress.http;

import dev.postern.outcome.RetryAfter;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds in an answer's header fields how long the server asks us to wait: `Retry-After` (RFC 9110
/// §10.2.3), and with 429 the providers' own.
final class RateHeaders {

    private static final int TOO_MANY = 429;
    private static final List<String> RESETS =
            List.of("x-ratelimit-reset", "ratelimit-reset", "x-sib-ratelimit-reset");

    private RateHeaders() {}

    /// Returns the asked-for wait; null when none of them names one.
    static @Nullable Duration in(HttpAnswer answer) {
        return in(answer, Clock.systemUTC());
    }

    static @Nullable Duration in(HttpAnswer answer, Clock clock) {
        Duration wait = read(answer, "retry-after", clock);
        if (wait == null && answer.status() == TOO_MANY) {
            for (String name : RESETS) {
                wait = wait == null ? read(answer, name, clock) : wait;
            }
        }
        return wait;
    }

    private static @Nullable Duration read(HttpAnswer answer, String name, Clock clock) {
        String value = answer.header(name);
        return value == null ? null : RetryAfter.ofValue(value, clock);
    }
}
