package dev.postern.dispatch;

import dev.postern.mail.Reason;
import dev.postern.spool.Spool;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Makes the mail that waits for an egress due, once one works. Confined to the dispatcher's tasks.
final class Haste {

    /// Mail is made due at most this often, so that a message which an egress always refuses while
    /// it takes others is not tried after each of them.
    static final Duration INTERVAL = Duration.ofSeconds(5);

    private final Spool spool;
    private @Nullable Instant due;
    private Instant last = Instant.EPOCH;

    Haste(Spool spool) {
        this.spool = spool;
    }

    /// Notes that an egress works.
    void want(Lane lane) {
        if (lane.takeHaste() && due == null) {
            due = last.plus(INTERVAL);
        }
    }

    /// Returns when to call [#make]; the end of time: not at all.
    Instant due() {
        return due == null ? Instant.MAX : due;
    }

    /// Makes mail due if that is wanted and it is time.
    void make(Instant now) {
        if (!now.isBefore(due())) {
            due = null;
            last = now;
            spool.hasten(Reason.EGRESS_DOWN, now);
        }
    }
}
