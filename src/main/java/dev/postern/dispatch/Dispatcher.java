package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.RetryConfig;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressView;
import dev.postern.egress.Probe;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeLog;
import dev.postern.reception.ImmediateDelivery;
import dev.postern.spool.DueQueue;
import dev.postern.spool.DueQueue.Settlement;
import dev.postern.spool.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes what is due from the spool and gets it out: the queue manager.
///
/// *Contract.* A claimed message is settled exactly once, whatever its egresses do; only what has
/// passed its commit point when [#drain] ends stays claimed, and the spool knows it as a possible
/// duplicate. No egress has more calls under way than its `concurrency`, clients that wait
/// ([#send]) included. New mail goes before deferred mail, and senders take turns among what is
/// claimed. While nothing is due, nothing runs: the spool wakes the dispatcher, or a timer does.
///
/// *How.* All decisions are made by tasks that run one at a time ([Scheduler.SerialExecutor]) and
/// never wait for a network. Each call of an egress, and each probe, has a virtual thread of its
/// own and brings back its result as such a task.
///
/// *Diagnostics.* Logs each attempt, fallback, possible duplicate and end, and when an egress goes
/// down or works again. What is thrown is our own fault: it is logged with its stack trace, and the
/// message it was thrown at takes another egress or waits; the others go on.
public final class Dispatcher implements ImmediateDelivery, AutoCloseable {

    /// What a change of the configuration can mend at once. An egress that is down is not among
    /// them: its probe says whether it works now.
    private static final List<Reason> MENDED_BY_CONFIGURATION =
            List.of(Reason.UNSUITED, Reason.LIMITED, Reason.UNCERTAIN);

    private static final Logger log = LoggerFactory.getLogger(Dispatcher.class);

    private enum Stage {
        LATENT,
        RUNNING,
        /// Sends what is due, then stops.
        DRAINING,
        /// Claims nothing any more.
        DRAINED,
        CLOSED
    }

    private final DueQueue spool;
    private final RandomGenerator random;
    private volatile EgressPool pool;
    private volatile Schedule schedule;
    private volatile Duration acknowledgeTimeout;
    private final Scheduler scheduler;
    private final DeliveryLog deliveryLog;
    private final Scheduler.SerialExecutor tasks;
    private final AttemptRunner calls;
    private final Probes probes;
    private final ClaimWindow active;

    private Stage stage = Stage.LATENT;
    private final FairQueue waiting = new FairQueue();
    private final Set<DeliveryRound> rounds = new LinkedHashSet<>();

    /// Which messages an egress perhaps took a moment ago, and until when they are left alone
    /// whatever makes them due. Of this process only: after a restart they go at once.
    private final Map<QueueId, Instant> uncertainUntil = new HashMap<>();

    private final RetryAfterHolds holds = new RetryAfterHolds();
    private final List<CompletableFuture<Void>> drains = new ArrayList<>();
    private final RecoveryFlush recoveryFlush;
    private final Scheduler.WakeTimer timer;

    /// Creates a dispatcher over a configuration's egresses. It does nothing before [#start].
    ///
    /// @param egresses one for each of the configuration, by name; the caller closes them after the
    ///   dispatcher
    /// @param clock the one by which the spool's messages are due; it must not go back
    public static Dispatcher of(
            PosternConfig config,
            DueQueue spool,
            List<? extends Egress> egresses,
            DispatchObserver observer,
            InstantSource clock) {
        return new Dispatcher(
                Settings.of(config),
                spool,
                egresses,
                observer,
                new Scheduler.OnThreads(clock),
                new SplittableRandom());
    }

    /// What of the configuration is the dispatcher's.
    ///
    /// @param acknowledgeTimeout how long a client waits, to an attempt's commit point
    public record Settings(
            List<EgressConfig> egress, RetryConfig retry, Duration acknowledgeTimeout) {

        public static Settings of(PosternConfig config) {
            return new Settings(config.egress(), config.retry(), config.acknowledgeTimeout());
        }
    }

