package dev.postern.dispatch;

import dev.postern.mail.Reason;
import dev.postern.spool.DueQueue;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Makes the mail that waits for an egress due, once one works. Confined to the dispatcher's tasks.
///
/// An egress that a probe found working lets one message go at a time until it took one. For that
/// only some mail is made due, and twice as much a while later if none of that could be tried: else
/// all of a long queue would be looked at, and put off again, each time a probe passes and the
/// message after it fails.
final class RecoveryFlush {

    /// Mail is made due at most this often, so that a message which an egress always refuses while
    /// it takes others is not tried after each of them.
    static final Duration INTERVAL = Duration.ofSeconds(5);

    /// So many messages are made due at first for an egress on trial.
    static final int TRIAL_MESSAGES = 10;

    private final DueQueue spool;
    private final Set<EgressSlots> onTrial = new HashSet<>();
    private boolean forAll;
    private int trialMessages = TRIAL_MESSAGES;
    private @Nullable Instant due;
    private Instant last = Instant.EPOCH;

    RecoveryFlush(DueQueue spool) {
        this.spool = spool;
    }

    /// Notes that an egress works.
    void want(EgressSlots slots) {
        if (slots.health().isOnTrial()) {
            onTrial.add(slots);
            trialMessages = TRIAL_MESSAGES;
            due = due == null ? last.plus(INTERVAL) : due;
        } else if (slots.takeHaste()) {
            forAll = true;
            due = due == null ? last.plus(INTERVAL) : due;
        }
    }

    /// Returns when to call [#make]; the end of time: not at all.
    Instant due() {
        return due == null ? Instant.MAX : due;
    }

    /// Makes mail due if that is wanted and it is time.
    void make(Instant now) {
        if (now.isBefore(due())) {
            return;
        }
        // If the spool fails, that is done again.
        due = now.plus(INTERVAL);
        last = now;
        onTrial.removeIf(slots -> slots.isRetired() || !slots.health().isOnTrial());
        if (forAll) {
            spool.hasten(Reason.EGRESS_DOWN, now);
            forAll = false;
        } else if (onTrial.stream().anyMatch(slots -> slots.health().admits())) {
            int hastened = spool.hasten(Reason.EGRESS_DOWN, now, trialMessages);
            if (hastened < trialMessages) {
                onTrial.clear();
            }
            trialMessages = Math.min(trialMessages * 2, Integer.MAX_VALUE / 2);
        }
        due = onTrial.isEmpty() ? null : due;
    }
}
