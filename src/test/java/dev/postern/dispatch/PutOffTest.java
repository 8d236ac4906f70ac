package dev.postern.dispatch;

import static dev.postern.dispatch.ScriptedEgress.ACCEPTED;
import static dev.postern.dispatch.ScriptedEgress.DEFERRED;
import static dev.postern.dispatch.ScriptedEgress.REFUSED;
import static dev.postern.dispatch.ScriptedEgress.TOO_BIG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.Delivery;
import dev.postern.egress.EgressState;
import dev.postern.egress.Probe;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.EgressConfigs;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Messages that an egress puts off while it takes others: none of them is asked about more often
/// than its schedule says, and none keeps others from leaving.
class PutOffTest {

    private static final Duration LONG_AGO = Duration.ofMinutes(70);

    /// The waits of [Rig#RETRY], each as short as it can be, would allow so many attempts.
    private static int allowedWithin(Duration time) {
        List<Duration> waits = Rig.RETRY.schedule();
        double rest = time.toMillis();
        int attempts = 0;
        while (rest >= 0) {
            Duration wait = waits.get(Math.min(attempts, waits.size() - 1));
            rest -= wait.toMillis() * (1 - Schedule.JITTER);
            attempts++;
        }
        return attempts;
    }

    private static ScriptedEgress.Act allBut(String poison, Outcome said) {
        return (outbound, gate) -> {
            String to = outbound.envelope().recipients().getFirst().address();
            return ScriptedEgress.same(to.startsWith(poison) ? said : ACCEPTED).act(outbound, gate);
        };
    }

    private static long posts(Rig rig, String recipient) {
        return rig.egress("one").calls().stream().filter(recipient::equals).count();
    }

    /// Sends a message every so often, and returns how long the slowest took of those that came in
    /// after trouble of any kind has had its probe.
    private static Duration slowest(Rig rig, Duration time, Duration every) {
        Map<QueueId, Instant> sent = new HashMap<>();
        Instant late = rig.scheduler.now().plus(LONG_AGO);
        for (Duration past = Duration.ZERO; past.compareTo(time) < 0; past = past.plus(every)) {
            sent.put(rig.send("good@example.net"), rig.scheduler.now());
            rig.scheduler.pass(every);
        }
        rig.scheduler.pass(Duration.ofMinutes(1));
        Map<QueueId, Instant> gone =
                rig.done.stream()
                        .filter(sent::containsKey)
                        .collect(Collectors.toMap(id -> id, id -> end(rig, id)));
        assertEquals(sent.keySet(), gone.keySet(), "all others went");
        return sent.keySet().stream()
                .filter(id -> sent.get(id).isAfter(late))
                .map(id -> Duration.between(sent.get(id), gone.get(id)))
                .max(Duration::compareTo)
                .orElse(Duration.ZERO);
    }

    private static Instant end(Rig rig, QueueId id) {
        return rig.spool.attempts(id).getLast().at();
    }

    /// The faults that a single message can bring about.
    private static final Set<Fault> OF_A_MESSAGE = EnumSet.of(Fault.SERVICE, Fault.TIMEOUT);

    static Stream<Fault> outages() {
        return EnumSet.complementOf(EnumSet.copyOf(OF_A_MESSAGE)).stream();
    }

    static Stream<Arguments> streams() {
        return OF_A_MESSAGE.stream()
                .flatMap(fault ->
                        Stream.of(20, 60, 400).map(seconds -> Arguments.of(fault, seconds)));
    }

    @ParameterizedTest
    @MethodSource("streams")
    void whatIsUnavailableToOneMessageAloneIsAskedByItsScheduleAndKeepsNobody(
            Fault fault, int seconds) {
        Rig rig = Rig.of("one").start();
        Outcome said = new Outcome.Unavailable("HTTP 500 internal", fault, null);
        rig.egress("one").usually(allBut("poison", said));
        rig.send("good@example.net");
        QueueId poison = rig.send("poison@example.net");
        Duration time = Duration.ofSeconds(seconds * 300L);
        Duration slowest = slowest(rig, time, Duration.ofSeconds(seconds));
        long posts = posts(rig, "poison@example.net");
        // Before anything else was taken each probe that passes brings it one more.
        int most = allowedWithin(time) + 2 + rig.egress("one").probes();
        assertTrue(posts <= most, () -> posts + " posts, most " + most);
        assertTrue(posts >= 4, () -> "it is tried on: " + posts);
        assertEquals(Duration.ZERO, slowest);
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
        assertEquals("deferred recipient one: HTTP 500 internal", rig.fate(poison));
        rig.scheduler.pass(Rig.MAX_AGE);
        assertEquals("failed one: expired after 5d: HTTP 500 internal", rig.fate(poison));
    }