    Dispatcher(
            Settings settings,
            DueQueue spool,
            List<? extends Egress> egresses,
            DispatchObserver observer,
            Scheduler scheduler,
            RandomGenerator random) {
        this.spool = spool;
        this.pool = EgressPool.of(settings.egress(), egresses, spool, scheduler.now());
        this.random = random;
        this.schedule = new Schedule(settings.retry(), random);
        this.acknowledgeTimeout = settings.acknowledgeTimeout();
        this.scheduler = scheduler;
        this.deliveryLog = new DeliveryLog(new OutcomeLog(), observer);
        this.tasks = new Scheduler.SerialExecutor(scheduler, this::step);
        this.recoveryFlush = new RecoveryFlush(spool);
        this.timer = new Scheduler.WakeTimer(scheduler, tasks);
        this.calls = new AttemptRunner(spool, scheduler, tasks, deliveryLog, this::over);
        this.probes = new Probes(scheduler, tasks, deliveryLog, recoveryFlush::want);
        this.active = new ClaimWindow(spool, pool);
    }

    /// Starts sending: frees what was held for want of an egress, and probes every egress once.
    public void start() {
        spool.onDue(this::wake);
        spool.onWish(holds::forget);
        tasks.post(this::run);
    }

    private void run() {
        stage = Stage.RUNNING;
        if (pool.isEmpty()) {
            log.atWarn()
                    .log(
                            "NO EGRESS IS CONFIGURED: mail is accepted and held, and nothing leaves"
                                    + " this machine until one is (see the key egress, or"
                                    + " POSTERN_EGRESS)");
            return;
        }
        int freed = spool.releaseAll();
        if (freed > 0) {
            log.atInfo().addKeyValue("messages", freed).log("mail held for want of an egress goes");
        }
    }

    /// Goes on with another configuration, soon. An egress that is the same object as before goes
    /// on as it is, with all that is known of it. Another one is probed at once; of one by the same
    /// name before it, the calls under way are finished, and nothing that they bring counts against
    /// it. Mail that waits for something that only a configuration can mend is tried again.
    ///
    /// @param egresses one for each of the configuration, by name
    /// @param retired gets each egress that is not among them any more, once its calls are over; it
    ///   must be brief
    public void use(Settings settings, List<? extends Egress> egresses, Consumer<Egress> retired) {
        tasks.post(() -> {
            EgressPool before = pool;
            pool = before.followedBy(settings.egress(), egresses, scheduler.now());
            active.use(pool);
            schedule = new Schedule(settings.retry(), random);
            acknowledgeTimeout = settings.acknowledgeTimeout();
            for (EgressPool.EgressSlots slots : before.without(pool)) {
                holds.forget(slots.name());
                slots.retire(
                        () -> Scheduler.SerialExecutor.run(() -> retired.accept(slots.egress())));
            }
            if (stage == Stage.RUNNING) {
                run();
                Instant now = scheduler.now();
                MENDED_BY_CONFIGURATION.forEach(
                        reason -> spool.hasten(reason, now, Integer.MAX_VALUE));
            }
        });
    }

    /// Makes the dispatcher look for due messages soon. Any thread; returns at once.
    public void wake() {
        tasks.post(() -> {});
    }

    /// Returns how each egress does, in configured order. Any thread.
    public List<EgressView> egresses() {
        return pool.all().stream().map(slots -> slots.health().view()).toList();
    }

    /// Probes an egress now.
    ///
    /// @return what was found; empty when there is no egress of that name
    public Optional<CompletionStage<Probe>> probe(String name) {
        return pool.find(name)
                .map(slots -> {
                    CompletableFuture<Probe> result = new CompletableFuture<>();
                    tasks.post(() -> probes.want(slots, result));
                    return result;
                });
    }

    /// Returns what the probe at the start finds; empty when there is no egress of that name.
    public Optional<CompletionStage<Probe>> firstProbe(String name) {
        return pool.find(name).map(slots -> probes.first(slots).minimalCompletionStage());
    }

