package dev.postern.dispatch;

import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig;
import dev.postern.config.RetryConfig;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressHealth;
import dev.postern.egress.EgressView;
import dev.postern.egress.Probe;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Reason;
import dev.postern.outcome.OutcomeLog;
import dev.postern.route.Router;
import dev.postern.spool.Acceptance;
import dev.postern.spool.QueuedMessage;
import dev.postern.spool.Settlement;
import dev.postern.spool.Spool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes what is due from the spool and gets it out: the queue manager.
///
/// *Contract.* A claimed message is settled exactly once, whatever its egresses do; only what has
/// passed its commit point when [#drain] ends stays claimed, and the spool knows it as a possible
/// duplicate. No egress has more calls under way than its `concurrency`, clients that wait
/// ([#sendNow]) included. New mail goes before deferred mail, and senders take turns among what is
/// claimed. While nothing is due, nothing runs: the spool wakes the dispatcher, or a timer does.
///
/// *How.* All decisions are made by tasks that run one at a time ([Serial]) and never wait for a
/// network. Each call of an egress, and each probe, has a virtual thread of its own and brings back
/// its result as such a task.
///
/// *Diagnostics.* Logs each attempt, fallback, possible duplicate and end, and when an egress goes
/// down or works again. What an egress throws is logged with its stack trace, and the message
/// waits.
public final class Dispatcher implements AutoCloseable {

    /// How long to leave a spool alone that failed us, or that had nothing where it promised
    /// something.
    static final Duration SPOOL_TROUBLE_WAIT = Duration.ofSeconds(5);

    /// Mail that waits for an egress is made due at most this often, so that a message which it
    /// always refuses while it takes others is not tried after each of them.
    static final Duration HASTE_INTERVAL = Duration.ofSeconds(5);

    /// Claimed messages for each slot: enough to take turns among, few enough to keep in memory.
    private static final int CLAIMS_PER_SLOT = 2;

    private static final int CLAIMS_MIN = 16;
    private static final int CLAIMS_MAX = 128;

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

    private final Spool spool;
    private final Lanes lanes;
    private final Schedule schedule;
    private final Duration acknowledgeTimeout;
    private final Pace pace;
    private final Chronicle chronicle;
    private final Serial tasks;
    private final Calls calls;
    private final Probes probes;
    private final int claimsMost;

    private Stage stage = Stage.LATENT;
    private final Waiting waiting = new Waiting();
    private final Set<Errand> errands = new LinkedHashSet<>();
    private final Doubts doubts = new Doubts();
    private final List<CompletableFuture<Void>> drains = new ArrayList<>();
    private int claims;
    private @Nullable Instant armed;
    private @Nullable Instant hasteAt;
    private Instant lastHaste = Instant.EPOCH;
    private Instant spoolRests = Instant.EPOCH;

    /// Creates a dispatcher over a configuration's egresses. It does nothing before [#start].
    ///
    /// @param egresses one for each of the configuration, by name; the caller closes them after the
    ///   dispatcher
    public static Dispatcher of(
            PosternConfig config,
            Spool spool,
            List<? extends Egress> egresses,
            DispatchObserver observer) {
        return new Dispatcher(
                config.egress(),
                config.retry(),
                config.acknowledgeTimeout(),
                spool,
                egresses,
                observer,
                new ThreadPace(),
                new SplittableRandom());
    }

    Dispatcher(
            List<EgressConfig> configured,
            RetryConfig retry,
            Duration acknowledgeTimeout,
            Spool spool,
            List<? extends Egress> egresses,
            DispatchObserver observer,
            Pace pace,
            RandomGenerator random) {
        this.spool = spool;
        this.lanes = new Lanes(lanes(configured, egresses, pace.now()), new Router(configured));
        this.schedule = new Schedule(retry, random);
        this.acknowledgeTimeout = acknowledgeTimeout;
        this.pace = pace;
        this.chronicle = new Chronicle(new OutcomeLog(), observer);
        this.tasks = new Serial(pace, this::step);
        this.calls = new Calls(spool, pace, tasks, chronicle, this::over);
        this.probes = new Probes(lanes.all(), pace, tasks, chronicle, this::wantHaste);
        int slots = configured.stream().mapToInt(egress -> egress.common().concurrency()).sum();
        this.claimsMost = Math.clamp((long) slots * CLAIMS_PER_SLOT, CLAIMS_MIN, CLAIMS_MAX);
    }

    private static List<Lane> lanes(
            List<EgressConfig> configured, List<? extends Egress> egresses, Instant now) {
        Map<String, Egress> byName =
                egresses.stream().collect(Collectors.toMap(Egress::name, Function.identity()));
        List<Lane> lanes = new ArrayList<>();
        for (EgressConfig config : configured) {
            Egress egress = byName.get(config.name());
            if (egress == null) {
                throw new IllegalArgumentException("no egress for " + config.name());
            }
            lanes.add(new Lane(egress, config.common(), new EgressHealth(config.name(), now)));
        }
        return lanes;
    }

