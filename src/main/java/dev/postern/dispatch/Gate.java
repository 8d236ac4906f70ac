package dev.postern.dispatch;

import dev.postern.egress.CommitGate;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The commit gate of one attempt: either the attempt passes it, or we shut it, never both.
/// Thread-safe.
final class Gate implements CommitGate {

    private static final Logger log = LoggerFactory.getLogger(Gate.class);

    private enum Position {
        AHEAD,
        PASSED,
        SHUT
    }

    private final AtomicReference<Position> position = new AtomicReference<>(Position.AHEAD);
    private final Runnable noting;

    /// Creates a gate ahead.
    ///
    /// @param noting what makes a note that the commit point is passed
    Gate(Runnable noting) {
        this.noting = noting;
    }

    @Override
    public boolean pass() {
        if (!position.compareAndSet(Position.AHEAD, Position.PASSED)) {
            return false;
        }
        try {
            noting.run();
            return true;
        } catch (RuntimeException e) {
            // Unnoted, a crash later on would make a duplicate that nobody suspects.
            log.atError().setCause(e).log("the commit point could not be noted");
            position.set(Position.SHUT);
            return false;
        }
    }

    /// Breaks the attempt off, unless it has passed.
    ///
    /// @return whether it will not pass any more
    boolean shut() {
        return position.compareAndSet(Position.AHEAD, Position.SHUT)
                || position.get() == Position.SHUT;
    }

    /// Returns whether the commit point is behind: what became of the attempt is the other side's
    /// to say.
    boolean isPassed() {
        return position.get() == Position.PASSED;
    }

    /// Returns whether the attempt was kept from its commit point by us.
    boolean isShut() {
        return position.get() == Position.SHUT;
    }
}
