package dev.postern.egress;

import dev.postern.config.EgressConfig;
import dev.postern.egress.EgressView.LastError;
import dev.postern.egress.EgressView.Way;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.RetryAfter;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The circuit breaker of one egress: what its attempts and probes bring decides whether it gets
/// mail, how much at once, and when it is probed.
///
/// ```
///            trouble that stays, third trouble in a row, failed probe
///    CLOSED ----------------------------------------------------------> OPEN
///       ^                                                               | ^
///       | message                              probe passed or unproven | | failed probe, message
///       | accepted                                                      v | lost or unavailable
///       +---------------------------------------------------------- HALF_OPEN
/// ```
///
/// CLOSED counts as `unknown` until a probe or a message succeeded, and from a message that found
/// the egress unavailable until the next success. HALF_OPEN lets one message go at a time. After it
/// closed again, 1, 2, 4… may be under way, doubling with each accepted message.
///
/// Attempts that began before the breaker last moved say nothing about the egress as it is now;
/// they carry the number of their epoch and change no state.
///
/// Thread-safe. It has no clock: each call is told the time.
public final class EgressHealth {

    /// So many troubles in a row, of the kinds that pass by themselves, open the breaker.
    static final int TROUBLES_TO_OPEN = 3;

    private static final Comparator<Outcome> BY_RANK = Comparator.comparingInt(EgressHealth::rank);

    private static final Comparator<Outcome> BY_WAIT =
            Comparator.comparing(outcome ->
                    outcome instanceof Outcome.Unavailable(_, _, Duration wait, _) && wait != null
                            ? wait
                            : Duration.ZERO);

    private enum Breaker {
        CLOSED,
        HALF_OPEN,
        OPEN
    }

    /// What a call moved.
    public enum Turn {
        /// Nothing.
        NONE,
        /// The breaker opened.
        OPENED,
        /// The next message is a trial.
        HALF_OPENED,
        /// The breaker closed again.
        CLOSED
    }

    /// Stands for one attempt under way.
    ///
    /// @param epoch how often the breaker had moved when it began
    public record Ticket(long epoch) {}

    private final EgressConfig config;
    private final Supplier<List<Way>> candidates;
    private final ProbeBackoff backoff = new ProbeBackoff();

    private Breaker breaker = Breaker.CLOSED;
    private boolean proven;
    private int troublesInRow;
    private int most = Integer.MAX_VALUE;
    private long epoch;
    private int underWay;
    private @Nullable Fault fault;
    private @Nullable LastError lastError;
    private @Nullable Instant lastSuccess;
    private @Nullable Instant nextProbe;
    private @Nullable Instant downSince;
    private Instant restUntil = Instant.MIN;

    /// Creates the health of an egress of which nothing is known; it is to be probed at `start`.
    ///
    /// @param candidates says which ways to reach its server were tried last
    public EgressHealth(EgressConfig config, Supplier<List<Way>> candidates, Instant start) {
        this.config = config;
        this.candidates = candidates;
        this.nextProbe = start;
    }

    /// Returns what is known now.
    public synchronized EgressView view() {
        return new EgressView(
                config,
                state(),
                breaker == Breaker.OPEN ? fault : null,
                lastError,
                lastSuccess,
                nextProbe,
                downSince,
                candidates.get());
    }

    /// Returns whether one more message may go now.
    public synchronized boolean admits() {
        return switch (breaker) {
            case CLOSED -> underWay < most;
            case HALF_OPEN -> underWay == 0;
            case OPEN -> false;
        };
    }

    /// Returns whether it is tried with one message at a time, after a probe found nothing wrong.
    public synchronized boolean isOnTrial() {
        return breaker == Breaker.HALF_OPEN;
    }

    /// Notes that an attempt begins, which must be admitted.
    public synchronized Ticket begin() {
        underWay++;
        return new Ticket(epoch);
    }

    /// Notes that an attempt ended without saying anything about the egress: we broke it off, or
    /// failed.
    public synchronized void dropped(Ticket ticket) {
        leave(ticket);
    }

