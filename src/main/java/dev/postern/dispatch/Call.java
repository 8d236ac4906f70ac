package dev.postern.dispatch;

import dev.postern.egress.EgressHealth.Ticket;
import dev.postern.mail.ForwardPath;
import java.time.Instant;
import java.util.List;

/// One call of an egress under way. Confined to the dispatcher's tasks, but for what never changes.
final class Call {

    final Errand errand;
    final Lane lane;
    final List<ForwardPath> recipients;
    final Gate gate;
    final Ticket ticket;
    final Instant began;
    final boolean asItIs;
    private Runnable interrupt = () -> {};
    private final boolean pinned;
    private boolean abandoned;

    Call(Errand errand, Leg leg, Choice.Go go, Gate gate, Ticket ticket, Instant began) {
        this.errand = errand;
        this.lane = go.lane();
        this.asItIs = go.asItIs();
        this.recipients = leg.recipients();
        this.pinned = leg.pin() != null;
        this.gate = gate;
        this.ticket = ticket;
        this.began = began;
    }

    void interruptedBy(Runnable way) {
        interrupt = way;
    }

    /// Breaks this call off unless it passed its commit point. Its errand goes on at once; the
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

    /// Returns whether this egress perhaps took the message before.
    boolean isPinned() {
        return pinned;
    }

    boolean isAbandoned() {
        return abandoned;
    }
}