    /// Starts sending: frees what was held for want of an egress, and probes every egress once.
    public void start() {
        spool.onDue(this::wake);
        tasks.post(this::run);
    }

    private void run() {
        stage = Stage.RUNNING;
        if (lanes.isEmpty()) {
            log.atWarn()
                    .log(
                            "NO EGRESS IS CONFIGURED: mail is accepted and held, and nothing leaves"
                                    + " this machine until one is (see the key egress, or"
                                    + " POSTERN_EGRESS)");
            return;
        }
        int freed = spool.releaseAll(Reason.NO_EGRESS);
        if (freed > 0) {
            log.atInfo().addKeyValue("messages", freed).log("mail held for want of an egress goes");
        }
    }

    /// Makes the dispatcher look for due messages soon. Any thread; returns at once.
    public void wake() {
        tasks.post(() -> {});
    }

    /// Returns how each egress does, in configured order. Any thread.
    public List<EgressView> egresses() {
        return lanes.all().stream()
                .map(lane -> lane.health().view().with(lane.egress().candidates()))
                .toList();
    }

    /// Probes an egress now.
    ///
    /// @return what was found; empty when there is no egress of that name
    public Optional<CompletionStage<Probe>> probe(String name) {
        return lanes.find(name)
                .map(lane -> {
                    CompletableFuture<Probe> result = new CompletableFuture<>();
                    tasks.post(() -> probes.make(lane, result));
                    return result;
                });
    }

    /// Returns what the probe at the start finds; empty when there is no egress of that name.
    public Optional<CompletionStage<Probe>> firstProbe(String name) {
        return lanes.find(name).map(lane -> probes.first(lane).minimalCompletionStage());
    }

    /// Sends a message while its client waits (`acknowledge: sent`), by the same ways and under the
    /// same limits as queued mail, and before it. It takes at most `acknowledge-timeout` to an
    /// attempt's commit point; from there on the egress's own time-outs hold. The message is not in
    /// the spool: what the result still owes is the caller's to commit.
    ///
    /// @param acceptance its envelope and time count; its recipients' states do not
    /// @return completes, never exceptionally, on a thread of the dispatcher: go on elsewhere
    public CompletionStage<ImmediateResult> sendNow(
            QueueId id, Acceptance acceptance, MessageContent content) {
        CompletableFuture<ImmediateResult> client = new CompletableFuture<>();
        Errand errand = Errand.immediate(id, acceptance, content, schedule, client);
        Instant deadline = pace.now().plus(acknowledgeTimeout);
        tasks.post(() -> admit(errand, deadline));
        return client;
    }

    private void admit(Errand errand, Instant deadline) {
        errands.add(errand);
        if (stage != Stage.RUNNING && stage != Stage.DRAINING) {
            giveUp(errand, "shutting down");
            return;
        }
        waiting.add(errand);
        pace.at(deadline, () -> tasks.post(() -> timeUp(errand)));
    }

    private void timeUp(Errand errand) {
        if (!errand.isEnded()) {
            giveUp(errand, "not sent within acknowledge-timeout");
        }
    }