    /// Sends a message while its client waits (`acknowledge: sent`), by the same ways and under the
    /// same limits as queued mail, and before it. It takes at most `acknowledge-timeout` to an
    /// attempt's commit point; from there on the egress's own time-outs hold. The message is not in
    /// the spool: what the result still owes is the caller's to commit.
    ///
    /// @param message that nobody tried to send yet
    /// @return completes, never exceptionally, on a thread of the dispatcher: go on elsewhere
    @Override
    public CompletionStage<Result> send(MessageState message, MessageContent content) {
        CompletableFuture<Result> client = new CompletableFuture<>();
        DeliveryRound round = DeliveryRound.immediate(message, content, schedule, client);
        Instant deadline = scheduler.now().plus(acknowledgeTimeout);
        tasks.post(() -> guarded(round, () -> admit(round, deadline)));
        return client;
    }

    private void admit(DeliveryRound round, Instant deadline) {
        rounds.add(round);
        if (!isClaiming()) {
            giveUp(round, "shutting down");
            return;
        }
        waiting.add(round);
        Runnable timeUp =
                () -> {
                    if (!round.isEnded()) {
                        giveUp(round, "not sent within acknowledge-timeout");
                    }
                };
        round.patience(scheduler.at(deadline, () -> tasks.post(() -> guarded(round, timeUp))));
    }

    /// Ends a round where it stands, unless it has passed its commit point: then it ends with that
    /// answer.
    private void giveUp(DeliveryRound round, String why) {
        AttemptRunner.RunningAttempt call = round.underWay();
        if (call != null && !calls.breakOff(call, why)) {
            round.hurry();
            return;
        }
        round.breakOff(why, scheduler.now());
        waiting.remove(round);
        settle(round);
    }

    /// Sends what is due, for up to `most`; then breaks off what has not passed its commit point,
    /// and stops. What it could not send stays in the spool. Blocks.
    public void drain(Duration most) {
        draining(most).toCompletableFuture().join();
    }

    CompletionStage<Void> draining(Duration most) {
        CompletableFuture<Void> drained = new CompletableFuture<>();
        tasks.post(() -> {
            drains.add(drained);
            if (stage == Stage.RUNNING) {
                stage = Stage.DRAINING;
                scheduler.at(scheduler.now().plus(most), () -> tasks.post(this::drainEnds));
            } else if (stage != Stage.DRAINING) {
                drained(stage);
            }
        });
        return drained;
    }

    private void drainEnds() {
        if (stage == Stage.DRAINING) {
            giveUpAll();
            drained(Stage.DRAINED);
        }
    }

    private void giveUpAll() {
        List.copyOf(rounds).forEach(round -> guarded(round, () -> giveUp(round, "shutting down")));
    }

    private void drained(Stage next) {
        stage = next;
        drains.forEach(drain -> drain.complete(null));
        drains.clear();
    }

    /// Stops at once: breaks off what has not passed its commit point, and touches neither spool
    /// nor egresses any more. Call it before the spool is closed. Blocks shortly.
    @Override
    public void close() {
        closing().toCompletableFuture().join();
        scheduler.close();
    }

