package dev.postern.dispatch;

import dev.postern.egress.CommitGate;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.spool.DueQueue;
import dev.postern.spool.DueQueue.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The commit gate of one attempt: either the attempt passes it, or we shut it, never both. What
/// the attempt tells goes to the spool, for the run after this one. Thread-safe.
final class CommitLatch implements CommitGate {

    /// A seam for tests of the whole program: a sender, for whose mail the program ends on the spot
    /// while it prepares it.
    private static final @Nullable String HALT_SENDER =
            System.getProperty("postern.halt-preparing");

    private static final int HALT_STATUS = 99;

    /// How long outcomes wait to be noted, unless there are as many of them as were noted before:
    /// each time the whole message is written, so that a thousand notes would be too many.
    private static final Duration TOLD_WAIT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(CommitLatch.class);

    private enum Position {
        AHEAD,
        PASSED,
        SHUT
    }

    private final AtomicReference<Position> position = new AtomicReference<>(Position.AHEAD);
    private final DueQueue spool;
    private final QueueId id;
    private final String sender;
    private final String egress;
    private final List<ForwardPath> recipients;
    private final boolean queued;
    private final InstantSource clock;
    private final Instant began;

    // Guarded by this gate's monitor, which nobody holds while it waits.
    private final Map<ForwardPath, Outcome> told = new LinkedHashMap<>();
    private final List<Attempt> toldLines = new ArrayList<>();
    private Instant toldLast = Instant.EPOCH;
    private boolean entering;
    private boolean preparing;
    private boolean over;

    /// Creates a gate ahead.
    CommitLatch(
            DueQueue spool,
            DeliveryRound round,
            String egress,
            List<ForwardPath> recipients,
            Scheduler scheduler) {
        this.spool = spool;
        this.id = round.id();
        this.sender = round.envelope().sender().address();
        this.egress = egress;
        this.recipients = recipients;
        // A message whose client waits is not in the spool: a crash loses both.
        this.queued = round.client() == null;
        this.clock = scheduler::now;
        this.began = scheduler.now();
    }

    @Override
    public boolean pass() {
        if (!position.compareAndSet(Position.AHEAD, Position.PASSED)) {
            return false;
        }
        try {
            if (queued) {
                spool.committing(id, egress, recipients);
            }
            return true;
        } catch (RuntimeException | Error e) {
            // Unnoted, a crash later on would make a duplicate that nobody suspects.
            log.atError().setCause(e).log("the commit point could not be noted");
            position.set(Position.SHUT);
            return false;
        }
    }

    @Override
    public void preparing() {
        synchronized (this) {
            if (entering || preparing || over) {
                return;
            }
            entering = true;
        }
        boolean noted = false;
        try {
            spool.preparing(id);
            noted = true;
        } catch (RuntimeException | Error e) {
            log.atError().addKeyValue("id", id).setCause(e).log("a preparation is not noted");
        }
        entered(noted);
        if (sender.equals(HALT_SENDER)) {
            Runtime.getRuntime().halt(HALT_STATUS);
        }
    }

    private synchronized void entered(boolean noted) {
        entering = false;
        preparing = noted;
        if (over) {
            // The attempt was broken off while this thread waited.
            prepared(false);
        }
    }

    @Override
    public void waiting() {
        prepared(false);
    }

    @Override
    public void sending() {
        prepared(true);
    }

    private synchronized void prepared(boolean sending) {
        if (!preparing) {
            return;
        }
        preparing = false;
        try {
            // One that is not in the spool has no round that could be settled there.
            spool.prepared(id, sending && queued);
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", id)
                    .setCause(e)
                    .log("the end of a preparation is not noted");
        }
    }

    @Override
    public synchronized void told(Map<ForwardPath, Outcome> outcomes) {
        if (!queued || over || !isPassed()) {
            return;
        }
        Map<ForwardPath, Outcome> fresh = new LinkedHashMap<>();
        List<Recipient> ended = new ArrayList<>();
        outcomes.forEach((to, outcome) ->
                DeliveryRound.ended(to, egress, outcome)
                        .filter(_ -> !told.containsKey(to))
                        .ifPresent(recipient -> {
                            ended.add(recipient);
                            fresh.put(to, outcome);
                        }));
        Instant now = clock.instant();
        boolean worthIt = ended.size() >= told.size() || !now.isBefore(toldLast.plus(TOLD_WAIT));
        if (ended.isEmpty() || !worthIt) {
            return;
        }
        List<Attempt> lines = DeliveryLog.lines(egress, fresh, began, Duration.between(began, now));
        try {
            spool.progress(id, new Settlement(0, lines, ended, now, false));
            toldLast = now;
            told.putAll(fresh);
            toldLines.addAll(lines);
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", id)
                    .setCause(e)
                    .log("an outcome is not noted before its message is done");
        }
    }

    /// Ends all notes: the attempt is over, whatever threads it left behind.
    synchronized void over() {
        prepared(false);
        over = true;
    }

    /// Returns whom the spool knows the outcome of.
    synchronized Set<ForwardPath> toldOf() {
        return Set.copyOf(told.keySet());
    }

    /// Returns the lines of history that the spool has.
    synchronized List<Attempt> toldLines() {
        return List.copyOf(toldLines);
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
