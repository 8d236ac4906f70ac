package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.EgressState;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.spool.DueQueue;
import dev.postern.spool.MessageState;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.FakeSpool;
import dev.postern.testing.Seeds;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Everything that the dispatcher calls throws now and then, errors too: every method of the spool,
/// of the egresses and of the observer, by a seed. That must cost each message an attempt at most,
/// and the others nothing.
class FaultsSimTest {

    private static final int TRIALS = 60;
    private static final int MESSAGES = 40;
    private static final Logger LOG = Logger.getLogger("dev.postern");

    /// What is not called by the dispatcher, or throws to the caller who starts it.
    private static final Set<String> SPARED =
            Set.of(
                    "onDue",
                    "onWish",
                    "toString",
                    "hashCode",
                    "equals",
                    "close",
                    "releaseAll",
                    "prepared");

    @BeforeAll
    static void silence() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        LOG.setLevel(null);
    }

    @Test
    void whatIsThrownCostsOneMessageOneAttempt() {
        Seeds.forEach(TRIALS, random -> new World(random).run());
    }

    private static final class World implements DispatchObserver {

        private final RandomGenerator random;
        private final ManualPace scheduler;
        private final FakeSpool spool;
        private final Dispatcher dispatcher;
        private int oneIn = 4;
        private int thrown;

        World(RandomGenerator random) {
            this.random = random;
            scheduler = new ManualPace(random);
            spool = new FakeSpool(scheduler::now);
            List<EgressConfig> configs =
                    List.of(EgressConfigs.egress("one"), EgressConfigs.egress("two"));
            dispatcher =
                    new Dispatcher(
                            new Dispatcher.Settings(configs, Rig.RETRY, Rig.ACKNOWLEDGE_TIMEOUT),
                            faulty(),
                            List.of(new FaultyEgress("one"), new FaultyEgress("two")),
                            this,
                            scheduler,
                            new FaultyRandom());
        }

        /// What the schedule asks in the midst of taking in what a call brought.
        private final class FaultyRandom implements RandomGenerator {

            @Override
            public long nextLong() {
                mayThrow();
                return random.nextLong();
            }
        }

        private DueQueue faulty() {
            return (DueQueue)
                    Proxy.newProxyInstance(
                            DueQueue.class.getClassLoader(),
                            new Class<?>[] {DueQueue.class},
                            (_, method, arguments) -> {
                                if (!SPARED.contains(method.getName())) {
                                    mayThrow();
                                }
                                try {
                                    return method.invoke(spool, arguments);
                                } catch (InvocationTargetException e) {
                                    throw e.getCause();
                                }
                            });
        }

        private void mayThrow() {
            if (oneIn > 0 && random.nextInt(oneIn) == 0) {
                thrown++;
                switch (random.nextInt(4)) {
                    case 0 -> throw new IllegalStateException("a bug");
                    case 1 -> throw new StackOverflowError("a deep bug");
                    case 2 -> throw new OutOfMemoryError("a wide bug");
                    default -> throw new LinkageError("a strange bug");
                }
            }
        }

        void run() {
            dispatcher.start();
            for (int i = 0; i < MESSAGES; i++) {
                spool.add("a" + i % 3 + "@example.org", "b@example.net", "c@example.net");
                scheduler.pass(Duration.ofSeconds(random.nextInt(90)));
            }
            dispatcher.probe("one");
            scheduler.pass(Duration.ofMinutes(random.nextInt(30)));
            assertTrue(thrown > MESSAGES, "this test throws");
            if (random.nextInt(3) == 0) {
                drains();
                return;
            }
            oneIn = 0;
            QueueId last = spool.add("z@example.org", "b@example.net");
            scheduler.pass(Duration.ofSeconds(20));
            assertEquals(State.SENT, spool.get(last).state(), "others go on at once");
            scheduler.pass(Duration.ofHours(5));
            for (MessageState message : spool.all()) {
                assertEquals(State.SENT, message.state(), () -> "not sent: " + message);
            }
            dispatcher
                    .egresses()
                    .forEach(view -> assertEquals(EgressState.UP, view.state(), view.name()));
            assertEquals(Set.of(), spool.preparing());
            assertEquals(Set.of(), spool.claimed());
            assertEquals(List.of(), spool.violations());
        }

        /// Whatever is thrown, an end comes.
        private void drains() {
            CompletableFuture<Void> drained =
                    dispatcher.draining(Duration.ofSeconds(25)).toCompletableFuture();
            scheduler.pass(Duration.ofSeconds(26));
            assertTrue(drained.isDone(), "drained");
            CompletableFuture<Void> closed = dispatcher.closing().toCompletableFuture();
            scheduler.run();
            assertTrue(closed.isDone(), "closed");
            assertEquals(List.of(), spool.violations());
        }

        private final class FaultyEgress implements Egress {

            private final String name;

            FaultyEgress(String name) {
                this.name = name;
            }

            @Override
            public String name() {
                return name;
            }

            @Override
            public Delivery send(OutboundMessage outbound, CommitGate gate) {
                gate.preparing();
                mayThrow();
                gate.sending();
                mayThrow();
                if (!gate.pass()) {
                    return ScriptedEgress.same(ScriptedEgress.REFUSED).act(outbound, gate);
                }
                mayThrow();
                Delivery delivery =
                        Delivery.same(outbound.envelope().recipients(), ScriptedEgress.ACCEPTED);
                var first = delivery.outcomes().firstEntry();
                gate.told(Map.of(first.getKey(), first.getValue()));
                return delivery;
            }

            @Override
            public boolean maySpoil(ContentTraits traits) {
                mayThrow();
                return false;
            }

            @Override
            public Probe probe() {
                mayThrow();
                return new Probe.Passed("fine");
            }

            @Override
            public void close() {
                mayThrow();
            }
        }

        @Override
        public void attempted(QueueId id, String egress, List<Attempt> lines, Duration took) {
            mayThrow();
        }

        @Override
        public void fellBack(QueueId id, String egress, String insteadOf, String why) {
            mayThrow();
        }

        @Override
        public void done(QueueId id, List<Recipient> recipients) {
            mayThrow();
        }
    }
}