    /// Notes what an attempt brought.
    ///
    /// @param outcomes of its recipients, at least one
    public synchronized Turn finished(
            Ticket ticket, Collection<? extends Outcome> outcomes, Instant now) {
        boolean current = leave(ticket);
        Outcome telling = telling(outcomes);
        return switch (telling) {
            case Outcome.Accepted _ -> accepted(current, now);
            case Outcome.Unavailable trouble -> unavailable(current, trouble, now);
            case Outcome.Uncertain(String reply) -> uncertain(current, reply, now);
            case Outcome.Deferred _, Outcome.Rejected _ -> answered(current);
            case Outcome.Unsuited _ -> Turn.NONE;
        };
    }

    /// Notes what a probe found.
    public synchronized Turn probed(Probe probe, Instant now) {
        return switch (probe) {
            case Probe.Passed _ -> {
                lastSuccess = now;
                yield passed(true);
            }
            case Probe.Unproven _ -> passed(false);
            case Probe.Failed(var trouble) -> {
                note(trouble, now);
                yield open(trouble.fault(), trouble.retryAfter(), now);
            }
        };
    }

    /// Asks for a probe at `now`: an operator wants it, or the configuration changed.
    public synchronized void probeAt(Instant now) {
        nextProbe = now;
    }

    /// Returns whether a probe is due, and if so takes it: the caller makes it and reports to
    /// [#probed].
    public synchronized boolean takeProbe(Instant now) {
        if (nextProbe == null || nextProbe.isAfter(now)) {
            return false;
        }
        nextProbe = null;
        return true;
    }

    /// Returns when the next probe is due; empty when none is planned or one is under way.
    public synchronized Optional<Instant> nextProbe() {
        return Optional.ofNullable(nextProbe);
    }

    private EgressState state() {
        return switch (breaker) {
            case CLOSED -> proven ? EgressState.UP : EgressState.UNKNOWN;
            case HALF_OPEN -> EgressState.UNKNOWN;
            case OPEN -> EgressState.DOWN;
        };
    }

    /// Returns the outcome that says most about the egress among those of one call: an acceptance
    /// proves it, trouble (with the longest wait) and doubt come before answers to single
    /// recipients, and these before an egress that declined.
    private static Outcome telling(Collection<? extends Outcome> outcomes) {
        return outcomes.stream()
                .min(BY_RANK.thenComparing(BY_WAIT.reversed()))
                .orElseThrow(() -> new IllegalArgumentException("a call needs an outcome"));
    }

