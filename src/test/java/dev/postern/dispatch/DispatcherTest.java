package dev.postern.dispatch;

import static dev.postern.dispatch.ScriptedEgress.DEFERRED;
import static dev.postern.dispatch.ScriptedEgress.NOT_OWNED;
import static dev.postern.dispatch.ScriptedEgress.NO_LOGIN;
import static dev.postern.dispatch.ScriptedEgress.REFUSED;
import static dev.postern.dispatch.ScriptedEgress.REJECTED;
import static dev.postern.dispatch.ScriptedEgress.TOO_BIG;
import static dev.postern.dispatch.ScriptedEgress.UNCERTAIN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.Delivery;
import dev.postern.egress.EgressState;
import dev.postern.egress.Probe;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.OutcomeClass;
import dev.postern.outcome.OutcomeLog;
import dev.postern.spool.MessageState;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.Facts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What becomes of messages: every outcome class, alone and together.
class DispatcherTest {

    private static final Duration JITTERED_30_S_AT_LEAST = Duration.ofSeconds(24);
    private static final Duration JITTERED_30_S_AT_MOST = Duration.ofSeconds(36);

    private static void assertBetween(Duration least, Duration actual, Duration most) {
        assertTrue(
                actual.compareTo(least) >= 0 && actual.compareTo(most) <= 0,
                () -> actual + " is not between " + least + " and " + most);
    }

    /// Fails so many times.
    private static final class Failing implements RandomGenerator {

        private final SplittableRandom random = new SplittableRandom(1);
        private int times;

        @Override
        public double nextDouble() {
            if (times-- > 0) {
                throw new OutOfMemoryError("a test wants it");
            }
            return random.nextDouble();
        }

        @Override
        public long nextLong() {
            return random.nextLong();
        }
    }

    /// What the egress said holds, and the message is given back.
    @Test
    void whatFailsByOurFaultAtTheEndOfACallIsSettledNevertheless() {
        for (int times = 1; times < 4; times++) {
            Failing random = new Failing();
            Rig rig = new Rig(random, EgressConfigs.egress("one")).start();
            rig.egress("one")
                    .then((outbound, gate) -> {
                        gate.pass();
                        return Delivery.of(
                                outbound.envelope().recipients(),
                                Map.of(
                                        new ForwardPath("b@example.net"),
                                        ScriptedEgress.ACCEPTED,
                                        new ForwardPath("c@example.net"),
                                        DEFERRED));
                    });
            random.times = times;
            QueueId id = rig.send("c@example.net", "b@example.net");
            assertEquals(Set.of(), rig.spool.claimed(), "after " + times);
            rig.scheduler.pass(Duration.ofHours(1));
            assertEquals(State.SENT, rig.spool.get(id).state(), "after " + times);
            assertEquals(
                    List.of("c@example.net,b@example.net", "c@example.net"),
                    rig.egress("one").calls());
        }
    }

    /// Each note is the whole message: as many notes as recipients would be quadratic.
    @Test
    void whatIsToldIsNotedTheFirstTimeAndThenMoreAndMoreSeldom() {
        int recipients = 1_000;
        Rig rig = Rig.of("one").start();
        String[] to = new String[recipients];
        for (int i = 0; i < recipients; i++) {
            to[i] = "r" + i + "@example.net";
        }
        List<Integer> noted = new ArrayList<>();
        rig.egress("one")
                .then((outbound, gate) -> {
                    gate.pass();
                    Map<ForwardPath, Outcome> soFar = new LinkedHashMap<>();
                    for (ForwardPath recipient : outbound.envelope().recipients()) {
                        soFar.put(recipient, ScriptedEgress.ACCEPTED);
                        if (soFar.size() == recipients) {
                            rig.scheduler.spend(Duration.ofSeconds(1));
                        }
                        gate.told(soFar);
                        noted.add(rig.spool.progresses());
                    }
                    return Delivery.of(outbound.envelope().recipients(), soFar);
                });
        QueueId id = rig.send(to);
        assertEquals(1, noted.getFirst());
        assertEquals(10, noted.get(recipients - 2));
        assertEquals(11, noted.getLast(), "after a second");
        assertEquals(State.SENT, rig.spool.get(id).state());
        assertEquals(List.of(), rig.spool.violations());
    }