    /// However others fared since it was refused first, and whatever it was put off for before.
    @ParameterizedTest
    @MethodSource("outages")
    void anOutageIsOneThoughOnlyAMessageThatFailedBeforeMeetsIt(Fault fault) {
        Rig rig = Rig.of("one").start();
        ScriptedEgress one = rig.egress("one");
        one.usually(allBut("b", new Outcome.Unavailable("HTTP 500", Fault.SERVICE, null)));
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(Duration.ofSeconds(6));
        rig.send("c@example.net");
        rig.scheduler.pass(Duration.ofSeconds(6));
        assertEquals("deferred recipient one: HTTP 500", rig.fate(id));

        one.usually(new Outcome.Unavailable("an outage", fault, null));
        one.probing(new Probe.Failed("an outage", fault, null));
        for (int i = 0; i < 3; i++) {
            rig.scheduler.pass(rig.dueIn(id));
        }
        assertEquals(EgressState.DOWN, rig.dispatcher.egresses().getFirst().state());
        assertEquals("deferred egress-down one: an outage", rig.fate(id));

        one.usually(ACCEPTED).probing(new Probe.Passed("fine"));
        rig.dispatcher.probe("one");
        rig.scheduler.pass(Dispatcher.RecoveryFlush.INTERVAL);
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    /// The first time it may have been the egress's bad moment.
    @Test
    void theFirstFailureWaitsForAnothersSuccess() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(REFUSED);
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(Duration.ofSeconds(6));
        rig.send("c@example.net");
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    /// Who fails again and again while nobody else goes either waits for the egress.
    @Test
    void whatFailsWithAllOthersGoesWhenTheyDo() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").usually(REFUSED);
        List<QueueId> ids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ids.add(rig.send("b@example.net"));
            rig.scheduler.pass(Duration.ofMinutes(1));
        }
        ids.forEach(
                id -> assertEquals("deferred egress-down one: connection refused", rig.fate(id)));
        rig.egress("one").usually(ACCEPTED);
        rig.scheduler.pass(Duration.ofMinutes(6));
        assertEquals(ids.size(), rig.done.size());
    }

    @Test
    void aWaitThatIsAskedForHoldsThoughOthersGo() {
        Rig rig = Rig.of("one").start();
        Duration wish = Duration.ofMinutes(20);
        rig.egress("one")
                .usually(allBut("b", new Outcome.Unavailable("HTTP 503", Fault.SERVICE, wish)));
        QueueId id = rig.send("b@example.net");
        assertEquals("deferred egress-down one: HTTP 503", rig.fate(id));
        assertEquals(wish, rig.dueIn(id));
        slowest(rig, wish.minusMinutes(2), Duration.ofSeconds(7));
        assertEquals(1, posts(rig, "b@example.net"));
        rig.scheduler.pass(Duration.ofMinutes(2));
        assertEquals(2, posts(rig, "b@example.net"));
    }

    /// What a server asked for binds us, not the operator.
    @ParameterizedTest
    @ValueSource(strings = {"flush", "retry", "reload"})
    void anOperatorHasItTriedThoughTheWaitLasts(String wish) {
        Rig rig = Rig.of("one").start();
        Outcome busy = new Outcome.Unavailable("HTTP 503", Fault.SERVICE, Duration.ofHours(2));
        rig.egress("one").usually(allBut("b", busy));
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(Duration.ofMinutes(1));
        rig.send("c@example.net");
        rig.scheduler.pass(Duration.ofMinutes(1));
        assertEquals(1, posts(rig, "b@example.net"));
        rig.egress("one").usually(ACCEPTED);
        switch (wish) {
            case "flush" -> rig.spool.flush();
            case "retry" -> rig.spool.retry(id);
            default -> rig.use(Set.of(), EgressConfigs.egress("one"));
        }
        rig.scheduler.pass(Dispatcher.RecoveryFlush.INTERVAL);
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void aWaitThatOneEgressAsksForDoesNotKeepMailFromAnother() {
        Rig rig = Rig.of("one", "two").start();
        Duration wish = Duration.ofMinutes(20);
        rig.egress("one")
                .usually(allBut("b", new Outcome.Unavailable("HTTP 503", Fault.SERVICE, wish)));
        rig.egress("two").then(ScriptedEgress.NO_LOGIN);
        QueueId id = rig.send("b@example.net");
        slowest(rig, Duration.ofMinutes(16), Duration.ofSeconds(30));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(1, posts(rig, "b@example.net"));
    }

    @ParameterizedTest
    @EnumSource(WhenLimited.class)
    void whatIsAskedOfAllMailPausesTheEgress(WhenLimited whenLimited) {
        Rig rig =
                new Rig(
                                new SplittableRandom(1),
                                EgressConfigs.egress("one", 2, List.of(), null, whenLimited),
                                EgressConfigs.egress("two"))
                        .start();
        Duration wish = Duration.ofHours(2);
        rig.egress("one").then(new Outcome.Deferred("HTTP 429", wish, true));
        QueueId first = rig.send("b@example.net");
        assertEquals("deferred limited one: HTTP 429", rig.fate(first));
        assertEquals(wish, rig.dueIn(first));
        QueueId second = rig.send("c@example.net");
        if (whenLimited == WhenLimited.NEXT) {
            assertEquals("sent two: 250 2.0.0 taken", rig.fate(second));
        } else {
            assertEquals(
                    "deferred limited one: the sending limit of one is used up", rig.fate(second));
            assertEquals(wish, rig.dueIn(second));
            rig.scheduler.pass(wish.minusSeconds(1));
            assertEquals(1, rig.egress("one").calls().size());
        }
        rig.scheduler.pass(wish);
        assertEquals(State.SENT, rig.spool.get(first).state());
        assertEquals(State.SENT, rig.spool.get(second).state());
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
    }

    /// However often: it is no answer to one recipient that the next egress could change.
    @Test
    void whatIsAskedOfAllMailAgainAndAgainIsALimitStill() {
        Rig rig =
                new Rig(
                                new SplittableRandom(1),
                                EgressConfigs.egress("one", 2, List.of(), null, WhenLimited.WAIT),
                                EgressConfigs.egress("two"))
                        .start();
        rig.egress("one").usually(new Outcome.Deferred("HTTP 429", Duration.ofSeconds(40), true));
        QueueId id = rig.send("b@example.net");
        for (int i = 1; i < DeliveryRound.DEFERRALS_MAX + 2; i++) {
            assertEquals("deferred limited one: HTTP 429", rig.fate(id));
            rig.scheduler.pass(rig.dueIn(id));
            assertEquals(i + 1, rig.egress("one").calls().size());
        }
        assertEquals("deferred limited one: HTTP 429", rig.fate(id));
        assertEquals(List.of(), rig.egress("two").calls());
    }

    @Test
    void noPauseIsLongerThanADay() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(new Outcome.Deferred("HTTP 429", Duration.ofDays(9), true));
        rig.send("b@example.net");
        assertEquals(Duration.ofHours(24), rig.dueIn(rig.send("c@example.net")));
    }

    @Test
    void afterThreeDeferralsInARowTheNextEgressIsAsked() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").usually(DEFERRED);
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals("deferred recipient one: 450 4.2.1 later", rig.fate(id));
        assertEquals(List.of(), rig.egress("two").calls());
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(3, rig.egress("one").calls().size());
        assertEquals(List.of("two instead of one"), rig.fallbacks);
    }

    @Test
    void deferralsAreCountedForEachRecipientAndEgress() {
        Rig rig = Rig.of("one", "two", "three").start();
        Map<String, Outcome> first = Map.of("b@x.example", DEFERRED, "c@x.example", DEFERRED);
        rig.egress("one").then(first).then(first).then(Map.of("b@x.example", DEFERRED));
        rig.egress("one").usually(DEFERRED);
        rig.egress("two").usually(DEFERRED);
        QueueId id = rig.send("a@x.example", "b@x.example", "c@x.example");
        rig.scheduler.pass(rig.dueIn(id));
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 2));
        assertEquals("deferred recipient two: 450 4.2.1 later", rig.fate(id, 1));
        for (int i = 0; i < 2; i++) {
            assertEquals(List.of(), rig.egress("three").calls());
            rig.scheduler.pass(rig.dueIn(id));
        }
        assertEquals("sent three: 250 2.0.0 taken", rig.fate(id, 1));
        assertEquals(5, rig.egress("one").calls().size());
        assertEquals(3, rig.egress("two").calls().size());
    }

    @Test
    void whatIsTakenStaysTakenThoughTheHistoryCannotBeRead() {
        Rig rig = Rig.of("one").start();
        rig.egress("one")
                .then(DEFERRED)
                .then((outbound, gate) -> {
                    gate.pass();
                    rig.spool.unreadable(true);
                    List<ForwardPath> to = outbound.envelope().recipients();
                    return Delivery.of(to, Map.of(to.get(0), ACCEPTED, to.get(1), DEFERRED));
                });
        QueueId id = rig.send("b@example.net", "c@example.net");
        rig.scheduler.pass(rig.dueIn(id));
        rig.spool.unreadable(false);
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id, 0));
        assertEquals("deferred recipient one: 450 4.2.1 later", rig.fate(id, 1));
        rig.scheduler.pass(rig.dueIn(id));
        assertEquals("c@example.net", rig.egress("one").calls().getLast());
    }

    @Test
    void anotherClassEndsTheRowOfDeferrals() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(DEFERRED, DEFERRED, REFUSED, DEFERRED, DEFERRED);
        rig.egress("two").usually(TOO_BIG);
        QueueId id = rig.send("b@example.net");
        for (int i = 0; i < 5; i++) {
            rig.scheduler.pass(rig.dueIn(id));
        }
        assertEquals(1, rig.egress("two").calls().size(), "when one was unavailable");
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void theCountOfDeferralsOutlivesTheProcess() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").usually(DEFERRED);
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(rig.dueIn(id));
        Rig next = Rig.of("one", "two");
        next.egress("one").usually(DEFERRED);
        next.spool.put(rig.spool.get(id), rig.spool.attempts(id));
        next.start().scheduler.pass(Duration.ofMinutes(10));
        assertEquals("sent two: 250 2.0.0 taken", next.fate(id));
        assertEquals(1, next.egress("one").calls().size());
    }

    @Test
    void withOneEgressOnlyDeferralsGoOnBySchedule() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").usually(DEFERRED);
        QueueId id = rig.send("b@example.net");
        Duration time = Duration.ofHours(6);
        slowestOf(rig, time);
        assertEquals("deferred recipient one: 450 4.2.1 later", rig.fate(id));
        long posts = posts(rig, "b@example.net");
        assertTrue(posts >= 7 && posts <= allowedWithin(time), () -> posts + " posts");
    }

    /// Others succeed all the while.
    private static void slowestOf(Rig rig, Duration time) {
        rig.egress("one").usually(allBut("b", DEFERRED));
        slowest(rig, time, Duration.ofMinutes(2));
    }

    /// The next one was not asked: its return brings the message, but not back to the first.
    @Test
    void whatIsPutOffGoesByTheNextEgressOnceThatWorks() {
        Rig rig = Rig.of("one", "two");
        rig.egress("one").usually(allBut("b", DEFERRED));
        rig.egress("two").probing(new Probe.Failed("no route", Fault.NETWORK, null));
        QueueId id = rig.start().send("b@example.net");
        for (int i = 1; i < DeliveryRound.DEFERRALS_MAX; i++) {
            assertEquals("deferred recipient one: 450 4.2.1 later", rig.fate(id));
            rig.scheduler.pass(rig.dueIn(id));
        }
        assertEquals("deferred egress-down two: no route", rig.fate(id));
        rig.egress("two").probing(new Probe.Passed("fine"));
        rig.dispatcher.probe("two");
        rig.scheduler.pass(Dispatcher.RecoveryFlush.INTERVAL);
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(DeliveryRound.DEFERRALS_MAX, posts(rig, "b@example.net"));
    }

    @Test
    void whatIsPutOffGoesByTheNextEgressOnceThatHasRoom() {
        EgressConfig narrow =
                EgressConfigs.egress(
                        "two",
                        2,
                        List.of(),
                        new Common.Rate(1, Duration.ofMinutes(5)),
                        WhenLimited.NEXT);
        Rig rig = new Rig(new SplittableRandom(1), EgressConfigs.egress("one"), narrow).start();
        rig.egress("one").then(TOO_BIG).usually(DEFERRED);
        QueueId first = rig.send("a@example.net");
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(first));
        rig.scheduler.pass(Duration.ofMinutes(1));
        QueueId id = rig.send("b@example.net");
        rig.scheduler.pass(Duration.ofMinutes(5));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(DeliveryRound.DEFERRALS_MAX, posts(rig, "b@example.net"));
    }

    /// The next one is down: its return must not bring the message back to the first.
    @Test
    void whatIsPutOffWaitsByScheduleThoughTheNextEgressIsDown() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").usually(allBut("b", DEFERRED));
        rig.egress("two")
                .usually((outbound, gate) ->
                        Delivery.same(outbound.envelope().recipients(), REFUSED));
        rig.send("b@example.net");
        Duration time = Duration.ofHours(6);
        slowest(rig, time, Duration.ofMinutes(2));
        long posts = posts(rig, "b@example.net");
        assertTrue(posts <= allowedWithin(time), () -> posts + " posts");
    }
}
