package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressHealth;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.route.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One egress as the dispatcher uses it: with its slots, its health and its limits. Confined to the
/// dispatcher's tasks, but for the health.
final class EgressSlots {

    /// Mail beyond a limit is looked at again after this long at the latest.
    private static final Duration PROMISE_MOST = Duration.ofHours(1);

    private final Egress egress;
    private final EgressConfig whole;
    private final Common config;
    private final EgressHealth health;
    private EgressLimits limits;
    private Instant promised = Instant.MIN;
    private Instant pausedUntil = Instant.MIN;
    private Instant lastAccepted = Instant.MIN;
    private int underWay;
    private boolean owesHaste = true;
    private final List<EgressSlots> before = new ArrayList<>();
    private @Nullable Runnable whenIdle;

    EgressSlots(Egress egress, EgressConfig config, EgressHealth health, EgressLimits limits) {
        this.egress = egress;
        this.whole = config;
        this.config = config.common();
        this.health = health;
        this.limits = limits;
    }

    String name() {
        return config.name();
    }

    Egress egress() {
        return egress;
    }

    /// Returns whether it takes only what it can carry whole.
    boolean isStrict() {
        return config.fidelity() == Fidelity.STRICT;
    }

    boolean hasSenders() {
        return !config.senders().isEmpty();
    }

    EgressHealth health() {
        return health;
    }

    /// Returns how it stands for the router.
    Standing standing(Instant now) {
        EgressView view = health.view();
        if (view.state() == EgressState.DOWN) {
            return new Standing.Down(view.lastError() == null ? "down" : view.lastError());
        }
        return limitedUntil(now).<Standing>map(Standing.Limited::new).orElse(Standing.USABLE);
    }

    private Optional<Instant> limitedUntil(Instant now) {
        Optional<Instant> room = limits.usedUpUntil(now);
        boolean paused = pausedUntil.isAfter(room.orElse(now));
        return paused ? Optional.of(pausedUntil) : room;
    }

    /// Notes that the server asked all mail to wait, so that it gets none until then. No acceptance
    /// of what is under way shortens that.
    void pauseUntil(Instant end) {
        pausedUntil = end.isAfter(pausedUntil) ? end : pausedUntil;
    }

    /// Notes that it took mail.
    void accepted(Instant now) {
        lastAccepted = now;
    }

    /// Returns when it took mail last in this process; long ago when it took none.
    Instant lastAccepted() {
        return lastAccepted;
    }

    /// Returns whether it could take mail, busy or not.
    boolean isUsable(Instant now) {
        return health.view().state() != EgressState.DOWN && limitedUntil(now).isEmpty();
    }

    boolean hasSlot() {
        return underWay() < config.concurrency() && health.admits();
    }

    /// Returns how many calls and probes are under way, those of egresses before in the same name
    /// included: the server counts them together.
    private int underWay() {
        before.removeIf(slots -> !slots.isBusy());
        return underWay + before.stream().mapToInt(slots -> slots.underWay).sum();
    }

    /// Takes the place of an egress of the same name, whose calls go on, and so does the count of
    /// what it sent, and a pause where it is the same account that the server asked to wait.
    void follow(EgressSlots other) {
        before.add(other);
        if (whole.isSameAccount(other.whole)) {
            pauseUntil(other.pausedUntil);
        }
        boolean sameLimits =
                Objects.equals(config.rate(), other.config.rate())
                        && Objects.equals(config.quota(), other.config.quota());
        if (sameLimits) {
            limits = other.limits;
        }
    }

    boolean isBusy() {
        return underWay > 0;
    }

    /// Ends this egress's use: its calls go on, but no more begin, and what they bring says nothing
    /// about the egress as it is now.
    ///
    /// @param idle run once no call is under way
    void retire(Runnable idle) {
        whenIdle = idle;
        if (underWay == 0) {
            idle.run();
        }
    }

    boolean isRetired() {
        return whenIdle != null;
    }

    int concurrency() {
        return config.concurrency();
    }

    EgressHealth.Ticket begin(Instant now) {
        limits.take(now);
        underWay++;
        return health.begin();
    }

    /// Returns whether a probe may begin: it takes a slot like a call.
    boolean hasProbeSlot() {
        return underWay() < config.concurrency();
    }

    /// Takes a slot for a probe, until [#ended].
    void beginProbe() {
        underWay++;
    }

    /// Ends the use of it, before the program does.
    void close(Instant now) {
        limits.close(now);
    }

    /// Frees the slot of a call or a probe.
    void ended() {
        underWay--;
        if (underWay == 0 && whenIdle != null) {
            whenIdle.run();
        }
    }

    /// Uncounts a message that can't have left.
    void giveBack(Instant taken) {
        limits.giveBack(taken);
    }

    /// Returns when a message that found the limit used up should come again: each a step after the
    /// one before, so that a thousand of them do not come for one place.
    Instant promise(Instant until, Instant now) {
        Instant next = promised.isBefore(until) ? until : promised.plus(limits.step());
        Instant latest = now.plus(PROMISE_MOST);
        promised = next.isAfter(latest) && latest.isAfter(until) ? latest : next;
        return promised;
    }

    /// Notes that mail waits for this egress to work.
    void oweHaste() {
        owesHaste = true;
    }

    /// Returns whether mail waits for this egress to work, which now does.
    boolean takeHaste() {
        boolean owed = owesHaste;
        owesHaste = false;
        return owed;
    }
}
