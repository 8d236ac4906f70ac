package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.OutcomeLog;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.Facts;
import dev.postern.testing.FakeSpool;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/// A long queue while no mail can leave: it is neither tried nor told of again and again.
class StormTest {

    private static final int MESSAGES = 400;
    private static final Logger OUTCOMES = Logger.getLogger(OutcomeLog.class.getName());

    /// Counts the lines that say that a message waits.
    private static final class Lines extends Handler implements AutoCloseable {

        private final List<String> waits = Collections.synchronizedList(new ArrayList<>());

        private Lines() {
            OUTCOMES.addHandler(this);
            OUTCOMES.setLevel(Level.INFO);
        }

        @Override
        public void publish(LogRecord line) {
            String text = Facts.text(line);
            if (text.endsWith(" waits")) {
                waits.add(text);
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {
            OUTCOMES.removeHandler(this);
            OUTCOMES.setLevel(null);
        }
    }

    private static List<QueueId> fill(Rig rig) {
        List<QueueId> ids = new ArrayList<>();
        for (int i = 0; i < MESSAGES; i++) {
            ids.add(rig.spool.add("a@example.org", "b@example.net"));
        }
        return ids;
    }

    /// The server answers every probe and takes no mail.
    @Test
    void aProbeThatPassesBringsAFewMessagesBackAndNotAll() {
        Rig rig = Rig.of("one", "two").start();
        rig.egresses.values().forEach(egress -> egress.usually(ScriptedEgress.REFUSED));
        try (Lines lines = new Lines()) {
            List<QueueId> ids = fill(rig);
            rig.scheduler.pass(Duration.ofMinutes(14));
            int settled = ids.stream().mapToInt(rig.spool::settlements).sum();
            int bySchedule = 5 * MESSAGES;
            int byProbes = 2 * (Dispatcher.RecoveryFlush.TRIAL_MESSAGES + 2) * 9;
            assertTrue(settled <= bySchedule + byProbes, () -> settled + " settlements");
            assertEquals(MESSAGES, lines.waits.size());
        }
        rig.egresses.values().forEach(egress -> egress.usually(ScriptedEgress.ACCEPTED));
        rig.scheduler.pass(Duration.ofMinutes(6));
        assertEquals(MESSAGES, rig.done.size(), "all go when one was taken");
    }

    /// Those that are due first may not go by the egress that is on trial.
    @Test
    void whatATrialNeedsIsFoundBehindWhatCannotBeTried() {
        Rig rig =
                new Rig(
                        new SplittableRandom(1),
                        EgressConfigs.egress("one", "@one.example"),
                        EgressConfigs.egress("two", "@two.example"));
        rig.start();
        rig.egresses.values().forEach(egress -> egress.usually(ScriptedEgress.NO_LOGIN));
        for (int i = 0; i < MESSAGES; i++) {
            rig.spool.add("a@one.example", "b@example.net");
        }
        rig.scheduler.run();
        rig.egress("one").probing(new Probe.Failed("535", Fault.NETWORK, null));
        QueueId id = rig.spool.add("a@two.example", "b@example.net");
        rig.scheduler.pass(Duration.ofMinutes(5));
        rig.egress("two").usually(ScriptedEgress.ACCEPTED);
        rig.dispatcher.probe("two");
        rig.scheduler.pass(Dispatcher.RecoveryFlush.INTERVAL.multipliedBy(8));
        assertTrue(rig.done.contains(id), rig.fate(id));
    }

    @Test
    void aProbeTakesASlotAndWaitsForOne() {
        Rig rig = withOneSlot();
        assertEquals(1, rig.egress("one").probes());
        rig.scheduler.hold();
        rig.send("b@example.net");
        rig.send("b@example.net");
        CompletableFuture<Probe> asked = ask(rig);
        rig.scheduler.run();
        assertEquals(1, rig.scheduler.underWay("one"));
        assertEquals(1, rig.egress("one").probes(), "no probe beside a call");
        rig.scheduler.letOneGo("one");
        assertEquals(2, rig.egress("one").probes());
        assertTrue(asked.isDone());
        rig.scheduler.letGo();
        assertEquals(2, rig.done.size());
    }

    private static Rig withOneSlot() {
        return new Rig(
                        new SplittableRandom(1),
                        EgressConfigs.egress("one", 1, List.of(), null, WhenLimited.WAIT))
                .start();
    }

    private static CompletableFuture<Probe> ask(Rig rig) {
        return rig.dispatcher.probe("one").orElseThrow().toCompletableFuture();
    }

    private static String answer(CompletableFuture<Probe> asked) {
        assertTrue(asked.isDone(), "answered");
        return asked.join() instanceof Probe.Unproven(String why) ? why : "" + asked.join();
    }

    @Test
    void aProbeThatFindsNoSlotIsAnsweredSoonAndOnceItsEgressIsGone() {
        Rig rig = withOneSlot();
        rig.scheduler.hold();
        rig.send("b@example.net");
        CompletableFuture<Probe> asked = ask(rig);
        rig.scheduler.pass(Probes.BUSY_LIMIT);
        assertEquals("not probed: busy sending", answer(asked));
        CompletableFuture<Probe> more = ask(rig);
        rig.scheduler.run();
        rig.use(Set.of());
        rig.scheduler.run();
        assertEquals("not probed: the configuration changed", answer(more));
    }

    /// Nothing is made due for an egress that is gone, and nobody wakes for it.
    @Test
    void aTrialEndsWithItsEgress() {
        FakeSpool spool = new FakeSpool(() -> Instant.EPOCH);
        Instant now = Instant.parse("2026-03-01T12:00:00Z");
        EgressPool.EgressSlots slots =
                EgressPool.of(
                                List.of(EgressConfigs.egress("one")),
                                List.of(new ScriptedEgress("one")),
                                spool,
                                now)
                        .all()
                        .iterator()
                        .next();
        slots.health().probed(new Probe.Failed("refused", Fault.NETWORK, null), now);
        slots.health().probed(new Probe.Unproven("perhaps"), now);
        assertTrue(slots.health().isOnTrial());
        slots.health().begin();
        Dispatcher.RecoveryFlush haste = new Dispatcher.RecoveryFlush(spool);
        haste.want(slots);
        haste.make(now);
        assertEquals(now.plus(Dispatcher.RecoveryFlush.INTERVAL), haste.due());
        slots.retire(() -> {});
        haste.make(haste.due());
        assertEquals(Instant.MAX, haste.due());
    }

    @Test
    void aProbeThatWaitsEndsWithTheDispatcher() {
        Rig rig = withOneSlot();
        rig.scheduler.hold();
        rig.send("b@example.net");
        CompletableFuture<Probe> asked = ask(rig);
        rig.scheduler.run();
        rig.dispatcher.closing();
        rig.scheduler.run();
        assertTrue(asked.isDone());
    }
}
