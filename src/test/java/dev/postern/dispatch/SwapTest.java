package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.EgressState;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.EgressConfigs;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Other egresses while the dispatcher runs.
class SwapTest {

    private static final Probe NO_LOGIN =
            new Probe.Failed("535 5.7.8 bad password", Fault.CREDENTIALS, null);

    @Test
    void aChangedEgressIsProbedAtOnceAndItsMailLeaves() {
        Rig rig = Rig.of("one");
        rig.egress("one").probing(NO_LOGIN);
        rig.start();
        QueueId id = rig.send("r@example.net");
        assertEquals("deferred egress-down one: 535 5.7.8 bad password", rig.fate(id));

        rig.use(Set.of(), EgressConfigs.egress("one"));
        rig.scheduler.pass(Dispatcher.RecoveryFlush.INTERVAL);

        assertEquals(1, rig.egress("one").probes());
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
    }

    @Test
    void anUnchangedEgressKeepsWhatIsKnownOfIt() {
        Rig rig = Rig.of("one", "two");
        ScriptedEgress one = rig.egress("one").probing(NO_LOGIN);
        rig.start();
        rig.use(Set.of("one"), EgressConfigs.egress("two"), rig.configs.get("one"));
        rig.scheduler.run();

        assertEquals(1, one.probes());
        assertEquals(
                List.of("two", "one"),
                rig.dispatcher.egresses().stream().map(view -> view.name()).toList());
        assertEquals(EgressState.DOWN, rig.dispatcher.egresses().getLast().state());
        assertFalse(one.isWellClosed());
        rig.scheduler.pass(Duration.ofMinutes(14));
        assertEquals(1, one.probes(), "the wait for its next probe goes on");
    }

    @Test
    void aPauseOutlivesAChangeThatLeavesTheAccount() {
        Rig rig = Rig.of("one").start();
        Duration wish = Duration.ofHours(1);
        rig.egress("one").then(new Outcome.Deferred("HTTP 429", wish, true));
        rig.send("r1@example.net");
        rig.use(Set.of(), EgressConfigs.egress("one", 1, List.of(), null, WhenLimited.WAIT));
        QueueId id = rig.send("r2@example.net");
        rig.scheduler.pass(wish.minusMinutes(1));
        assertEquals(List.of(), rig.egress("one").calls());
        rig.scheduler.pass(Duration.ofMinutes(2));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void whatIsUnderWayIsFinishedWhereItIsAndTheRestGoesTheNewWay() {
        Rig rig = Rig.of("one").start();
        ScriptedEgress old = rig.egress("one");
        rig.scheduler.hold();
        QueueId first = rig.send("r1@example.net");
        rig.use(Set.of(), EgressConfigs.egress("one"));
        QueueId second = rig.send("r2@example.net");
        assertFalse(old.isWellClosed(), "a call is under way");
        rig.scheduler.letGo();

        assertEquals(List.of("r1@example.net"), old.calls());
        assertEquals(List.of("r2@example.net"), rig.egress("one").calls());
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(first));
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(second));
        assertTrue(old.isWellClosed());
    }

    @Test
    void callsOfBothTogetherKeepToTheConcurrency() {
        Rig rig = Rig.of("one").start();
        rig.scheduler.hold();
        rig.send("r1@example.net");
        rig.send("r2@example.net");
        rig.use(Set.of(), EgressConfigs.egress("one"));
        rig.send("r3@example.net");
        assertEquals(2, rig.scheduler.underWay("one"));

        rig.use(Set.of());
        rig.use(Set.of(), EgressConfigs.egress("one"));
        rig.send("r4@example.net");
        assertEquals(2, rig.scheduler.underWay("one"));
        rig.scheduler.letOneGo("one");
        assertEquals(2, rig.scheduler.underWay("one"));
        rig.scheduler.letGo();
        assertEquals(4, rig.done.size());
    }

    @Test
    void whatFailsOnTheOldOneIsTriedOnTheNewOneAtOnce() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").usually(ScriptedEgress.NO_LOGIN);
        rig.scheduler.hold();
        QueueId id = rig.send("r@example.net");
        rig.use(Set.of(), EgressConfigs.egress("one"));
        rig.scheduler.letGo();

        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
        assertEquals(2, rig.attempts.size());
    }

    @Test
    void whatFailsOnARemovedOneTakesTheNext() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").usually(ScriptedEgress.REFUSED);
        rig.scheduler.hold();
        QueueId id = rig.send("r@example.net");
        rig.use(Set.of("two"), rig.configs.get("two"));
        rig.scheduler.letGo();

        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
        assertEquals(1, rig.dispatcher.egresses().size());
    }

    @Test
    void heldMailLeavesWithTheFirstEgressAndIsHeldAgainWithoutAny() {
        Rig rig = Rig.of().start();
        QueueId id = rig.send("r@example.net");
        assertEquals("held no-egress: no egress is configured", rig.fate(id));
        rig.use(Set.of(), EgressConfigs.egress("one"));
        rig.scheduler.run();
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));

        rig.use(Set.of());
        QueueId later = rig.send("r@example.net");
        assertEquals("held no-egress: no egress is configured", rig.fate(later));
    }

    @Test
    void aDoubtAboutARemovedEgressIsOverAfterFiveMinutes() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").usually(ScriptedEgress.UNCERTAIN);
        QueueId id = rig.send("r@example.net");
        assertEquals("deferred uncertain one: no answer to the final dot", rig.fate(id));

        rig.scheduler.pass(Duration.ofMinutes(1));
        rig.use(Set.of("two"), rig.configs.get("two"));
        rig.scheduler.pass(Duration.ofMinutes(3));
        assertEquals("deferred uncertain one: no answer to the final dot", rig.fate(id));
        rig.scheduler.pass(Duration.ofMinutes(1));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void mailThatNoEgressMightSendGoesOnceOneMay() {
        Rig rig = Rig.of();
        rig.use(Set.of(), EgressConfigs.egress("one", "@other.example"));
        rig.start();
        QueueId id = rig.send("r@example.net");
        assertTrue(rig.fate(id).startsWith("deferred unsuited"), rig.fate(id));

        rig.use(Set.of(), EgressConfigs.egress("one", "@example.org"));
        rig.scheduler.run();
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(id));
    }

    @Test
    void whatWasCountedForAQuotaGoesOnCounting() {
        Rate one = new Rate(1, Duration.ofDays(1));
        Rig rig = new Rig(new SplittableRandom(1), limited(2, one));
        rig.start();
        rig.send("r1@example.net");
        rig.use(Set.of(), limited(3, one));
        QueueId second = rig.send("r2@example.net");
        assertTrue(rig.fate(second).startsWith("deferred limited"), rig.fate(second));

        rig.use(Set.of(), limited(3, new Rate(2, Duration.ofDays(1))));
        rig.scheduler.run();
        assertEquals("sent one: 250 2.0.0 taken", rig.fate(second));
    }

    private static EgressConfig limited(int concurrency, Rate rate) {
        return EgressConfigs.egress("one", concurrency, List.of(), rate, WhenLimited.WAIT);
    }

    @Test
    void anOperatorsProbeTakesThePlaceOfThePlannedOne() {
        Rig rig = Rig.of("one");
        ScriptedEgress one = rig.egress("one").probing(NO_LOGIN);
        rig.start();
        rig.scheduler.pass(Duration.ofMinutes(14));
        assertTrue(rig.dispatcher.probe("one").isPresent());
        rig.scheduler.pass(Duration.ofMinutes(2));
        assertEquals(2, one.probes());
    }
}
