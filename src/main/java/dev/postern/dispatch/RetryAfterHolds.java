package dev.postern.dispatch;

import dev.postern.mail.QueueId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// Which egresses asked to be left alone for a while with a message that found them unavailable:
/// their wish holds whatever makes the message due, as another's success does, but an operator. Of
/// this process only. Thread-safe.
final class RetryAfterHolds {

    private final Map<QueueId, List<Skip>> holds = new ConcurrentHashMap<>();

    /// Takes the place of what was noted of the message.
    ///
    /// @param asked the skips of egresses that named a time
    void note(QueueId id, Collection<Skip> asked, Instant now) {
        holds.remove(id);
        List<Skip> lasting = lasting(asked, now);
        if (!lasting.isEmpty()) {
            holds.values().removeIf(others -> lasting(others, now).isEmpty());
            holds.put(id, lasting);
        }
    }

    /// Returns the skips of the egresses that are not to be asked about this message yet.
    List<Skip> of(QueueId id, Instant now) {
        return lasting(holds.getOrDefault(id, List.of()), now);
    }

    /// Forgets what was noted of these messages: an operator wants them tried.
    void forget(Predicate<QueueId> messages) {
        holds.keySet().removeIf(messages);
    }

    /// Forgets what an egress asked for that is not used any more.
    void forget(String egress) {
        holds.replaceAll((_, skips) ->
                skips.stream().filter(skip -> !skip.egress().equals(egress)).toList());
    }

    private static List<Skip> lasting(Collection<Skip> skips, Instant now) {
        return skips.stream().filter(skip -> skip.lasts(now)).toList();
    }
}
