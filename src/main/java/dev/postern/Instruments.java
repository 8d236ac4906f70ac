package dev.postern;

import dev.postern.admin.Metrics;
import dev.postern.dispatch.DispatchObserver;
import dev.postern.listener.ListenerObserver;
import dev.postern.listener.Rejection;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Attempt;
import dev.postern.spool.Spool;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Tells the metrics what the stages do, so that no stage knows of metrics. What happens before
/// [#connect], such as the syncs of a recovery, is not counted.
final class Instruments implements ListenerObserver, DispatchObserver, Spool.Observer {

    private volatile @Nullable Metrics metrics;
    private final Detours detours = new Detours(InstantSource.system());
    private volatile int sessions;

    /// Counts in `target` from now on.
    void connect(Metrics target) {
        metrics = target;
    }

    /// Returns how many sessions there are now.
    int openSessions() {
        return sessions;
    }

    @Override
    public void sessions(int open) {
        sessions = open;
    }

    @Override
    public void accepted(Duration took, long sizeBytes) {
        Metrics target = metrics;
        if (target != null) {
            target.accepted(took);
        }
    }

    @Override
    public void rejected(Rejection reason) {
        Metrics target = metrics;
        if (target != null) {
            target.rejected(reason.word());
        }
    }

    @Override
    public void authFailed() {
        Metrics target = metrics;
        if (target != null) {
            target.authFailed();
        }
    }

    @Override
    public void attempted(QueueId id, String egress, List<Attempt> lines, Duration took) {
        Metrics target = metrics;
        if (target != null) {
            target.delivery(egress, lines.stream().map(Attempt::outcome).toList(), took);
        }
    }

    @Override
    public void fellBack(QueueId id, String egress, String insteadOf, String why) {
        detours.took(egress, insteadOf, why);
        Metrics target = metrics;
        if (target != null) {
            target.fellBack(egress, insteadOf);
        }
    }

    /// Returns the fallbacks of late.
    Detours detours() {
        return detours;
    }

    @Override
    public void synced(Duration took, int commits) {
        Metrics target = metrics;
        if (target != null) {
            target.synced(took);
        }
    }
}
