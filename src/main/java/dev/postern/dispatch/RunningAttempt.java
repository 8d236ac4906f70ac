package dev.postern.dispatch;

import dev.postern.egress.EgressHealth.Ticket;
import dev.postern.egress.EgressHealth.Turn;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.time.Instant;
import java.util.Collection;
import java.util.List;

/// One call of an egress under way. Confined to the dispatcher's tasks, but for what never changes.
final class RunningAttempt {

    final DeliveryRound round;
    final EgressSlots slots;
    final List<ForwardPath> recipients;
    final CommitLatch gate;
    private final Ticket ticket;
    final Instant began;
    final boolean asItIs;
    private Runnable interrupt = () -> {};
    private final boolean pinned;
    private boolean abandoned;
    private boolean counted;
    private boolean alone;

    RunningAttempt(
            DeliveryRound round,
            RecipientGroup group,
            Choice.Go go,
            CommitLatch gate,
            Ticket ticket,
            Instant began) {
        this.round = round;
        this.slots = go.slots();
        this.asItIs = go.asItIs();
        this.recipients = group.recipients();
        this.pinned = group.pin() != null;
        this.gate = gate;
        this.ticket = ticket;
        this.began = began;
    }

    void interruptedBy(Runnable way) {
        interrupt = way;
    }

    /// Breaks this call off unless it passed its commit point. Its round goes on at once; the
    /// thread ends in its own time, and can no longer commit the other side to anything.
    ///
    /// @return whether it was broken off
    boolean breakOff() {
        if (!gate.shut()) {
            return false;
        }
        abandoned = true;
        interrupt.run();
        return true;
    }

    /// Tells the egress's health what this call brought.
    Turn finish(Collection<Outcome> outcomes, Instant now) {
        counted = true;
        return slots.health().finished(ticket, outcomes, now);
    }

    /// Tells the egress's health that this call says nothing about it, unless it was told more.
    void drop() {
        if (!counted) {
            counted = true;
            slots.health().dropped(ticket);
        }
    }

    /// Returns whether this egress perhaps took the message before.
    boolean isPinned() {
        return pinned;
    }

    /// Notes that the egress is unavailable to this message alone: see [DeliveryRound#isAlone].
    void alone() {
        alone = true;
    }

    boolean isAlone() {
        return alone;
    }

    boolean isAbandoned() {
        return abandoned;
    }
}
