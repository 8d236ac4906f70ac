package dev.postern.dispatch;

import dev.postern.mail.QueueId;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/// Which messages an egress perhaps took a moment ago, and until when they are left alone whatever
/// makes them due. Of this process only: after a restart they go at once.
final class UncertainHold {

    private final Map<QueueId, Instant> until = new HashMap<>();

    void add(QueueId id, Instant end, Instant now) {
        until.values().removeIf(other -> !other.isAfter(now));
        until.put(id, end);
    }

    /// Returns until when `id` is left alone; long past when there is no doubt.
    Instant until(QueueId id) {
        return until.getOrDefault(id, Instant.MIN);
    }
}
