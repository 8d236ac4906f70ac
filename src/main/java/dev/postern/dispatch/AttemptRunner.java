package dev.postern.dispatch;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.EgressHealth;
import dev.postern.egress.EgressHealth.Ticket;
import dev.postern.egress.EgressHealth.Turn;
import dev.postern.egress.OutboundMessage;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.spool.DueQueue;
import dev.postern.spool.DueQueue.Settlement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the calls of egresses, each on a thread of its own, and tells round and health what they
/// brought. Whatever an egress does, a call returns exactly once.
final class AttemptRunner {

    /// What our own mistake is to the recipients; never the reason of a failure.
    static final String OUR_FAULT = "internal error, see the log";

    /// Of so many faults the log has the stack trace once, however often they come again.
    private static final int FAULTS_REMEMBERED = 1_000;

    private static final Logger log = LoggerFactory.getLogger(AttemptRunner.class);

    private final DueQueue spool;
    private final Scheduler scheduler;
    private final Scheduler.SerialExecutor tasks;
    private final DeliveryLog deliveryLog;
    private final Consumer<RunningAttempt> over;
    private final SequencedSet<OurFault> faults = new LinkedHashSet<>();

    /// What failed by our own fault, and how.
    private record OurFault(QueueId id, String egress, @Nullable Class<?> thrown) {}

    /// @param over told, as a task, of each call that is over
    AttemptRunner(
            DueQueue spool,
            Scheduler scheduler,
            Scheduler.SerialExecutor tasks,
            DeliveryLog deliveryLog,
            Consumer<RunningAttempt> over) {
        this.spool = spool;
        this.scheduler = scheduler;
        this.tasks = tasks;
        this.deliveryLog = deliveryLog;
        this.over = over;
    }

    /// Starts a call for the group of a round; the egress must have a slot.
    void start(DeliveryRound round, RecipientGroup group, EgressPool.Choice.Go go) {
        deliveryLog.departed(round, group, go);
        EgressPool.EgressSlots slots = go.slots();
        Instant now = scheduler.now();
        CommitLatch gate = new CommitLatch(spool, round, slots.name(), scheduler);
        RunningAttempt call = new RunningAttempt(round, group, go, gate, slots.begin(now), now);
        round.underWay(call);
        try {
            call.interrupt = scheduler.start(slots.name() + "-" + round.id(), () -> carry(call));
        } catch (RuntimeException | Error e) {
            tasks.post(() -> returned(call, null, e));
        }
    }

    /// Breaks a call off unless it passed its commit point. Its round goes on at once; the thread
    /// ends in its own time, and can no longer commit the other side to anything. To the message's
    /// history that is an attempt at an egress that did not answer in time; its health is told
    /// nothing.
    ///
    /// @return whether it was broken off
    boolean breakOff(RunningAttempt call, String why) {
        if (!call.gate.shut()) {
            return false;
        }
        call.abandoned = true;
        call.interrupt.run();
        Outcome brokenOff = new Outcome.Unavailable("broken off: " + why, Fault.TIMEOUT, null);
        Map<ForwardPath, Outcome> outcomes = Delivery.same(call.recipients, brokenOff).outcomes();
        tell(call, outcomes, scheduler.now());
        return true;
    }

    /// Tells of a call that is over, its round too, which owes the spool what that does not know.
    private void tell(RunningAttempt call, Map<ForwardPath, Outcome> outcomes, Instant now) {
        Duration took = Duration.between(call.began, now);
        Set<ForwardPath> told = call.gate.toldOf();
        Map<ForwardPath, Outcome> rest = new LinkedHashMap<>(outcomes);
        rest.keySet().removeAll(told);
        List<Attempt> lines = DeliveryLog.lines(call.slots.name(), rest, call.began, took);
        List<Attempt> all = new ArrayList<>(call.gate.toldLines());
        all.addAll(lines);
        deliveryLog.returned(call.round.id(), call.slots.name(), all, took);
        call.round.noteCall(lines);
        call.round.noteTold(told);
    }

    @SuppressWarnings("CatchingUnchecked")
    private void carry(RunningAttempt call) {
        Delivery delivery = null;
        Throwable thrown = null;
        try {
            OutboundMessage outbound =
                    new OutboundMessage(
                            call.round.id(),
                            call.round.message().envelope().to(call.recipients),
                            call.round.content(),
                            call.asItIs);
            delivery = call.slots.egress().send(outbound, call.gate);
        } catch (Throwable e) {
            // Errors too: the message must be settled whatever happened to this thread.
            thrown = e;
        } finally {
            call.gate.over();
        }
        Delivery brought = delivery;
        Throwable trouble = thrown;
        tasks.post(() -> returned(call, brought, trouble));
    }

    private void returned(
            RunningAttempt call, @Nullable Delivery delivery, @Nullable Throwable thrown) {
        try {
            call.slots.ended();
            if (call.isAbandoned()) {
                call.drop();
                call.slots.giveBack(call.began);
            } else {
                call.round.underWay(null);
                land(call, outcomes(call, delivery, thrown), scheduler.now());
            }
        } catch (RuntimeException | Error e) {
            stumbled(call, delivery, e);
        } finally {
            over.accept(call);
        }
    }

