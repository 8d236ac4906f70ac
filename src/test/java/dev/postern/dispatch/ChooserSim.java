package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.outcome.OutcomeClass;
import dev.postern.spool.MessageState;
import dev.postern.spool.QueueAdmin.Verb;
import dev.postern.spool.QueueAdmin.Verdict;
import dev.postern.spool.SimulatedSpool;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The choice of egresses over random networks, outcomes, times, verbs, kills and restarts, with
/// the real spool: no recipient is accepted twice without a lost answer in between, nothing that
/// was refused goes elsewhere, limits and breakers hold, and no mail is stuck while an egress
/// works.
class ChooserSim {

    private static final int TRIALS = 25;
    private static final int TURNS = 250;

    /// Within this time mail must have left that nothing but bad egresses stood in the way of:
    /// three calls that hang for each egress before the last, and some waits.
    private static final Duration STUCK = Duration.ofHours(3);

    /// Steps of the dispatcher that one message may cost in one look at it.
    private static final int STEPS_A_LOOK = 12;

    private static final Logger LOG = Logger.getLogger("dev.postern");

    @BeforeAll
    static void silence() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        LOG.setLevel(null);
    }

    @Test
    void whateverTheNetworkDoesMailTakesTheRightWay() {
        Seeds.forEach(TRIALS, random -> new World(random).run());
    }

    /// How an egress does for a while.
    private enum Weather {
        FINE,
        REFUSING,
        NO_LOGIN,
        USED_UP,
        LOSING,
        DEFERRING,
        HANGING,
        MIXED
    }

    private static final class World implements DispatchObserver {

        private final RandomGenerator random;
        private final ManualPace scheduler;
        private final SimulatedSpool spool;
        private final ChooserRules rules = new ChooserRules();
        private final Map<String, EgressConfig> configs = new LinkedHashMap<>();
        private final Map<String, Weather> weather = new LinkedHashMap<>();
        private final Set<QueueId> excused = new HashSet<>();

        /// Mail that ends the process while it is prepared, and how often it did, or was prepared
        /// beside one that did.
        private final Set<QueueId> poison = new HashSet<>();

        private final Map<QueueId, Integer> strikes = new HashMap<>();

        /// Poison that an operator let go once more.
        private final Set<QueueId> released = new HashSet<>();

        /// Poison that was held at some time.
        private final Set<QueueId> everHeld = new HashSet<>();

        private boolean died;
        private final boolean backed;
        private Dispatcher dispatcher;

        World(RandomGenerator random) {
            this.random = random;
            this.scheduler = new ManualPace(random);
            this.spool = new SimulatedSpool(scheduler::now, random.nextLong());
            this.backed = random.nextBoolean();
            int count = 1 + random.nextInt(3);
            for (int i = 0; i < count; i++) {
                add(config("e" + i));
            }
            if (backed) {
                add(EgressConfigs.egress("back", 50, List.of(), null, WhenLimited.WAIT));
            }
            spool.onSettled(rules::settled);
            scheduler.onStart(this::started);
            scheduler.lasting(this::lasts);
            dispatcher = open();
            dispatcher.start();
        }

        private void add(EgressConfig config) {
            configs.put(config.name(), config);
            weather.put(config.name(), Weather.FINE);
        }

        private EgressConfig config(String name) {
            List<String> senders =
                    random.nextInt(4) == 0 ? List.of("@one.example") : List.<String>of();
            Rate rate =
                    random.nextInt(4) == 0
                            ? new Rate(1 + random.nextInt(5), Duration.ofMinutes(1))
                            : null;
            Rate quota =
                    random.nextInt(4) == 0
                            ? new Rate(5 + random.nextInt(40), Duration.ofHours(1))
                            : null;
            return EgressConfigs.egress(
                    name,
                    1 + random.nextInt(3),
                    senders,
                    rate,
                    quota,
                    Seeds.oneOf(random, List.of(WhenLimited.values())));
        }

        private Dispatcher open() {
            List<Egress> egresses = new ArrayList<>();
            for (EgressConfig config : configs.values()) {
                ScriptedEgress egress = new ScriptedEgress(config.name());
                egresses.add(
                        egress.usually((outbound, gate) -> call(config.common(), outbound, gate))
                                .probing(() -> probe(config.name())));
            }
            Dispatcher opened =
                    new Dispatcher(
                            new Dispatcher.Settings(
                                    List.copyOf(configs.values()),
                                    Rig.RETRY,
                                    Rig.ACKNOWLEDGE_TIMEOUT),
                            spool.queue(),
                            egresses,
                            this,
                            scheduler,
                            random);
            return opened;
        }

        void run() {
            for (int i = 0; i < TURNS; i++) {
                turn();
                assertEquals(List.of(), rules.findings());
            }
            allIsWell();
            configs.values().forEach(config -> rules.checkLimits(config.common()));
            assertEquals(List.of(), rules.findings());
        }

        /// One egress that any sender may use works from now on, and that must do.
        private void allIsWell() {
            spool.releaseAll();
            List<String> open =
                    configs.keySet().stream()
                            .filter(name -> configs.get(name).common().senders().isEmpty())
                            .toList();
            weather.replaceAll((name, now) ->
                    now == Weather.FINE || now == Weather.NO_LOGIN ? now : Weather.REFUSING);
            if (open.isEmpty()) {
                weather.replaceAll((_, _) -> Weather.FINE);
            } else {
                weather.put(Seeds.oneOf(random, open), Weather.FINE);
            }
            // What goes well in between shows that it is not the program.
            for (int i = 0; i <= poison.size(); i++) {
                spool.add("a@one.example", "r0@example.net");
                spool.add("a@two.example", "r0@example.net");
                pass(Duration.ofHours(1));
            }
            pass(Duration.ofDays(4));
            for (MessageState message : spool.all()) {
                assertTrue(
                        !isSuspected(message) || poison.contains(message.id()),
                        () -> "held: " + message);
                if (isSuspected(message)) {
                    continue;
                }
                boolean sendable = !open.isEmpty() || isOfOne(message);
                assertTrue(!sendable || message.state().isFinal(), () -> "left: " + message);
                for (Recipient recipient : message.recipients()) {
                    assertEquals(
                            recipient.state() == State.SENT,
                            rules.wasAccepted(message.id(), recipient.address()),
                            () -> "the spool and the world differ: " + message);
                }
            }
        }

        private static boolean isSuspected(MessageState message) {
            return message.recipients().stream().anyMatch(r -> r.reason() == Reason.SUSPECTED);
        }

        private static boolean isOfOne(MessageState message) {
            return message.envelope().sender().address().endsWith("@one.example");
        }

        private void turn() {
            switch (random.nextInt(20)) {
                case 0 -> end(true);
                case 1 -> end(false);
                case 2, 3, 4 -> change();
                case 5, 6 -> verb();
                case 7 -> {
                    spool.admin().flush();
                    pass(Duration.ofSeconds(random.nextInt(20)));
                }
                case 8 -> pass(Duration.ofMinutes(random.nextInt(240)));
                case 9, 10, 11 -> pass(Duration.ofMinutes(random.nextInt(12)));
                case 12, 13, 14 -> pass(Duration.ofSeconds(random.nextInt(60)));
                default -> add();
            }
            spool.tick();
            notStuck();
        }

        private void change() {
            String name = Seeds.oneOf(random, List.copyOf(weather.keySet()));
            if (!name.equals("back")) {
                weather.put(name, Seeds.oneOf(random, List.of(Weather.values())));
            }
        }

        private void add() {
            for (int i = random.nextInt(5); i >= 0; i--) {
                String sender = "a@" + Seeds.oneOf(random, List.of("one", "two")) + ".example";
                String[] to = new String[1 + random.nextInt(3)];
                for (int r = 0; r < to.length; r++) {
                    to[r] = "r" + r + "@example.net";
                }
                QueueId id = spool.add(sender, to);
                if (random.nextInt(40) == 0) {
                    poison.add(id);
                    excused.add(id);
                }
            }
            pass(Duration.ofSeconds(random.nextInt(3)));
        }

        private void verb() {
            List<MessageState> all = spool.all();
            if (all.isEmpty()) {
                return;
            }
            QueueId id = Seeds.oneOf(random, all).id();
            Verb verb = Seeds.oneOf(random, List.of(Verb.RETRY, Verb.HOLD, Verb.RELEASE));
            if (verb == Verb.RETRY) {
                rules.forgive(id);
            }
            excused.add(id);
            boolean suspected = isSuspected(spool.admin().find(id).orElseThrow());
            if (spool.admin().apply(verb, id) == Verdict.DONE && suspected) {
                strikes.remove(id);
                released.add(id);
            }
            pass(Duration.ZERO);
        }

        /// Lets time pass, and sees that nothing runs in circles meanwhile.
        private void pass(Duration time) {
            int before = scheduler.steps();
            int calls = rules.calls();
            Instant end = scheduler.now().plus(time);
            int starts = 1;
            scheduler.pass(time);
            while (goesOn()) {
                starts++;
                scheduler.pass(Duration.between(scheduler.now(), end));
            }
            long alive = spool.all().stream().filter(message -> !message.state().isFinal()).count();
            long looks = (time.dividedBy(Dispatcher.RecoveryFlush.INTERVAL) + 3) * starts;
            long most = (alive + rules.calls() - calls + configs.size() + 5) * looks * STEPS_A_LOOK;
            int steps = scheduler.steps() - before;
            assertTrue(steps <= most, () -> steps + " steps in " + time + ", most " + most);
        }

        /// Ends the process in the midst of a call.
        private void die() {
            scheduler.die();
            killSpool();
            died = true;
        }

        /// Starts the program again if it died.
        ///
        /// @return whether it did
        private boolean goesOn() {
            boolean dead = died;
            died = false;
            if (dead) {
                scheduler.revive();
                start();
            }
            return dead;
        }

        private void killSpool() {
            Set<QueueId> lost = rules.ended();
            excused.addAll(lost);
            spool.kill();
            for (QueueId id : lost) {
                MessageState message = spool.admin().find(id).orElseThrow();
                assertTrue(message.possibleDuplicate(), () -> "not told of: " + message);
            }
        }

        private void end(boolean killed) {
            if (killed) {
                scheduler.kill();
                killSpool();
            } else {
                dispatcher.draining(Duration.ofSeconds(25));
                scheduler.pass(Duration.ofSeconds(26));
                dispatcher.closing();
                scheduler.run();
                excused.addAll(rules.ended());
                scheduler.kill();
                spool.restart();
                strikes.clear();
            }
            died = false;
            scheduler.revive();
            pass(Duration.ofSeconds(random.nextInt(30)));
            start();
        }

        private void start() {
            dispatcher = open();
            dispatcher.start();
            scheduler.run();
        }

        /// With an egress that works behind all others, only what was told to wait may wait.
        private void notStuck() {
            if (!backed) {
                return;
            }
            Instant before = scheduler.now().minus(STUCK);
            for (MessageState message : spool.all()) {
                boolean late =
                        message.message().received().isBefore(before) && !message.state().isFinal();
                if (late && !excused.contains(message.id()) && !isExcused(message)) {
                    throw new AssertionError("stuck: " + message);
                }
            }
        }

        private boolean isExcused(MessageState message) {
            Set<OutcomeClass> said =
                    spool.admin().find(message.id()).orElseThrow().attempts().stream()
                            .map(Attempt::outcome)
                            .collect(Collectors.toSet());
            boolean waits =
                    message.recipients().stream()
                            .anyMatch(r ->
                                    r.reason() == Reason.LIMITED || r.reason() == Reason.UNCERTAIN);
            return waits
                    || said.contains(OutcomeClass.DEFERRED)
                    || said.contains(OutcomeClass.UNCERTAIN);
        }

        // The world's side of it.

        private void started(String thread) {
            int dash = thread.indexOf('-');
            if (thread.startsWith("probe-")) {
                rules.probed(configs.get(thread.substring(dash + 1)).common(), scheduler.now());
            }
            EgressConfig config = dash < 0 ? null : configs.get(thread.substring(0, dash));
            if (config != null) {
                QueueId id = QueueId.parse(thread.substring(dash + 1)).orElseThrow();
                rules.begins(config.common(), id, dispatcher.egresses(), scheduler.now());
            }
        }

        private Duration lasts(String thread) {
            int dash = thread.indexOf('-');
            Weather now = weather.getOrDefault(thread.substring(0, dash), Weather.FINE);
            return now == Weather.HANGING
                    ? Duration.ofSeconds(60 + random.nextInt(540))
                    : Duration.ofMillis(1 + random.nextInt(now == Weather.MIXED ? 90_000 : 3_000));
        }

        private Probe probe(String name) {
            rules.probeEnds(name);
            return switch (weather.get(name)) {
                case REFUSING, HANGING -> new Probe.Failed("refused", Fault.NETWORK, null);
                case NO_LOGIN -> new Probe.Failed("535 no", Fault.CREDENTIALS, null);
                case MIXED ->
                        random.nextBoolean()
                                ? new Probe.Failed("503", Fault.SERVICE, null)
                                : new Probe.Unproven("perhaps");
                case FINE, USED_UP, LOSING, DEFERRING -> new Probe.Passed("fine");
            };
        }

        private Delivery call(Common egress, OutboundMessage outbound, CommitGate gate) {
            List<ForwardPath> to = outbound.envelope().recipients();
            prepare(outbound.id(), gate);
            rules.acts(egress, outbound.id(), to);
            Map<ForwardPath, Outcome> outcomes = new LinkedHashMap<>();
            Outcome common = outcome(egress.name());
            boolean whole = random.nextBoolean();
            for (ForwardPath recipient : to) {
                outcomes.put(recipient, whole ? common : outcome(egress.name()));
            }
            boolean commits = outcomes.values().stream().anyMatch(World::commits);
            if (commits && !gate.pass()) {
                rules.ends(egress.name(), outbound.id(), false);
                return Delivery.same(to, new Outcome.Unavailable("shut", Fault.TIMEOUT, null));
            }
            Map<ForwardPath, Outcome> soFar = new LinkedHashMap<>();
            boolean tells = commits && random.nextInt(3) == 0;
            for (ForwardPath recipient : to) {
                Outcome said = outcomes.get(recipient);
                soFar.put(recipient, said);
                rules.said(egress.name(), outbound.id(), recipient, said, scheduler.now());
                if (tells && soFar.size() < to.size()) {
                    tell(egress, outbound.id(), soFar, gate);
                }
            }
            boolean counts =
                    outcomes.values().stream()
                            .anyMatch(said ->
                                    !(said instanceof Outcome.Unavailable
                                            || said instanceof Outcome.Unsuited));
            rules.ends(egress.name(), outbound.id(), counts);
            return Delivery.of(to, outcomes);
        }

        /// Ends the process if the message is one that does, with others in preparation as there
        /// may be.
        private void prepare(QueueId id, CommitGate gate) {
            gate.preparing();
            if (poison.contains(id)) {
                int before = strikes.merge(id, 1, Integer::sum);
                assertTrue(before <= 3, () -> "tried after three deaths: " + id);
                if (before < 3 && !released.remove(id)) {
                    spool.sending().stream()
                            .filter(other -> !other.equals(id) && random.nextBoolean())
                            .filter(other -> strikes.getOrDefault(other, 0) < 2)
                            .forEach(other -> {
                                spool.queue().preparing(other);
                                strikes.merge(other, 1, Integer::sum);
                            });
                }
                die();
                undecided(id);
                throw new Died();
            }
            if (random.nextInt(4) == 0) {
                gate.waiting();
                gate.preparing();
            }
            // Its strikes go with the end of its round; here they are what they are at most.
            gate.sending();
        }

        /// One that died alone is not held when another was and none went well since; its next end
        /// decides.
        private void undecided(QueueId id) {
            boolean held = isSuspected(spool.admin().find(id).orElseThrow());
            if (!held && strikes.getOrDefault(id, 0) >= 3) {
                assertTrue(poison.stream().anyMatch(everHeld::contains), () -> "not held: " + id);
                strikes.put(id, 2);
            } else if (held) {
                everHeld.add(id);
            }
        }

        /// Tells some outcomes before the call is over, and sometimes ends the process then.
        private void tell(
                Common egress, QueueId id, Map<ForwardPath, Outcome> soFar, CommitGate gate) {
            gate.told(soFar);
            soFar.forEach((recipient, said) -> {
                if (DeliveryRound.ended(recipient, egress.name(), said).isPresent()) {
                    rules.told(id, recipient);
                }
            });
            if (random.nextInt(30) == 0) {
                rules.ends(egress.name(), id, true);
                die();
                throw new Died();
            }
        }

        /// The end of the process: whoever catches it does so in vain.
        private static final class Died extends Error {
            private static final long serialVersionUID = 1L;
        }

        private static boolean commits(Outcome outcome) {
            return !(outcome instanceof Outcome.Unavailable || outcome instanceof Outcome.Unsuited);
        }

        private Outcome outcome(String egress) {
            Duration wait = random.nextBoolean() ? null : Duration.ofSeconds(random.nextInt(7200));
            return switch (weather.get(egress)) {
                case FINE ->
                        random.nextInt(20) == 0 && !egress.equals("back")
                                ? ScriptedEgress.REJECTED
                                : ScriptedEgress.ACCEPTED;
                case REFUSING -> ScriptedEgress.REFUSED;
                case NO_LOGIN -> ScriptedEgress.NO_LOGIN;
                case USED_UP -> new Outcome.Unavailable("550 5.4.5 used up", Fault.QUOTA, wait);
                case LOSING -> ScriptedEgress.UNCERTAIN;
                case DEFERRING -> new Outcome.Deferred("450 later", wait);
                case HANGING -> new Outcome.Unavailable("timed out", Fault.TIMEOUT, null);
                case MIXED -> mixed(wait);
            };
        }

        private Outcome mixed(Duration wait) {
            return switch (random.nextInt(8)) {
                case 0 -> new Outcome.Deferred("429", wait);
                case 1 -> ScriptedEgress.REJECTED;
                case 2 ->
                        new Outcome.Unsuited(
                                "no", Seeds.oneOf(random, List.of(Unsuitability.values())));
                case 3, 4 -> {
                    Fault fault = Seeds.oneOf(random, List.of(Fault.values()));
                    yield new Outcome.Unavailable("no", fault, null);
                }
                case 5 -> ScriptedEgress.UNCERTAIN;
                default -> ScriptedEgress.ACCEPTED;
            };
        }
    }
}
