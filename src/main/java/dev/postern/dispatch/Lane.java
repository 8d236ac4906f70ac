package dev.postern.dispatch;

import dev.postern.config.EgressCommon;
import dev.postern.config.EgressCommon.Fidelity;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressHealth;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.route.Standing;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// One egress as the dispatcher uses it: with its slots, its health and its limits. Confined to the
/// dispatcher's tasks, but for the health.
final class Lane {

    /// Mail beyond a limit is looked at again after this long at the latest.
    private static final Duration PROMISE_MOST = Duration.ofHours(1);

    private final Egress egress;
    private final EgressCommon config;
    private final EgressHealth health;
    private final Limits limits;
    private Instant promised = Instant.MIN;
    private int underWay;
    private boolean owesHaste = true;

    Lane(Egress egress, EgressCommon config, EgressHealth health, Limits limits) {
        this.egress = egress;
        this.config = config;
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
        Optional<Instant> until = limits.usedUpUntil(now);
        return until.isPresent() ? new Standing.Limited(until.get()) : Standing.USABLE;
    }

    /// Returns whether it could take mail, busy or not.
    boolean isUsable(Instant now) {
        return health.view().state() != EgressState.DOWN && limits.usedUpUntil(now).isEmpty();
    }

    boolean hasSlot() {
        return underWay < config.concurrency() && health.admits();
    }

    EgressHealth.Ticket begin(Instant now) {
        underWay++;
        limits.take(now);
        return health.begin();
    }

    /// Ends the use of it, before the program does.
    void close(Instant now) {
        limits.close(now);
    }

    /// Frees the slot of a call.
    void ended() {
        underWay--;
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