    CompletionStage<Void> closing() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        tasks.post(() -> {
            giveUpAll();
            probes.close();
            if (stage != Stage.CLOSED) {
                pool.all()
                        .forEach(slots ->
                                Scheduler.SerialExecutor.run(() -> slots.close(scheduler.now())));
            }
            drained(Stage.CLOSED);
            closed.complete(null);
        });
        return closed;
    }

    /// Does what there is to do now. Runs after each batch of tasks.
    private void step() {
        if (stage == Stage.LATENT || stage == Stage.CLOSED) {
            return;
        }
        Instant now = scheduler.now();
        Scheduler.SerialExecutor.run(() -> {
            probes.makeWanted(now);
            if (stage == Stage.RUNNING) {
                probes.makeDue(pool.all(), now);
            }
        });
        Scheduler.SerialExecutor.run(() -> recoveryFlush.make(now));
        placeWaiting();
        if (isClaiming()) {
            claim(now);
        }
        try {
            if (stage == Stage.DRAINING && rounds.isEmpty() && active.isEmpty(now)) {
                drained(Stage.DRAINED);
            }
            arm(now);
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("the spool failed to say what is due; it is asked again");
            timer.at(now.plus(ClaimWindow.SPOOL_TROUBLE_WAIT));
        }
    }

    /// Does something for a message. What that throws is our own fault and this message's trouble
    /// alone.
    private void guarded(DeliveryRound round, Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", round.id())
                    .setCause(e)
                    .log("dispatch failed for a message, which waits");
            // One that is under way comes back with its call.
            if (!round.isEnded() && round.underWay() == null) {
                try {
                    round.fail(AttemptRunner.OUR_FAULT, scheduler.now());
                } finally {
                    waiting.remove(round);
                    settle(round);
                }
            }
        }
    }

    private boolean isClaiming() {
        return stage == Stage.RUNNING || stage == Stage.DRAINING;
    }

    private void claim(Instant now) {
        List<MessageState> claimed = new ArrayList<>();
        boolean more = active.claim(now, claimed);
        claimed.forEach(message -> begin(message, now));
        if (more || !claimed.isEmpty()) {
            // The rest after these are placed, and after what was posted meanwhile.
            wake();
        }
    }

    private void begin(MessageState message, Instant now) {
        QueueId id = message.id();
        try {
            DeliveryRound round =
                    DeliveryRound.claimed(
                            message,
                            () -> content(id),
                            () -> history(id),
                            schedule,
                            uncertainUntil.getOrDefault(id, Instant.MIN),
                            holds.of(id, now),
                            now);
            waiting.add(round);
            rounds.add(round);
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", id)
                    .setCause(e)
                    .log("dispatch failed to begin with a message, which goes back");
            Instant again = now.plus(ClaimWindow.SPOOL_TROUBLE_WAIT);
            boolean uncertain = message.possibleDuplicate();
            settle(id, new Settlement(0, List.of(), List.of(), again, uncertain), () -> {});
        }
    }

    /// Returns nothing where the spool fails: what an egress just said counts all the same.
    private List<Attempt> history(QueueId id) {
        try {
            return spool.history(id);
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", id)
                    .setCause(e)
                    .log("the spool failed to give a message's history, which counts as none");
            return List.of();
        }
    }

    private MessageContent content(QueueId id) {
        return spool.content(id)
                .orElseThrow(() -> new IllegalStateException("the spool lost the octets of " + id));
    }

    /// Starts a round's next call if there is a slot, and settles it when nothing is left to call.
    ///
    /// @return false when it has to wait for a slot
    private boolean place(DeliveryRound round) {
        Instant now = scheduler.now();
        for (RecipientGroup group = round.group(); group != null; group = round.group()) {
            MessageState message = round.message();
            ReversePath sender = pool.haveSenders() ? round.author() : message.envelope().sender();
            switch (pool.choose(group, sender, message.message().traits(), now)) {
                case EgressPool.Choice.Go go -> {
                    if (go.slots().hasSlot()) {
                        calls.start(round, group, go);
                        return true;
                    }
                    round.waitsForSlot();
                    return false;
                }
                case EgressPool.Choice.Nowhere(var skipped) -> round.strand(skipped, now);
                case EgressPool.Choice.Stay(Skip skip, Instant again) -> round.stay(skip, again);
            }
        }
        settle(round);
        return true;
    }

    private void placeWaiting() {
        List<DeliveryRound> turns = new ArrayList<>(waiting.inTurn());
        if (pool.isOnTrial()) {
            // One message that always fails must not be every trial's, so that nobody gets through.
            turns.sort(Comparator.comparingInt(round -> round.message().attemptCount()));
        }
        for (DeliveryRound round : turns) {
            if (round.isWaitingForSlot() && !pool.hasFreeSlot()) {
                // Where it goes is looked at when a call ends, not each time another one is made.
                continue;
            }
            guarded(
                    round,
                    () -> {
                        if (place(round)) {
                            waiting.remove(round);
                        }
                    });
        }
    }

    private void over(AttemptRunner.RunningAttempt call) {
        guarded(call.round, () -> goOn(call));
    }

    private void goOn(AttemptRunner.RunningAttempt call) {
        DeliveryRound round = call.round;
        if (call.isAbandoned()) {
            return;
        }
        if (round.hasAccepted(call.slots.name())) {
            recoveryFlush.want(call.slots);
        }
        if (stage == Stage.CLOSED && round.client() == null) {
            return;
        }
        if (round.isHurried()) {
            giveUp(round, "shutting down or out of time");
        } else if (!place(round)) {
            waiting.add(round);
        }
    }

    private void settle(DeliveryRound round) {
        round.end();
        rounds.remove(round);
        Instant now = scheduler.now();
        round.uncertainUntil()
                .ifPresent(until -> {
                    uncertainUntil.values().removeIf(other -> !other.isAfter(now));
                    uncertainUntil.put(round.id(), until);
                });
        holds.note(round.id(), round.rests(), now);
        CompletableFuture<Result> client = round.client();
        if (client == null) {
            Settlement settlement = round.settlement(now);
            settle(round.id(), settlement, () -> deliveryLog.settled(round, settlement.due()));
            return;
        }
        Result result = round.result(now);
        if (!(result instanceof Result.NotNow)) {
            deliveryLog.settled(round, round.due(now));
        }
        client.complete(result);
    }

    private void settle(QueueId id, Settlement settlement, Runnable noted) {
        if (stage == Stage.CLOSED) {
            return;
        }
        try {
            spool.settle(id, settlement);
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", id)
                    .setCause(e)
                    .log("the spool failed to note an outcome; it is told again");
            Instant again = scheduler.now().plus(ClaimWindow.SPOOL_TROUBLE_WAIT);
            scheduler.at(again, () -> tasks.post(() -> settle(id, settlement, noted)));
            return;
        }
        active.settled(id);
        noted.run();
    }

    /// Sets the timer for the next thing that time alone brings about.
    private void arm(Instant now) {
        boolean probing = stage == Stage.RUNNING;
        Instant nextProbe = probing ? pool.nextProbe().orElse(Instant.MAX) : Instant.MAX;
        Instant nextClaim = isClaiming() ? active.nextClaim(now) : Instant.MAX;
        timer.at(Collections.min(List.of(nextProbe, nextClaim, recoveryFlush.due(), probes.due())));
    }

    /// Makes the mail that waits for an egress due, once one works. Confined to the dispatcher's
    /// tasks.
    ///
    /// An egress that a probe found working lets one message go at a time until it took one. For
    /// that only some mail is made due, and twice as much a while later if none of that could be
    /// tried: else all of a long queue would be looked at, and put off again, each time a probe
    /// passes and the message after it fails.
    static final class RecoveryFlush {

        /// Mail is made due at most this often, so that a message which an egress always refuses
        /// while it takes others is not tried after each of them.
        static final Duration INTERVAL = Duration.ofSeconds(5);

        /// So many messages are made due at first for an egress on trial.
        static final int TRIAL_MESSAGES = 10;

        private final DueQueue spool;
        private final Set<EgressPool.EgressSlots> onTrial = new HashSet<>();
        private boolean forAll;
        private int trialMessages = TRIAL_MESSAGES;
        private @Nullable Instant due;
        private Instant last = Instant.EPOCH;

        RecoveryFlush(DueQueue spool) {
            this.spool = spool;
        }

        /// Notes that an egress works.
        void want(EgressPool.EgressSlots slots) {
            if (slots.health().isOnTrial()) {
                onTrial.add(slots);
                trialMessages = TRIAL_MESSAGES;
                due = due == null ? last.plus(INTERVAL) : due;
            } else if (slots.takeAwaited()) {
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
                spool.hasten(Reason.EGRESS_DOWN, now, Integer.MAX_VALUE);
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
}
