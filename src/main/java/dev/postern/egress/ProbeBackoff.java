package dev.postern.egress;

import dev.postern.outcome.Fault;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How long to leave an egress alone before it is probed again: the waits of one spell of trouble.
final class ProbeBackoff {

    /// No server's Retry-After is followed for longer.
    static final Duration RETRY_AFTER_MAX = Duration.ofHours(24);

    /// How waits grow: doubling from `first` to `most`.
    ///
    /// More log-in tries than CREDENTIALS makes get an address banned.
    enum Pace {
        NETWORK(Duration.ofSeconds(5), Duration.ofMinutes(5)),
        CREDENTIALS(Duration.ofMinutes(15), Duration.ofHours(6)),
        QUOTA(Duration.ofHours(1), Duration.ofHours(1));

        private final Duration first;
        private final Duration most;

        Pace(Duration first, Duration most) {
            this.first = first;
            this.most = most;
        }

        static Pace of(Fault fault) {
            return switch (fault) {
                case NETWORK, TIMEOUT, TLS, CERTIFICATE, INTERCEPTION, SERVICE -> NETWORK;
                case CREDENTIALS, ACCOUNT -> CREDENTIALS;
                case QUOTA -> QUOTA;
            };
        }
    }

    private @Nullable Pace pace;
    private Duration last = Duration.ZERO;

    /// Returns how long to wait after another failure, of kind `fault`.
    ///
    /// @param retryAfter what the server asked for; null when it did not say
    Duration next(Fault fault, @Nullable Duration retryAfter) {
        Pace now = Pace.of(fault);
        last = now == pace ? min(last.multipliedBy(2), now.most) : now.first;
        pace = now;
        if (retryAfter == null) {
            return last;
        }
        Duration asked = atMost(retryAfter);
        // A quota's end is known by the server only; for the rest its wish can but lengthen the
        // wait.
        return now == Pace.QUOTA || asked.compareTo(last) > 0 ? asked : last;
    }

    /// Returns whether `fault` asks for longer waits than the trouble so far.
    boolean isWorse(Fault fault) {
        return pace == Pace.NETWORK && Pace.of(fault) != Pace.NETWORK;
    }

    /// Returns what we follow of a server's wish.
    static Duration atMost(Duration retryAfter) {
        return min(retryAfter, RETRY_AFTER_MAX);
    }

    /// Starts over: the egress works.
    void reset() {
        pace = null;
        last = Duration.ZERO;
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }
}
