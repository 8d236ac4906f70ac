package dev.postern.dispatch;

import static dev.postern.dispatch.ScriptedEgress.DEFERRED;
import static dev.postern.dispatch.ScriptedEgress.NO_LOGIN;
import static dev.postern.dispatch.ScriptedEgress.REFUSED;
import static dev.postern.dispatch.ScriptedEgress.UNCERTAIN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.EgressConfigs;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/// How messages flow: how many at once, in which order, when nothing runs at all, and how it ends.
class DispatcherFlowTest {

    private static EgressConfig narrow(String name, int concurrency, String... senders) {
        return EgressConfigs.egress(name, concurrency, List.of(senders), null, WhenLimited.WAIT);
    }

    private static Rig rig(EgressConfig... configs) {
        return new Rig(new SplittableRandom(1), configs).start();
    }

    @Test
    void noEgressHasMoreCallsThanItsConcurrency() {
        Rig rig = rig(narrow("one", 3));
        rig.scheduler.hold();
        for (int i = 0; i < 50; i++) {
            rig.send("b@example.net");
        }
        for (int left = 50; left > 0; left--) {
            assertEquals(Math.min(3, left), rig.scheduler.underWay("one"));
            rig.scheduler.letOneGo("one");
        }
        assertEquals(50, rig.done.size());
    }

    @Test
    void whenEveryEgressIsBusyNothingMoreIsClaimed() {
        Rig rig = rig(narrow("one", 2));
        rig.scheduler.hold();
        for (int i = 0; i < 50; i++) {
            rig.send("b@example.net");
        }
        assertEquals(2, rig.spool.claimed().size());
        rig.scheduler.letOneGo("one");
        assertTrue(rig.spool.claimed().size() <= 16, "the window is bounded");
        rig.scheduler.letGo();
        assertEquals(50, rig.done.size());
    }

    @Test
    void aBusyEgressDoesNotKeepMailFromAnother() {
        Rig rig = rig(narrow("one", 1, "@example.com"), narrow("two", 1, "@example.org"));
        rig.scheduler.hold();
        for (int i = 0; i < 5; i++) {
            rig.spool.add("x@example.com", "b@example.net");
        }
        rig.send("b@example.net");
        assertEquals(1, rig.scheduler.underWay("one"));
        assertEquals(1, rig.scheduler.underWay("two"));
    }

    @Test
    void sendersTakeTurns() {
        Rig rig = rig(narrow("one", 1));
        rig.scheduler.hold();
        rig.send("first@example.net");
        for (int i = 0; i < 6; i++) {
            rig.spool.add("many@example.org", "many" + i + "@example.net");
        }
        rig.spool.add("few@example.org", "few0@example.net");
        rig.spool.add("few@example.org", "few1@example.net");
        rig.scheduler.letGo();
        List<String> calls = rig.egress("one").calls();
        assertEquals("many0@example.net", calls.get(1));
        assertEquals("few0@example.net", calls.get(2));
        assertEquals("many1@example.net", calls.get(3));
        assertEquals("few1@example.net", calls.get(4));
    }

    @Test
    void newMailGoesBeforeDeferredMail() {
        Rig rig = rig(narrow("one", 1));
        rig.egress("one").then(DEFERRED);
        QueueId old = rig.send("old@example.net");
        rig.scheduler.hold();
        rig.send("first@example.net");
        rig.scheduler.pass(Duration.ofMinutes(1));
        rig.send("new@example.net");
        assertEquals(State.DEFERRED, rig.spool.get(old).state());
        rig.scheduler.letGo();
        assertEquals(
                List.of(
                        "old@example.net",
                        "first@example.net",
                        "new@example.net",
                        "old@example.net"),
                rig.egress("one").calls());
    }

    @Test
    void nothingRunsWhileNothingIsDue() {
        Rig rig = rig(narrow("one", 2));
        rig.egress("one").then(DEFERRED);
        rig.send("b@example.net");
        int claims = rig.spool.claims();
        int steps = rig.scheduler.steps();
        rig.scheduler.pass(Duration.ofSeconds(23));
        assertEquals(claims, rig.spool.claims());
        assertTrue(
                rig.scheduler.steps() - steps <= 2,
                () -> "steps: " + (rig.scheduler.steps() - steps));
        rig.scheduler.pass(Duration.ofDays(30));
        assertEquals(claims + 1, rig.spool.claims());
    }

    @Test
    void mailThatCannotGoIsLookedAtBySchedule() {
        Rig rig = rig(narrow("one", 2));
        rig.egress("one").usually(NO_LOGIN);
        rig.egress("one").probing(new Probe.Failed("535", Fault.CREDENTIALS, null));
        for (int i = 0; i < 100; i++) {
            rig.spool.add("a@example.org", "b@example.net");
        }
        rig.scheduler.run();
        int claims = rig.spool.claims();
        rig.scheduler.pass(Duration.ofHours(1));
        int perMessage = (rig.spool.claims() - claims) / 100;
        assertTrue(perMessage <= 5, () -> "claims a message in an hour: " + perMessage);
        assertTrue(rig.egress("one").calls().size() <= 2);
    }