    /// We failed while we took in what a call brought: what it said still holds, and the rest is as
    /// if the egress had failed by our fault.
    private void stumbled(RunningAttempt call, @Nullable Delivery delivery, Throwable trouble) {
        log.atError()
                .addKeyValue("id", call.round.id())
                .addKeyValue("egress", call.slots.name())
                .setCause(trouble)
                .log("dispatch failed at the end of a call");
        call.drop();
        RecipientGroup group = call.round.group();
        if (call.isAbandoned() || group == null) {
            return;
        }
        Map<ForwardPath, Outcome> said = delivery == null ? Map.of() : delivery.outcomes();
        Outcome unsaid = ourFault(call);
        Map<ForwardPath, Outcome> rest = new LinkedHashMap<>();
        group.recipients().forEach(to -> rest.put(to, said.getOrDefault(to, unsaid)));
        try {
            call.round.noteTold(call.gate.toldOf());
            call.round.called(call.slots.name(), rest, call.alone, scheduler.now());
        } catch (RuntimeException | Error again) {
            trouble.addSuppressed(again);
            // Whatever fails now, no other egress is asked.
            call.round.hurry();
            call.round.fail(OUR_FAULT, scheduler.now());
        }
    }

    private void land(
            RunningAttempt call, SequencedMap<ForwardPath, Outcome> outcomes, Instant now) {
        EgressPool.EgressSlots slots = call.slots;
        if (outcomes.values().stream().noneMatch(AttemptRunner::countsForLimits)) {
            slots.giveBack(call.began);
        }
        if (!call.alone && any(outcomes, Outcome.Unavailable.class)) {
            slots.awaitRecovery();
        }
        if (any(outcomes, Outcome.Accepted.class)) {
            slots.accepted(now);
        }
        for (Outcome outcome : outcomes.values()) {
            if (outcome instanceof Outcome.Deferred(_, var wish, boolean forAll) && forAll) {
                slots.pauseUntil(now.plus(Schedule.atLeast(wish)));
            }
        }
        tell(call, outcomes, now);
        if (slots.isRetired()
                && outcomes.values().stream().allMatch(Outcome.Unavailable.class::isInstance)) {
            // The configuration changed meanwhile: whether its successor can send is for that to
            // say.
            return;
        }
        if (declined(call, outcomes.values())) {
            String words = outcomes.firstEntry().getValue().reply();
            call.round.declined(slots.name(), words, now);
        } else {
            call.round.called(slots.name(), outcomes, call.alone, now);
        }
    }

    private static boolean any(Map<ForwardPath, Outcome> outcomes, Class<? extends Outcome> kind) {
        return outcomes.values().stream().anyMatch(kind::isInstance);
    }

    /// Returns whether the egress may yet send this content as it is. A form that it can't send at
    /// all looks the same, and is found out when it is asked again.
    private static boolean declined(RunningAttempt call, Collection<Outcome> outcomes) {
        return !call.asItIs
                && !call.slots.isStrict()
                && outcomes.stream()
                        .allMatch(outcome ->
                                outcome instanceof Outcome.Unsuited(_, Unsuitability unsuitability)
                                        && unsuitability == Unsuitability.FORM);
    }

    /// Returns the outcome of each recipient, ours where the egress failed to say, and tells the
    /// health unless it was our fault.
    private SequencedMap<ForwardPath, Outcome> outcomes(
            RunningAttempt call, @Nullable Delivery delivery, @Nullable Throwable thrown) {
        Map<ForwardPath, Outcome> said = delivery == null ? Map.of() : delivery.outcomes();
        boolean complete = said.keySet().containsAll(call.recipients);
        Class<?> kind = thrown == null ? null : thrown.getClass();
        if (!complete && faults.add(new OurFault(call.round.id(), call.slots.name(), kind))) {
            if (faults.size() > FAULTS_REMEMBERED) {
                faults.removeFirst();
            }
            log.atError()
                    .addMarker(LogMark.EACH)
                    .addKeyValue("id", call.round.id())
                    .addKeyValue("egress", call.slots.name())
                    .setCause(thrown)
                    .log("the egress failed to say what became of the message");
        }
        Outcome unsaid = ourFault(call);
        SequencedMap<ForwardPath, Outcome> outcomes = new LinkedHashMap<>();
        for (ForwardPath recipient : call.recipients) {
            Outcome outcome = said.getOrDefault(recipient, unsaid);
            boolean shut = call.gate.isShut() && outcome instanceof Outcome.Unavailable;
            outcomes.put(recipient, shut ? unsaid : outcome);
        }
        call.alone =
                mayBeAlone(outcomes.values())
                        && call.round.isAlone(call.slots.name(), call.slots.lastAccepted());
        // Trouble with one message, where others go, is no trouble of the egress.
        if (complete && !call.gate.isShut() && !call.alone) {
            call.counted = true;
            EgressHealth health = call.slots.health();
            Turn turn = health.finished(call.ticket, outcomes.values(), scheduler.now());
            if (!call.slots.isRetired()) {
                deliveryLog.turned(turn, health.view());
            }
        } else {
            call.drop();
        }
        return outcomes;
    }

