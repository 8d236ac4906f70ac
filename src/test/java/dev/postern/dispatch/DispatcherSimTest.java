package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.EgressView;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.spool.MessageState;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.Seeds;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Random egresses, messages, outcomes and bugs, in random order: whatever happens, each claim is
/// settled once, what was accepted or rejected is never sent again, and what was uncertain only as
/// the contract says.
class DispatcherSimTest {

    private static final int TRIALS = 20;

    /// How many names egresses have, not all of them at once.
    private static final int NAMES = 4;

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
    void whateverHappensNothingIsLostOrSentTwice() {
        Seeds.forEach(TRIALS, random -> new World(random).run());
    }

    private record Fate(String egress, Outcome outcome, Instant at) {}

    private record Key(QueueId id, ForwardPath to) {}

    private static final class World {

        private final RandomGenerator random;
        private final Rig rig;
        private final Map<String, Integer> concurrency = new HashMap<>();
        private final Map<Key, Fate> last = new HashMap<>();
        private final Map<Key, Fate> doubts = new HashMap<>();
        private final Set<Key> freed = new HashSet<>();
        private final Map<String, Set<String>> downAtStart = new HashMap<>();
        private boolean fair;

        World(RandomGenerator random) {
            this.random = random;
            EgressConfig[] configs = new EgressConfig[1 + random.nextInt(3)];
            for (int i = 0; i < configs.length; i++) {
                configs[i] = config("e" + i);
                concurrency.put("e" + i, configs[i].common().concurrency());
            }
            rig = new Rig(random, configs);
            rig.scheduler.onStart(call -> downAtStart.put(call, longDownOrGone()));
            rig.egresses.values().forEach(egress -> egress.usually(act(egress)));
        }

        /// Changes some egresses, adds and removes others.
        private void reconfigure() {
            Set<String> kept = new HashSet<>();
            List<EgressConfig> next = new ArrayList<>();
            for (int i = 0; i < NAMES; i++) {
                String name = "e" + i;
                EgressConfig old = rig.configs.get(name);
                switch (random.nextInt(4)) {
                    case 0 -> {}
                    case 1 -> next.add(config(name));
                    default -> {
                        if (old != null) {
                            next.add(old);
                            kept.add(name);
                        }
                    }
                }
            }
            Collections.shuffle(next, new Random(random.nextLong()));
            // Some changes hit what is under way, others meet rest.
            if (random.nextBoolean()) {
                addSome();
                rig.scheduler.run(random.nextInt(30));
            }
            use(kept, next);
        }

        /// Doubts about an egress that is taken away bind nobody any more, even if it comes back.
        private void freeIfGone(Key key, String egress) {
            if (!rig.configs.containsKey(egress)) {
                freed.add(key);
            }
        }

        private void use(Set<String> kept, List<EgressConfig> next) {
            rig.use(kept, next.toArray(EgressConfig[]::new));
            doubts.forEach((key, doubt) -> freeIfGone(key, doubt.egress()));
            concurrency.clear();
            next.forEach(config -> concurrency.put(config.name(), config.common().concurrency()));
            rig.egresses.values().forEach(egress -> egress.usually(act(egress)));
        }

        private EgressConfig config(String name) {
            List<String> senders =
                    random.nextInt(4) == 0 ? List.of("@one.example") : List.<String>of();
            Rate rate =
                    random.nextInt(4) == 0
                            ? new Rate(1 + random.nextInt(5), Duration.ofMinutes(1))
                            : null;
            return EgressConfigs.egress(
                    name,
                    1 + random.nextInt(3),
                    senders,
                    rate,
                    Seeds.oneOf(random, List.of(WhenLimited.values())));
        }

        void run() {
            rig.start();
            int turns = 40 + random.nextInt(60);
            for (int i = 0; i < turns; i++) {
                turn();
            }
            // Now all is well, and everything must come to its end.
            if (rig.egresses.isEmpty()) {
                use(Set.of(), List.of(config("e0")));
            }
            fair = true;
            rig.egresses.values().forEach(e -> e.probing(new Probe.Passed("fine")));
            rig.scheduler.pass(Duration.ofDays(1));
            rig.spool.flush();
            rig.scheduler.pass(Duration.ofDays(3));
            for (MessageState message : rig.spool.all()) {
                boolean sendable = maySend(message);
                assertTrue(!sendable || message.state().isFinal(), () -> "left behind: " + message);
            }
            assertEquals(List.of(), rig.findings);
            assertEquals(List.of(), rig.spool.violations());
            assertEquals(rig.spool.given(), rig.spool.settled());
            assertEquals(Set.of(), rig.spool.claimed());
            assertTrue(rig.retired.stream().allMatch(ScriptedEgress::isWellClosed), "not closed");
        }

        private boolean maySend(MessageState message) {
            return message.envelope().sender().address().endsWith("@one.example")
                    || rig.egresses.keySet().stream().anyMatch(this::takesAny);
        }

        private boolean takesAny(String name) {
            return rig.configs.get(name).common().senders().isEmpty();
        }

        private void turn() {
            switch (random.nextInt(11)) {
                case 0 -> rig.spool.flush();
                case 1 -> rig.spool.failNext();
                case 10 -> reconfigure();
                case 2 ->
                        rig.egresses.values().stream().findAny().ifPresent(e -> e.probing(probe()));
                case 3 -> rig.scheduler.pass(Duration.ofHours(random.nextInt(30)));
                case 4 -> rig.scheduler.pass(Duration.ofMinutes(random.nextInt(30)));
                case 5, 6 -> rig.scheduler.pass(Duration.ofSeconds(random.nextInt(100)));
                default -> add();
            }
        }

