package dev.postern.dispatch;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// The timer that wakes the dispatcher for the next thing that time alone brings about. Confined to
/// the dispatcher's tasks.
final class WakeTimer {

    private final Scheduler scheduler;
    private final SerialExecutor tasks;
    private @Nullable Instant armed;

    WakeTimer(Scheduler scheduler, SerialExecutor tasks) {
        this.scheduler = scheduler;
        this.tasks = tasks;
    }

    /// Has the dispatcher woken at `next`, unless it is woken before; the end of time: never.
    void at(Instant next) {
        boolean armedBefore = armed != null && !next.isBefore(armed);
        if (!next.equals(Instant.MAX) && !armedBefore) {
            armed = next;
            scheduler.at(next, () -> tasks.post(() -> disarm(next)));
        }
    }

    private void disarm(Instant at) {
        if (at.equals(armed)) {
            armed = null;
        }
    }
}