    /// Returns whether the egress may be unavailable to this one message only. Not where the way
    /// there, the log-in or the account is what fails: no message can be the cause of that, and it
    /// keeps all mail.
    private static boolean mayBeAlone(Collection<Outcome> outcomes) {
        List<Fault> faults =
                outcomes.stream()
                        .filter(Outcome.Unavailable.class::isInstance)
                        .map(outcome -> ((Outcome.Unavailable) outcome).fault())
                        .toList();
        return !faults.isEmpty()
                && EnumSet.of(Fault.SERVICE, Fault.TIMEOUT).containsAll(faults)
                && outcomes.stream().noneMatch(Outcome.Accepted.class::isInstance);
    }

    /// Our own mistake leaves a message as it was: in doubt where it was or may be; else another
    /// egress is asked, by which we may do better.
    private static Outcome ourFault(RunningAttempt call) {
        if (call.gate.isPassed()) {
            return new Outcome.Uncertain(OUR_FAULT);
        }
        return call.pinned
                ? new Outcome.Unavailable(OUR_FAULT, Fault.SERVICE, null)
                : new Outcome.Unsuited(OUR_FAULT, Unsuitability.FAULT);
    }

    private static boolean countsForLimits(Outcome outcome) {
        return switch (outcome) {
            case Outcome.Accepted _, Outcome.Deferred _, Outcome.Rejected _, Outcome.Uncertain _ ->
                    true;
            case Outcome.Unsuited _, Outcome.Unavailable _ -> false;
        };
    }

    /// One call of an egress under way. Confined to the dispatcher's tasks, but for what never
    /// changes.
    static final class RunningAttempt {

        final DeliveryRound round;
        final EgressPool.EgressSlots slots;
        final List<ForwardPath> recipients;
        final CommitLatch gate;
        private final Ticket ticket;
        final Instant began;
        final boolean asItIs;

        /// Whether this egress perhaps took the message before.
        private final boolean pinned;

        private Runnable interrupt = () -> {};
        private boolean abandoned;
        private boolean counted;

        /// Whether the egress is unavailable to this message alone: see [DeliveryRound#isAlone].
        private boolean alone;

        RunningAttempt(
                DeliveryRound round,
                RecipientGroup group,
                EgressPool.Choice.Go go,
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

        /// Tells the egress's health that this call says nothing about it, unless it was told more.
        void drop() {
            if (!counted) {
                counted = true;
                slots.health().dropped(ticket);
            }
        }

        boolean isAbandoned() {
            return abandoned;
        }
    }

    /// The commit gate of one attempt: either the attempt passes it, or we shut it, never both.
    /// What the attempt tells goes to the spool, for the run after this one. Thread-safe.
    static final class CommitLatch implements CommitGate {

        /// A seam for tests of the whole program: a sender, for whose mail the program ends on the
        /// spot while it prepares it.
        private static final @Nullable String HALT_SENDER =
                System.getProperty("postern.halt-preparing");

        private static final int HALT_STATUS = 99;

        /// How long outcomes wait to be noted, unless there are as many of them as were noted
        /// before: each time the whole message is written, so that a thousand notes would be too
        /// many.
        private static final Duration TOLD_WAIT = Duration.ofSeconds(1);

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
        private final boolean queued;
        private final Scheduler scheduler;
        private final Instant began;

        // Guarded by this gate's monitor, which nobody holds while it waits.
        private final Map<ForwardPath, Outcome> told = new LinkedHashMap<>();
        private final List<Attempt> toldLines = new ArrayList<>();
        private Instant toldLast = Instant.EPOCH;
        private boolean entering;
        private boolean preparing;
        private boolean over;

        /// Creates a gate ahead.
        CommitLatch(DueQueue spool, DeliveryRound round, String egress, Scheduler scheduler) {
            this.spool = spool;
            this.id = round.id();
            this.sender = round.message().envelope().sender().address();
            this.egress = egress;
            // A message whose client waits is not in the spool: a crash loses both.
            this.queued = round.client() == null;
            this.scheduler = scheduler;
            this.began = scheduler.now();
        }

        @Override
        public boolean pass() {
            if (!position.compareAndSet(Position.AHEAD, Position.PASSED)) {
                return false;
            }
            try {
                if (queued) {
                    spool.committing(id);
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
            Instant now = scheduler.now();
            boolean worthIt =
                    ended.size() >= told.size() || !now.isBefore(toldLast.plus(TOLD_WAIT));
            if (ended.isEmpty() || !worthIt) {
                return;
            }
            List<Attempt> lines =
                    DeliveryLog.lines(egress, fresh, began, Duration.between(began, now));
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

        /// Returns whether the commit point is behind: what became of the attempt is the other
        /// side's to say.
        boolean isPassed() {
            return position.get() == Position.PASSED;
        }

        /// Returns whether the attempt was kept from its commit point by us.
        boolean isShut() {
            return position.get() == Position.SHUT;
        }
    }
}
