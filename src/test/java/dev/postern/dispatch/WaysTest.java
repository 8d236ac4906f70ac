package dev.postern.dispatch;

import static dev.postern.dispatch.ScriptedEgress.NO_LOGIN;
import static dev.postern.dispatch.ScriptedEgress.REFUSED;
import static dev.postern.dispatch.ScriptedEgress.UNCERTAIN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common.Rate;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.EgressState;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.EgressConfigs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Mail that could go does not wait for mail that can't.
class WaysTest {

    private static final int MANY = 1000;

    private static EgressConfig narrow(String name, int concurrency, String... senders) {
        return EgressConfigs.egress(name, concurrency, List.of(senders), null, WhenLimited.WAIT);
    }

    private static Rig rig(EgressConfig... configs) {
        return new Rig(new SplittableRandom(1), configs).start();
    }

    @Test
    void aThousandForASlowEgressDoNotKeepMailFromAnother() {
        Rig rig = rig(narrow("slow", 1, "@slow.example"), narrow("quick", 1, "@quick.example"));
        rig.scheduler.hold();
        List<String> inOrder = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            rig.spool.add("x@slow.example", "b" + i + "@example.net");
            inOrder.add("b" + i + "@example.net");
        }
        for (int i = 0; i < 50; i++) {
            rig.spool.add("x@quick.example", "q" + i + "@example.net");
        }
        rig.scheduler.run();
        for (int i = 0; i < 50; i++) {
            rig.scheduler.letOneGo("quick");
        }
        assertEquals(50, rig.done.size());
        assertTrue(rig.spool.claimed().size() <= 16, "claimed: " + rig.spool.claimed().size());
        assertTrue(rig.spool.claims() < 200, "claims: " + rig.spool.claims());
        rig.scheduler.letGo();
        assertEquals(50 + MANY, rig.done.size());
        assertEquals(inOrder, rig.egress("slow").calls());
        assertEquals(rig.spool.given(), rig.spool.settled());
    }

    @Test
    void mailThatCannotBeReadKeepsNobodyAndGoesOnceItCan() {
        Rig rig = rig(narrow("one", 1, "@one.example"), narrow("two", 1));
        rig.spool.unreadable(true);
        QueueId nobodys = rig.send("b@example.net");
        QueueId bounce = rig.spool.add("", "c@example.net");
        rig.scheduler.run();
        assertEquals(0, rig.spool.claimed().size());
        rig.spool.unreadable(false);
        rig.scheduler.pass(Duration.ofHours(1));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(nobodys));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(bounce));
    }

    @Test
    void mailThatWaitsForOneEgressOnTrialDoesNotKeepTheRest() {
        Rig rig = rig(narrow("one", 20), narrow("two", 20));
        rig.egress("one").usually(UNCERTAIN);
        for (int i = 0; i < MANY; i++) {
            rig.spool.add("a@example.org", "b" + i + "@example.net");
        }
        rig.scheduler.run();
        rig.egress("one").usually(NO_LOGIN);
        rig.send("opens-the-breaker@example.net");
        rig.scheduler.pass(Duration.ofMinutes(14));
        rig.scheduler.hold();
        rig.scheduler.pass(Duration.ofMinutes(2));
        int before = rig.egress("two").calls().size();
        assertEquals(1, rig.scheduler.underWay("one"), "the trial hangs");
        rig.send("c@example.net");
        assertTrue(rig.scheduler.underWay("two") > 0);
        rig.scheduler.letOneGo("two");
        assertEquals(before + 1, rig.egress("two").calls().size());
    }

    @Test
    void aTrialThatHangsDoesNotKeepMailFromTheFallback() {
        Rig rig = rig(narrow("one", 4), narrow("two", 4));
        rig.egress("one").then(NO_LOGIN);
        rig.send("a@example.net");
        rig.scheduler.pass(Duration.ofMinutes(14));
        rig.scheduler.hold();
        rig.scheduler.pass(Duration.ofMinutes(2));
        assertEquals(EgressState.UNKNOWN, rig.dispatcher.egresses().getFirst().state());
        rig.send("trial@example.net");
        assertEquals(1, rig.scheduler.underWay("one"));
        QueueId other = rig.send("other@example.net");
        rig.scheduler.letOneGo("two");
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(other));
        assertEquals("two instead of one", rig.fallbacks.getLast());
        rig.scheduler.letGo();
        assertEquals(EgressState.UP, rig.dispatcher.egresses().getFirst().state());
    }

    @Test
    void anEgressThatRecoversGetsItsShareAndTheFallbackTheRest() {
        Rig rig = rig(narrow("one", 8), narrow("two", 8));
        rig.egress("one").then(NO_LOGIN);
        rig.send("a@example.net");
        rig.scheduler.pass(Duration.ofMinutes(15));
        rig.scheduler.hold();
        List<Long> atOnce = new ArrayList<>();
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < 8; i++) {
                rig.send("b@example.net");
            }
            atOnce.add(rig.scheduler.underWay("one"));
            while (rig.scheduler.underWay("two") > 0) {
                rig.scheduler.letOneGo("two");
            }
            rig.scheduler.letOneGo("one");
        }
        assertEquals(List.of(1L, 1L, 2L, 4L), atOnce);
    }

    @Test
    void behindADownAndALimitedEgressMailGoesWhenThereIsRoom() {
        Rate rate = new Rate(1, Duration.ofSeconds(10));
        Rig rig =
                rig(
                        narrow("one", 1),
                        EgressConfigs.egress("two", 1, List.of(), rate, WhenLimited.WAIT));
        rig.egress("one").usually(NO_LOGIN);
        rig.egress("one").probing(new Probe.Failed("535", Fault.CREDENTIALS, null));
        rig.send("a@example.net");
        QueueId second = rig.send("b@example.net");
        assertEquals("deferred egress-down one: 535 5.7.8 bad password", rig.fate(second));
        rig.scheduler.pass(Duration.ofSeconds(11));
        assertEquals("sent two: 250 2.0.0 taken", rig.fate(second));
    }

    @Test
    void aloneItIsWaitedFor() {
        Rig rig = rig(narrow("one", 4));
        rig.egress("one").then(REFUSED, REFUSED, REFUSED);
        for (int i = 0; i < 20; i++) {
            rig.send("b@example.net");
        }
        rig.scheduler.pass(Duration.ofMinutes(10));
        assertEquals(20, rig.done.size());
    }
}