    private static int rank(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Accepted _ -> 0;
            case Outcome.Unavailable _ -> 1;
            case Outcome.Uncertain _ -> 2;
            case Outcome.Deferred _, Outcome.Rejected _ -> 3;
            case Outcome.Unsuited _ -> 4;
        };
    }

    private Turn accepted(boolean current, Instant now) {
        lastSuccess = now;
        restUntil = Instant.MIN;
        if (!current) {
            return Turn.NONE;
        }
        proven = true;
        troublesInRow = 0;
        if (breaker == Breaker.HALF_OPEN) {
            move(Breaker.CLOSED);
            most = 1;
            backoff.reset();
            fault = null;
            downSince = null;
            nextProbe = null;
            return Turn.CLOSED;
        }
        most = most > Integer.MAX_VALUE / 2 ? Integer.MAX_VALUE : most * 2;
        return Turn.NONE;
    }

    private Turn unavailable(boolean current, Outcome.Unavailable trouble, Instant now) {
        note(trouble, now);
        rest(trouble.retryAfter(), now);
        if (!current) {
            // Worse news about an open breaker: a refused password must not be probed every few
            // seconds.
            return breaker == Breaker.OPEN && backoff.isWorse(trouble.fault())
                    ? open(trouble.fault(), trouble.retryAfter(), now)
                    : Turn.NONE;
        }
        proven = false;
        troublesInRow++;
        boolean opens =
                breaker == Breaker.HALF_OPEN
                        || stays(trouble.fault())
                        || troublesInRow >= TROUBLES_TO_OPEN;
        return opens ? open(trouble.fault(), trouble.retryAfter(), now) : Turn.NONE;
    }

    /// An open breaker leaves the server alone for as long as any answer since its last acceptance
    /// asked.
    private void rest(@Nullable Duration retryAfter, Instant now) {
        if (retryAfter != null) {
            restUntil = later(restUntil, now.plus(RetryAfter.capped(retryAfter)));
        }
        if (breaker == Breaker.OPEN && nextProbe != null) {
            nextProbe = later(nextProbe, restUntil);
        }
    }

    private static Instant later(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    private Turn uncertain(boolean current, String reply, Instant now) {
        lastError = new LastError(reply, now, null);
        return current && breaker == Breaker.HALF_OPEN ? open(Fault.TIMEOUT, null, now) : Turn.NONE;
    }

    private Turn answered(boolean current) {
        if (current) {
            troublesInRow = 0;
        }
        return Turn.NONE;
    }

    /// A probe that found nothing wrong. Only a message closes an open breaker.
    private Turn passed(boolean proof) {
        troublesInRow = 0;
        if (breaker == Breaker.OPEN) {
            nextProbe = null;
            move(Breaker.HALF_OPEN);
            return Turn.HALF_OPENED;
        }
        proven |= proof && breaker == Breaker.CLOSED;
        return Turn.NONE;
    }

    private Turn open(Fault kind, @Nullable Duration retryAfter, Instant now) {
        fault = kind;
        nextProbe = later(now.plus(backoff.next(kind, retryAfter)), restUntil);
        proven = false;
        if (downSince == null) {
            downSince = now;
        }
        if (breaker == Breaker.OPEN) {
            return Turn.NONE;
        }
        move(Breaker.OPEN);
        return Turn.OPENED;
    }

    private void move(Breaker to) {
        breaker = to;
        epoch++;
        underWay = 0;
        troublesInRow = 0;
    }

    private boolean leave(Ticket ticket) {
        boolean current = ticket.epoch() == epoch;
        if (current) {
            underWay--;
        }
        return current;
    }

    private void note(Outcome.Unavailable trouble, Instant now) {
        lastError = new LastError(trouble.reply(), now, trouble.interceptor());
    }

    /// Returns whether trouble of this kind does not pass by itself, so that one is enough.
    private static boolean stays(Fault fault) {
        return switch (fault) {
            case CREDENTIALS, CERTIFICATE, INTERCEPTION, ACCOUNT, QUOTA -> true;
            case NETWORK, TIMEOUT, TLS, SERVICE -> false;
        };
    }

    /// How long to leave an egress alone before it is probed again: the waits of one spell of
    /// trouble.
    static final class ProbeBackoff {

        /// How waits grow: doubling from `first` to `most`.
        ///
        /// More log-in tries than CREDENTIALS makes get an address banned.
        enum Growth {
            NETWORK(Duration.ofSeconds(5), Duration.ofMinutes(5)),
            CREDENTIALS(Duration.ofMinutes(15), Duration.ofHours(6)),
            QUOTA(Duration.ofHours(1), Duration.ofHours(1));

            private final Duration first;
            private final Duration most;

            Growth(Duration first, Duration most) {
                this.first = first;
                this.most = most;
            }

            static Growth of(Fault fault) {
                return switch (fault) {
                    case NETWORK, TIMEOUT, TLS, CERTIFICATE, INTERCEPTION, SERVICE -> NETWORK;
                    case CREDENTIALS, ACCOUNT -> CREDENTIALS;
                    case QUOTA -> QUOTA;
                };
            }
        }

        private @Nullable Growth growth;
        private Duration last = Duration.ZERO;

        /// Returns how long to wait after another failure, of kind `fault`.
        ///
        /// @param retryAfter what the server asked for; null when it did not say
        Duration next(Fault fault, @Nullable Duration retryAfter) {
            Growth now = Growth.of(fault);
            Duration doubled = last.multipliedBy(2);
            last = now != growth ? now.first : doubled.compareTo(now.most) < 0 ? doubled : now.most;
            growth = now;
            if (retryAfter == null) {
                return last;
            }
            Duration asked = RetryAfter.capped(retryAfter);
            // A quota's end is known by the server only; for the rest its wish can but lengthen the
            // wait.
            return now == Growth.QUOTA || asked.compareTo(last) > 0 ? asked : last;
        }

        /// Returns whether `fault` asks for longer waits than the trouble so far.
        boolean isWorse(Fault fault) {
            return growth == Growth.NETWORK && Growth.of(fault) != Growth.NETWORK;
        }

        /// Starts over: the egress works.
        void reset() {
            growth = null;
            last = Duration.ZERO;
        }
    }
}
