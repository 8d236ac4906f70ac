package dev.postern;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The time by which mail waits: the system's clock, but it never goes back.
///
/// When the system's clock is set back, this one goes on at [#SLOWED] of its speed until the other
/// has caught up. So a wait lasts a ninth longer at worst, whereas by the system's clock alone all
/// that is due at a time would be frozen for as long as the clock was set back: retries, probes,
/// allowances, and new mail. A clock set forward is followed at once; that shortens waits once.
///
/// *Diagnostics.* Logs a clock that is set back by more than [#REMARKABLE].
///
/// Thread-safe.
final class SteadyClock extends Clock {

    /// How fast it goes while the system's clock is behind it.
    private static final double SLOWED = 0.9;

    private static final Duration REMARKABLE = Duration.ofSeconds(10);

    private static final long NANOS_A_SECOND = 1_000_000_000;
    private static final long MOMENT_SECONDS = 60;

    private static final Logger log = LoggerFactory.getLogger(SteadyClock.class);

    private final InstantSource wall;
    private final LongSupplier nanos;
    private long lastNanos;
    private Instant last;
    private boolean behind;

    /// @param wall the system's clock
    /// @param nanos counts nanoseconds since some moment, and never goes back
    SteadyClock(InstantSource wall, LongSupplier nanos) {
        this.wall = wall;
        this.nanos = nanos;
        this.lastNanos = nanos.getAsLong();
        this.last = wall.instant();
    }

    static SteadyClock system() {
        return new SteadyClock(InstantSource.system(), System::nanoTime);
    }

    @Override
    public synchronized Instant instant() {
        long nowNanos = nanos.getAsLong();
        Instant told = wall.instant();
        long leastNanos = Math.round((nowNanos - lastNanos) * SLOWED);
        lastNanos = nowNanos;
        if (!behind && isAfter(told, last, leastNanos)) {
            last = told;
        } else {
            Instant least = last.plusNanos(leastNanos);
            last = told.isBefore(least) ? least : told;
            remark(Duration.between(told, last));
        }
        return last;
    }

    /// Returns whether `told` is later than `before` by so much at least, and by no more than a
    /// moment. This is asked many times for each message, so nothing is made for it.
    private static boolean isAfter(Instant told, Instant before, long nanos) {
        long seconds = told.getEpochSecond() - before.getEpochSecond();
        return seconds >= 0
                && seconds < MOMENT_SECONDS
                && seconds * NANOS_A_SECOND + told.getNano() - before.getNano() >= nanos;
    }

    private void remark(Duration lead) {
        boolean nowBehind = lead.compareTo(REMARKABLE) > 0;
        if (nowBehind && !behind) {
            log.atWarn()
                    .addKeyValue("seconds", lead.toSeconds())
                    .log("the system's clock was set back: waits go on, times shown are ahead");
        }
        behind = nowBehind;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("times are instants here");
    }
}