    @Test
    void acceptedIsDone() {
        Rig rig = Rig.of("one").start();
        QueueId id = rig.send("b@example.net", "c@example.net");
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 0));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 1));
        assertEquals(List.of("b@example.net,c@example.net"), rig.egress("one").calls());
        assertEquals(List.of(id), rig.spool.commitments());
        assertEquals(List.of(id), rig.done);
        assertEquals(1, rig.spool.settlements(id));
        assertEquals(1, rig.spool.get(id).attemptCount());
        assertEquals(List.of("b@example.net", "c@example.net"), recipientsOfOnlyAttempt(rig, id));
    }

    private static List<String> recipientsOfOnlyAttempt(Rig rig, QueueId id) {
        assertEquals(1, rig.spool.attempts(id).size());
        return rig.spool.attempts(id).getFirst().recipients().stream()
                .map(Object::toString)
                .toList();
    }

    @Test
    void deferredIsTriedAgainByTheSchedule() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(DEFERRED, DEFERRED);
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred recipient one: 450 4.2.1 later", rig.fate(id));
        assertBetween(JITTERED_30_S_AT_LEAST, rig.dueIn(id), JITTERED_30_S_AT_MOST);
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals(2, rig.egress("one").calls().size());
        assertBetween(Duration.ofSeconds(48), rig.dueIn(id), Duration.ofSeconds(72));
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
        assertEquals(3, rig.spool.get(id).attemptCount());
    }

    @Test
    void retryAfterWinsWhenLonger() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(new Outcome.Deferred("429", Duration.ofHours(2)));
        assertEquals(Duration.ofHours(2), rig.dueIn(rig.send("b@example.net")));
        rig.egress("one").then(new Outcome.Deferred("429", Duration.ofSeconds(1)));
        assertBetween(
                JITTERED_30_S_AT_LEAST,
                rig.dueIn(rig.send("b@example.net")),
                JITTERED_30_S_AT_MOST);
        rig.egress("one").then(new Outcome.Deferred("429", Duration.ofDays(9)));
        assertEquals(Duration.ofHours(24), rig.dueIn(rig.send("b@example.net")));
    }

    @Test
    void rejectedFailsAndGoesNowhereElse() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(REJECTED);
        QueueId id = rig.send("b@example.net");
        assertEquals("failed one: 550 5.1.1 nobody", rig.fate(id));
        assertEquals(List.of(), rig.egress("two").calls());
        rig.scheduler.pass(Duration.ofDays(1));
        assertEquals(1, rig.egress("one").calls().size());
    }

    @Test
    void eachRecipientHasItsOwnFate() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one")
                .then(
                        Map.of(
                                "b@x.example", REJECTED,
                                "c@x.example", DEFERRED,
                                "d@x.example", TOO_BIG));
        QueueId id = rig.send("a@x.example", "b@x.example", "c@x.example", "d@x.example");
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 0));
        assertEquals("failed one: 550 5.1.1 nobody", rig.fate(id, 1));
        assertEquals("deferred recipient one: 450 4.2.1 later", rig.fate(id, 2));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id, 3));
        assertEquals(List.of("d@x.example"), rig.egress("two").calls());
        assertEquals(State.DEFERRED, rig.spool.get(id).state());
        assertEquals(2, rig.spool.get(id).attemptCount());
        assertEquals(5, rig.spool.attempts(id).size());
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals("c@x.example", rig.egress("one").calls().getLast());
        assertEquals(State.FAILED, rig.spool.get(id).state());
        assertEquals(List.of(id), rig.done);
    }

    @Test
    void unavailableTakesTheNextEgressAtOnce() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(REFUSED);
        QueueId id = rig.send("b@example.net");
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(List.of("two instead of one"), rig.fallbacks);
        assertEquals(
                List.of(OutcomeClass.UNAVAILABLE, OutcomeClass.ACCEPTED),
                rig.spool.attempts(id).stream().map(a -> a.outcome()).toList());
    }

    @Test
    void unavailableEverywhereWaitsAndNeverFailsBeforeItsAge() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").usually(REFUSED).probing(failed());
        rig.egress("two").usually(REFUSED).probing(failed());
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred egress-down one: connection refused", rig.fate(id));
        assertBetween(JITTERED_30_S_AT_LEAST, rig.dueIn(id), JITTERED_30_S_AT_MOST);
        rig.scheduler.pass(Rig.MAX_AGE.minusMinutes(1));
        assertEquals("deferred egress-down one: connection refused", rig.fate(id));
        rig.scheduler.pass(Duration.ofHours(3));
        assertEquals("failed one: expired after 5d: connection refused", rig.fate(id));
        assertEquals(List.of(), rig.spool.commitments());
    }

    private static Probe failed() {
        return new Probe.Failed("connection refused", Fault.NETWORK, null);
    }

    @Test
    void mailThatWaitsForAnEgressGoesWhenAProbePasses() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(NO_LOGIN);
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred egress-down one: 535 5.7.8 bad password", rig.fate(id));
        assertEquals(EgressState.DOWN, rig.dispatcher.egresses().getFirst().state());
        QueueId next = rig.send("c@example.net");
        assertEquals("deferred egress-down one: 535 5.7.8 bad password", rig.fate(next));
        assertEquals(0, rig.spool.get(next).attemptCount());
        rig.scheduler.pass(Duration.ofMinutes(14));
        assertEquals(1, rig.egress("one").calls().size());
        rig.scheduler.pass(Duration.ofMinutes(1));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(next));
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
    }

    @Test
    void mailThatWaitsForAnEgressGoesWhenAnotherMessageIsAccepted() {
        Rig rig = Rig.of("one").start();
        rig.scheduler.pass(Dispatcher.RecoveryFlush.INTERVAL);
        rig.egress("one").then(REFUSED);
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred egress-down one: connection refused", rig.fate(id));
        rig.send("c@example.net");
        rig.scheduler.pass(Duration.ofSeconds(6));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void unsuitedEverywhereFailsForItsFormAndWaitsForItsSender() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(TOO_BIG, TOO_BIG);
        rig.egress("two").then(TOO_BIG, NOT_OWNED);
        assertEquals("failed one: 552 5.3.4 too big", rig.fate(rig.send("b@example.net")));
        QueueId mixed = rig.send("b@example.net");
        assertEquals("deferred unsuited two: 553 5.7.1 not yours", rig.fate(mixed));
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
    }

    @Test
    void whatOneEgressMayTakeLaterDoesNotFail() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(TOO_BIG);
        rig.egress("two").then(REFUSED);
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred egress-down two: connection refused", rig.fate(id));
    }

    @Test
    void noEgressForTheSenderIsUnsuited() {
        Rig rig =
                new Rig(
                        new SplittableRandom(1),
                        EgressConfigs.egress("one", "@example.com"),
                        EgressConfigs.egress("two", "x@example.org"));
        QueueId id = rig.start().send("b@example.net");
        assertEquals(
                "deferred unsuited one: one may not send for <a@example.org> (see its key senders)",
                rig.fate(id));
        assertEquals(0, rig.spool.get(id).attemptCount());
    }

    @Test
    void withoutAnyEgressMailIsHeldUntilThereIsOne() {
        Rig rig = Rig.of().start();
        QueueId id = rig.send("b@example.net");
        assertEquals("held no-egress: no egress is configured", rig.fate(id));
        rig.scheduler.pass(Duration.ofDays(9));
        assertEquals("held no-egress: no egress is configured", rig.fate(id));

        Rig later = Rig.of("one");
        later.spool.put(rig.spool.get(id));
        later.start();
        assertEquals("sent one: 250 2.0.0 taken", later.fate(id));
    }

    @Test
    void uncertainGoesToTheSameEgressAfterFiveMinutes() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(UNCERTAIN);
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred uncertain one: no answer to the final dot", rig.fate(id));
        assertTrue(rig.spool.get(id).possibleDuplicate());
        rig.scheduler.pass(Duration.ofMinutes(4));
        rig.spool.flush();
        rig.scheduler.pass(Duration.ofSeconds(59));
        assertEquals(1, rig.egress("one").calls().size(), "an operator's flush is no answer");
        rig.scheduler.pass(Duration.ofSeconds(1));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
        assertEquals(List.of(), rig.egress("two").calls());
    }

    @Test
    void uncertainWaitsForItsEgressAndTakesAnotherAfterFifteenMinutesDown() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(UNCERTAIN).usually(NO_LOGIN).probing(failed());
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(Duration.ofMinutes(5));
        assertEquals("deferred uncertain one: 535 5.7.8 bad password", rig.fate(id));
        assertEquals(List.of(), rig.egress("two").calls());
        rig.scheduler.pass(Duration.ofMinutes(14));
        assertEquals(List.of(), rig.egress("two").calls());
        rig.scheduler.pass(Duration.ofMinutes(2));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(2, rig.egress("one").calls().size());
    }

    @Test
    void theOthersOfAnUncertainMessageDoNotWaitForIt() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(Map.of("b@x.example", UNCERTAIN, "c@x.example", DEFERRED));
        QueueId id = rig.send("b@x.example", "c@x.example");
        rig.scheduler.pass(Duration.ofMinutes(1));
        assertEquals("deferred uncertain one: no answer to the final dot", rig.fate(id, 0));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 1));
        rig.scheduler.pass(Duration.ofMinutes(5));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 0));
        assertEquals(
                List.of("b@x.example,c@x.example", "c@x.example", "b@x.example"),
                rig.egress("one").calls());
    }

    @Test
    void expiryIsDecidedByAFailureAndNeverByTheClockAlone() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(DEFERRED);
        QueueId id = rig.send("b@example.net");
        rig.scheduler.spend(Duration.ofDays(30));
        rig.egress("one").then(DEFERRED);
        rig.scheduler.pass(Duration.ZERO);
        assertEquals("failed one: expired after 5d: 450 4.2.1 later", rig.fate(id));
        assertEquals(2, rig.egress("one").calls().size());

        rig.egress("one").then(DEFERRED);
        QueueId other = rig.send("b@example.net");
        rig.scheduler.spend(Duration.ofDays(30));
        rig.scheduler.pass(Duration.ZERO);
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(other));
    }

    @Test
    void anEgressThatThrowsLosesNothing() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one")
                .then((_, _) -> {
                    throw new IllegalStateException("a bug");
                });
        QueueId id = rig.send("b@example.net");
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
        rig.egress("one")
                .then((_, gate) -> {
                    gate.pass();
                    throw new LinkageError("a worse bug");
                });
        QueueId other = rig.send("b@example.net");
        assertEquals("deferred uncertain one: internal error, see the log", rig.fate(other));
        rig.scheduler.pass(Duration.ofMinutes(7));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(other));
    }

    @Test
    void whatEveryEgressThrowsAtIsTriedAgainByTheSchedule() {
        Rig rig = Rig.of("one", "two").start();
        ScriptedEgress.Act act =
                (_, _) -> {
                    throw new StackOverflowError("a bug");
                };
        rig.egress("one").then(act).then(act);
        rig.egress("two").then(act).then(act);
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred recipient one: internal error, see the log", rig.fate(id));
        assertEquals(2, rig.spool.get(id).attemptCount());
        rig.dispatcher.egresses().forEach(view -> assertEquals(EgressState.UP, view.state()));
        rig.scheduler.pass(Duration.ofMinutes(1));
        assertEquals(4, rig.spool.get(id).attemptCount());
        rig.scheduler.pass(Duration.ofMinutes(2));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void aRateMakesMailWaitItsTurn() {
        Rig rig = limited(WhenLimited.WAIT);
        List<QueueId> ids = List.of(rig.send("b@x.example"), rig.send("b@x.example"));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(ids.get(0)));
        assertEquals(
                "deferred limited one: the sending limit of one is used up", rig.fate(ids.get(1)));
        assertEquals(List.of(), rig.egress("two").calls());
        rig.scheduler.pass(Duration.ofSeconds(59));
        assertEquals(1, rig.egress("one").calls().size());
        rig.scheduler.pass(Duration.ofSeconds(3));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(ids.get(1)));
    }

    @Test
    void aRateSendsMailElsewhereWhereThatIsWanted() {
        Rig rig = limited(WhenLimited.NEXT);
        rig.send("b@x.example");
        QueueId second = rig.send("b@x.example");
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(second));
        assertEquals(List.of("two instead of one"), rig.fallbacks);
    }

    private static Rig limited(WhenLimited whenLimited) {
        Rate rate = new Rate(1, Duration.ofMinutes(1));
        return new Rig(
                        new SplittableRandom(1),
                        EgressConfigs.egress("one", 2, List.of(), rate, whenLimited),
                        EgressConfigs.egress("two"))
                .start();
    }

    @Test
    void everyEgressIsProbedOnceAtStart() {
        Rig rig = Rig.of("one", "two");
        rig.egress("two").probing(failed());
        rig.start();
        assertEquals(1, rig.egress("one").probes());
        assertEquals(1, rig.egress("two").probes());
        assertEquals(
                List.of(EgressState.UP, EgressState.DOWN),
                rig.dispatcher.egresses().stream().map(view -> view.state()).toList());
        rig.scheduler.pass(Duration.ofSeconds(5));
        assertEquals(1, rig.egress("one").probes());
        assertEquals(2, rig.egress("two").probes());
    }

    @Test
    void whatIsInDoubtAfterARestartGoesWhenDueAndTheLogSaysSo() {
        Rig before = Rig.of("one").start();
        before.egress("one").then(UNCERTAIN);
        MessageState doubtful = before.spool.get(before.send("b@example.net"));
        List<String> lines = new ArrayList<>();
        Handler handler = collecting(lines);
        Logger logger = Logger.getLogger(OutcomeLog.class.getName());
        logger.addHandler(handler);
        try {
            Rig rig = Rig.of("one");
            rig.spool.put(doubtful);
            rig.scheduler.spend(Duration.between(rig.scheduler.now(), doubtful.due()));
            rig.start();
            assertEquals("sent one: 250 2.0.0 taken", rig.fate(doubtful.id()));
        } finally {
            logger.removeHandler(handler);
        }
        assertEquals(
                List.of(
                        "id="
                                + doubtful.id()
                                + " egress=one why=sent again after a lost answer"
                                + " possible duplicate"),
                lines);
    }

    private static Handler collecting(List<String> lines) {
        return new Handler() {
            @Override
            public void publish(LogRecord record) {
                if (record.getLevel().intValue() >= Level.WARNING.intValue()) {
                    lines.add(Facts.text(record));
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
    }
}