    @Test
    void aTrialThatFailsSendsTheRestBackToWait() {
        Rig rig = rig(narrow("one", 4));
        rig.egress("one").then(NO_LOGIN).usually(REFUSED);
        for (int i = 0; i < 20; i++) {
            rig.send("b@example.net");
        }
        assertEquals(1, rig.egress("one").calls().size());
        rig.scheduler.pass(Duration.ofMinutes(15));
        assertEquals(2, rig.egress("one").calls().size(), "one trial only");
        assertEquals(Set.of(), rig.spool.claimed());
        rig.egress("one").usually(ScriptedEgress.ACCEPTED);
        rig.scheduler.pass(Duration.ofHours(1));
        assertEquals(20, rig.done.size());
    }

    @Test
    void drainSendsWhatIsDueAndClaimsNothingAfterwards() {
        Rig rig = rig(narrow("one", 1));
        rig.egress("one").then(DEFERRED);
        QueueId later = rig.send("later@example.net");
        rig.scheduler.hold();
        rig.send("b@example.net");
        rig.send("c@example.net");
        CompletableFuture<Void> drained = drain(rig, Duration.ofSeconds(25));
        rig.scheduler.run();
        assertFalse(drained.isDone());
        rig.scheduler.letGo();
        assertTrue(drained.isDone());
        assertEquals(2, rig.done.size());
        QueueId tooLate = rig.send("d@example.net");
        rig.scheduler.pass(Duration.ofDays(1));
        assertEquals(State.QUEUED, rig.spool.get(tooLate).state());
        assertEquals(State.DEFERRED, rig.spool.get(later).state());
    }

    private static CompletableFuture<Void> drain(Rig rig, Duration most) {
        return rig.dispatcher.draining(most).toCompletableFuture();
    }

    @Test
    void drainBreaksOffWhatHasNotPassedItsCommitPoint() {
        Rig rig = rig(narrow("one", 1));
        rig.scheduler.hold();
        QueueId sending = rig.send("b@example.net");
        QueueId waiting = rig.send("c@example.net");
        CompletableFuture<Void> drained = drain(rig, Duration.ofSeconds(25));
        rig.scheduler.pass(Duration.ofSeconds(24));
        assertFalse(drained.isDone());
        rig.scheduler.pass(Duration.ofSeconds(1));
        assertTrue(drained.isDone());
        assertEquals(List.of("one-" + sending), rig.scheduler.interrupted());
        assertEquals(Set.of(), rig.spool.claimed());
        assertEquals(State.QUEUED, rig.spool.get(sending).state());
        assertEquals(State.QUEUED, rig.spool.get(waiting).state());
        rig.scheduler.letGo();
        assertEquals(List.of(), rig.spool.commitments(), "the gate is shut");
        assertEquals(1, rig.spool.settlements(sending));
    }

    @Test
    void drainLeavesToTheSpoolWhatHasPassedItsCommitPoint() {
        Rig rig = rig(narrow("one", 1));
        List<CompletableFuture<Void>> drained = new ArrayList<>();
        rig.egress("one")
                .then((outbound, gate) -> {
                    gate.pass();
                    drained.add(drain(rig, Duration.ofSeconds(25)));
                    rig.scheduler.pass(Duration.ofSeconds(25));
                    assertTrue(drained.getFirst().isDone());
                    CompletableFuture<Void> closed = rig.dispatcher.closing().toCompletableFuture();
                    rig.scheduler.run();
                    assertTrue(closed.isDone());
                    return ScriptedEgress.same(UNCERTAIN).act(outbound, gate);
                });
        QueueId id = rig.send("b@example.net");
        assertEquals(Set.of(id), rig.spool.claimed());
        assertEquals(List.of(id), rig.spool.commitments());
        assertEquals(List.of(), rig.scheduler.interrupted());
    }

    @Test
    void aSpoolThatFailsIsAskedAgainLater() {
        Rig rig = rig(narrow("one", 1));
        rig.spool.failNext();
        QueueId id = rig.send("b@example.net");
        assertEquals(State.QUEUED, rig.spool.get(id).state());
        rig.scheduler.pass(ClaimWindow.SPOOL_TROUBLE_WAIT);
        assertEquals(State.SENT, rig.spool.get(id).state());
        rig.egress("one")
                .then((outbound, gate) -> {
                    rig.spool.failNext();
                    return ScriptedEgress.same(DEFERRED).act(outbound, gate);
                });
        QueueId unnoted = rig.send("c@example.net");
        assertEquals(List.of(), commitmentsOf(rig, unnoted));
        assertEquals("deferred recipient one: internal error, see the log", rig.fate(unnoted));
        assertEquals(Reason.RECIPIENT, rig.spool.get(unnoted).recipients().getFirst().reason());
    }

    private static List<QueueId> commitmentsOf(Rig rig, QueueId id) {
        return rig.spool.commitments().stream().filter(id::equals).toList();
    }
}