        private void add() {
            addSome();
            rig.scheduler.run();
        }

        private void addSome() {
            for (int i = random.nextInt(6); i >= 0; i--) {
                String sender = "a@" + Seeds.oneOf(random, List.of("one", "two")) + ".example";
                String[] to = new String[1 + random.nextInt(3)];
                for (int r = 0; r < to.length; r++) {
                    to[r] = "r" + r + "@example.net";
                }
                rig.spool.add(sender, to);
            }
        }

        private Probe probe() {
            return switch (random.nextInt(4)) {
                case 0 ->
                        new Probe.Failed("no", Seeds.oneOf(random, List.of(Fault.values())), null);
                case 1 -> new Probe.Unproven("perhaps");
                default -> new Probe.Passed("fine");
            };
        }

        private ScriptedEgress.Act act(ScriptedEgress egress) {
            return (outbound, gate) -> call(egress, outbound, gate);
        }

        private Delivery call(ScriptedEgress egress, OutboundMessage outbound, CommitGate gate) {
            String name = egress.name();
            // Calls from before a change go by the limit of then.
            boolean present = rig.egresses.get(name) == egress;
            assertLater(
                    !present || rig.scheduler.underWay(name) < concurrency.get(name),
                    "concurrency of " + name);
            outbound.envelope()
                    .recipients()
                    .forEach(to -> mayBeSent(new Key(outbound.id(), to), name));
            if (!fair && random.nextInt(3) == 0) {
                rig.scheduler.spend(Duration.ofSeconds(random.nextInt(400)));
            }
            if (!fair && random.nextInt(25) == 0) {
                throw bug(name, outbound, gate);
            }
            Map<ForwardPath, Outcome> outcomes = new LinkedHashMap<>();
            boolean whole = random.nextBoolean();
            Outcome common = outcome();
            for (ForwardPath to : outbound.envelope().recipients()) {
                outcomes.put(to, whole ? common : outcome());
            }
            boolean commits = outcomes.values().stream().anyMatch(World::commits);
            if (commits && !gate.pass()) {
                Outcome shut = new Outcome.Unavailable("shut", Fault.TIMEOUT, null);
                return Delivery.same(outbound.envelope().recipients(), shut);
            }
            outcomes.forEach((to, outcome) -> note(new Key(outbound.id(), to), name, outcome));
            return Delivery.of(outbound.envelope().recipients(), outcomes);
        }

        private RuntimeException bug(String name, OutboundMessage outbound, CommitGate gate) {
            if (random.nextBoolean() && gate.pass()) {
                outbound.envelope()
                        .recipients()
                        .forEach(to ->
                                note(
                                        new Key(outbound.id(), to),
                                        name,
                                        new Outcome.Uncertain("bug")));
            }
            return new IllegalStateException("a bug in " + name);
        }

        private static boolean commits(Outcome outcome) {
            return outcome instanceof Outcome.Accepted || outcome instanceof Outcome.Uncertain;
        }

        private void note(Key key, String egress, Outcome outcome) {
            Fate fate = new Fate(egress, outcome, rig.scheduler.now());
            last.put(key, fate);
            switch (outcome) {
                case Outcome.Uncertain _ -> {
                    doubts.put(key, fate);
                    freed.remove(key);
                    freeIfGone(key, egress);
                }
                case Outcome.Unavailable _ -> {}
                default -> doubts.remove(key);
            }
        }

        private void mayBeSent(Key key, String egress) {
            Fate before = last.get(key);
            if (before != null) {
                boolean over =
                        before.outcome() instanceof Outcome.Accepted
                                || before.outcome() instanceof Outcome.Rejected;
                assertLater(!over, "sent again after " + before);
            }
            Fate doubt = doubts.get(key);
            if (doubt != null) {
                Duration since = Duration.between(doubt.at(), rig.scheduler.now());
                assertLater(
                        since.compareTo(Duration.ofMinutes(5)) >= 0, "too early after " + doubt);
                assertLater(
                        egress.equals(doubt.egress())
                                || freed.contains(key)
                                || downAtStart
                                        .getOrDefault(egress + "-" + key.id(), Set.of())
                                        .contains(doubt.egress()),
                        egress + " after " + doubt);
            }
        }

        /// Returns the egresses whose doubts may go elsewhere: they have been down for so long, or
        /// are not configured any more.
        private Set<String> longDownOrGone() {
            Instant since = rig.scheduler.now().minus(Duration.ofMinutes(15));
            Set<String> names = new HashSet<>();
            for (int i = 0; i < NAMES; i++) {
                names.add("e" + i);
            }
            rig.dispatcher.egresses().stream()
                    .filter(view -> view.downSince() == null || view.downSince().isAfter(since))
                    .map(EgressView::name)
                    .forEach(names::remove);
            return names;
        }

        private Outcome outcome() {
            if (fair) {
                return ScriptedEgress.ACCEPTED;
            }
            return switch (random.nextInt(12)) {
                case 0, 1 -> ScriptedEgress.DEFERRED;
                case 2 -> ScriptedEgress.REJECTED;
                case 3 ->
                        new Outcome.Unsuited(
                                "no", Seeds.oneOf(random, List.of(Unsuitability.values())));
                case 4, 5 ->
                        new Outcome.Unavailable(
                                "no", Seeds.oneOf(random, List.of(Fault.values())), null);
                case 6 -> ScriptedEgress.UNCERTAIN;
                default -> ScriptedEgress.ACCEPTED;
            };
        }

        /// What an egress throws would only be logged, so the test's findings are kept for its end.
        private void assertLater(boolean holds, String rule) {
            if (!holds) {
                rig.findings.add(rule + " at " + rig.scheduler.now());
            }
        }
    }
}