    /// Ends an errand where it stands, unless it has passed its commit point: then it ends with
    /// that answer.
    private void giveUp(Errand errand, String why) {
        Call call = errand.underWay();
        if (call != null && !calls.breakOff(call, why)) {
            errand.hurry();
            return;
        }
        errand.breakOff(why, pace.now());
        waiting.remove(errand);
        settle(errand);
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
                pace.at(pace.now().plus(most), () -> tasks.post(this::drainEnds));
            } else if (stage != Stage.DRAINING) {
                drained(stage);
            }
        });
        return drained;
    }

    private void drainEnds() {
        if (stage == Stage.DRAINING) {
            List.copyOf(errands).forEach(errand -> giveUp(errand, "shutting down"));
            drained(Stage.DRAINED);
        }
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
        pace.close();
    }

    CompletionStage<Void> closing() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        tasks.post(() -> {
            List.copyOf(errands).forEach(errand -> giveUp(errand, "shutting down"));
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
        Instant now = pace.now();
        if (stage == Stage.RUNNING) {
            probes.makeDue(now);
        }
        hasten(now);
        placeWaiting();
        if (mayClaim(now)) {
            claim(now);
        }
        if (stage == Stage.DRAINING && errands.isEmpty() && claims == 0 && nothingDue(now)) {
            drained(Stage.DRAINED);
        }
        arm(now);
    }

    private boolean mayClaim(Instant now) {
        boolean claiming = stage == Stage.RUNNING || stage == Stage.DRAINING;
        return claiming && claims < claimsMost && !now.isBefore(spoolRests) && !lanes.isBusy(now);
    }

    private boolean nothingDue(Instant now) {
        return spool.nextDue().map(due -> due.isAfter(now)).orElse(true);
    }

    private void claim(Instant now) {
        try {
            if (nothingDue(now)) {
                return;
            }
            List<QueuedMessage> claimed = spool.claim(claimsMost - claims);
            if (claimed.isEmpty()) {
                spoolRests = now.plus(SPOOL_TROUBLE_WAIT);
                return;
            }
            claims += claimed.size();
            claimed.forEach(message -> begin(message, now));
            // The rest after these are placed, and after what was posted meanwhile.
            wake();
        } catch (RuntimeException e) {
            spoolRests = now.plus(SPOOL_TROUBLE_WAIT);
            log.atError().setCause(e).log("the spool failed to give due messages");
        }
    }

    private void begin(QueuedMessage message, Instant now) {
        Errand errand =
                Errand.claimed(
                        message,
                        () -> content(message.id()),
                        schedule,
                        doubts.until(message.id()),
                        now);
        errands.add(errand);
        waiting.add(errand);
    }

    private MessageContent content(QueueId id) {
        return spool.content(id)
                .orElseThrow(() -> new IllegalStateException("the spool lost the octets of " + id));
    }

    /// Starts an errand's next call if there is a slot, and settles it when nothing is left to
    /// call.
    ///
    /// @return false when it has to wait for a slot
    private boolean place(Errand errand) {
        Instant now = pace.now();
        for (Leg leg = errand.leg(); leg != null; leg = errand.leg()) {
            switch (lanes.choose(leg, errand.envelope().sender(), errand.traits(), now)) {
                case Choice.Go go -> {
                    if (go.lane().hasSlot()) {
                        calls.start(errand, leg, go);
                        return true;
                    }
                    return false;
                }
                case Choice.Nowhere(var passedOver) -> errand.strand(passedOver, now);
                case Choice.Stay(Miss miss, Instant again) -> errand.stay(miss, again);
            }
        }
        settle(errand);
        return true;
    }

    private void placeWaiting() {
        for (Errand errand : waiting.inTurn()) {
            if (place(errand)) {
                waiting.remove(errand);
            }
        }
    }

    private void over(Call call) {
        Errand errand = call.errand;
        if (call.isAbandoned()) {
            return;
        }
        if (errand.hasAccepted(call.lane.name())) {
            wantHaste(call.lane);
        }
        if (stage == Stage.CLOSED && errand.client() == null) {
            return;
        }
        if (errand.isHurried()) {
            giveUp(errand, "shutting down or out of time");
        } else if (!place(errand)) {
            waiting.add(errand);
        }
    }

    private void settle(Errand errand) {
        errand.end();
        errands.remove(errand);
        Instant now = pace.now();
        errand.uncertainUntil().ifPresent(until -> doubts.add(errand.id(), until, now));
        CompletableFuture<ImmediateResult> client = errand.client();
        if (client == null) {
            settle(errand, errand.settlement(now));
            return;
        }
        ImmediateResult result = errand.result(now);
        if (result.verdict() != ImmediateResult.Verdict.TEMPORARY) {
            chronicle.settled(errand, result.due());
        }
        client.complete(result);
    }

    private void settle(Errand errand, Settlement settlement) {
        if (stage == Stage.CLOSED) {
            return;
        }
        try {
            spool.settle(errand.id(), settlement);
            claims--;
            chronicle.settled(errand, settlement.due());
        } catch (RuntimeException e) {
            log.atError()
                    .addKeyValue("id", errand.id())
                    .setCause(e)
                    .log("the spool failed to note an outcome; it is told again");
            Instant again = pace.now().plus(SPOOL_TROUBLE_WAIT);
            pace.at(again, () -> tasks.post(() -> settle(errand, settlement)));
        }
    }

    /// Mail that waits for this egress is to become due, now that it works.
    private void wantHaste(Lane lane) {
        if (lane.takeHaste() && hasteAt == null) {
            hasteAt = lastHaste.plus(HASTE_INTERVAL);
        }
    }

    private void hasten(Instant now) {
        if (hasteAt != null && !now.isBefore(hasteAt)) {
            hasteAt = null;
            lastHaste = now;
            spool.hasten(Reason.EGRESS_DOWN, now);
        }
    }

    /// Sets the timer for the next thing that time alone brings about.
    private void arm(Instant now) {
        boolean probing = stage == Stage.RUNNING;
        Instant next = probing ? lanes.nextProbe().orElse(Instant.MAX) : Instant.MAX;
        next = hasteAt == null ? next : min(next, hasteAt);
        if (now.isBefore(spoolRests)) {
            next = min(next, spoolRests);
        } else if (mayClaim(now)) {
            next = min(next, spool.nextDue().orElse(Instant.MAX));
        }
        boolean armedBefore = armed != null && !next.isBefore(armed);
        if (next.equals(Instant.MAX) || armedBefore) {
            return;
        }
        Instant at = next;
        armed = at;
        pace.at(at, () -> tasks.post(() -> disarm(at)));
    }

    private void disarm(Instant at) {
        if (at.equals(armed)) {
            armed = null;
        }
    }

    private static Instant min(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
