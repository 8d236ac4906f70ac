package dev.postern.dispatch;

import static dev.postern.dispatch.ScriptedEgress.DEFERRED;
import static dev.postern.dispatch.ScriptedEgress.REFUSED;
import static dev.postern.dispatch.ScriptedEgress.REJECTED;
import static dev.postern.dispatch.ScriptedEgress.UNCERTAIN;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import dev.postern.reception.ImmediateDelivery.Result;
import dev.postern.spool.MessageState;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.FakeSpool;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Sending while the client waits: `acknowledge: sent`.
class SendNowTest {

    private static final QueueId ID = new QueueId(7);

    private static CompletableFuture<Result> send(Rig rig, String... recipients) {
        CompletableFuture<Result> result =
                rig.dispatcher
                        .send(acceptance(rig, recipients), FakeSpool.octets())
                        .toCompletableFuture();
        rig.scheduler.run();
        return result;
    }

    private static MessageState acceptance(Rig rig, String... recipients) {
        return MessageState.queued(
                ID,
                new Envelope(
                        new ReversePath("a@example.org"),
                        Stream.of(recipients).map(ForwardPath::new).toList(),
                        false),
                new Origin("127.0.0.1", "app", "ESMTP", null),
                rig.scheduler.now(),
                new ContentTraits(false, false, 10),
                "x");
    }

    private static Result.Taken taken(Result result) {
        return assertInstanceOf(Result.Taken.class, result);
    }

    /// Asserts that none was accepted and another try could help.
    private static String notNow(Result result) {
        return assertInstanceOf(Result.NotNow.class, result).words();
    }

    private static List<State> states(Result.Taken result) {
        return result.recipients().stream().map(r -> r.state()).toList();
    }

    /// The first timer that is asked for is that of the client's patience.
    @Test
    void aClientThatOurFaultKeepsFromBeingServedIsAnswered() {
        Rig rig = Rig.of("one");
        boolean[] failing = {false};
        Scheduler scheduler =
                (Scheduler)
                        Proxy.newProxyInstance(
                                Scheduler.class.getClassLoader(),
                                new Class<?>[] {Scheduler.class},
                                (_, method, arguments) -> {
                                    if (failing[0] && method.getName().equals("at")) {
                                        failing[0] = false;
                                        throw new OutOfMemoryError("a test wants it");
                                    }
                                    return method.invoke(rig.scheduler, arguments);
                                });
        Dispatcher dispatcher =
                new Dispatcher(
                        new Dispatcher.Settings(
                                List.of(EgressConfigs.egress("one")),
                                Rig.RETRY,
                                Rig.ACKNOWLEDGE_TIMEOUT),
                        rig.spool,
                        List.of(rig.egress("one")),
                        rig,
                        scheduler,
                        new SplittableRandom(1));
        dispatcher.start();
        rig.scheduler.run();
        failing[0] = true;
        CompletableFuture<Result> result =
                dispatcher
                        .send(acceptance(rig, "b@example.net"), FakeSpool.octets())
                        .toCompletableFuture();
        rig.scheduler.run();
        assertTrue(result.isDone());
        notNow(result.join());
    }

    @Test
    void acceptedIsSentWithTheEgressAndItsWords() {
        Rig rig = Rig.of("one").start();
        Result.Taken result = taken(send(rig, "b@example.net").join());
        assertEquals("one", result.egress());
        assertEquals("250 2.0.0 taken", result.words());
        assertEquals(1, result.attempts().size());
        assertEquals(List.of(), rig.spool.commitments(), "it is not in the spool");
    }

    @Test
    void whatIsOverIsForgottenAtOnce() {
        Rig rig = Rig.of("one").start();
        int timers = rig.scheduler.timers();
        for (int i = 0; i < 9; i++) {
            send(rig, "b@example.net").join();
        }
        assertEquals(timers, rig.scheduler.timers());
    }

    @Test
    void oneAcceptedIsSentAndTheRestIsOwed() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(Map.of("c@x.example", REJECTED, "d@x.example", DEFERRED));
        Result.Taken result = taken(send(rig, "b@x.example", "c@x.example", "d@x.example").join());
        assertEquals(List.of(State.SENT, State.FAILED, State.DEFERRED), states(result));
        assertTrue(result.due().isAfter(rig.scheduler.now().plusSeconds(23)));
    }

    @Test
    void allRefusedTellsTheFirstRefusal() {
        Rig rig = Rig.of("one").start();
        rig.egress("one")
                .then(
                        Map.of(
                                "b@x.example", new Outcome.Rejected("550 5.1.1 no b"),
                                "c@x.example", new Outcome.Rejected("554 5.7.1 no c")));
        assertEquals(
                new Result.Refused("550 5.1.1 no b"),
                send(rig, "b@x.example", "c@x.example").join());
        assertEquals(List.of(ID), rig.done);
    }

    @Test
    void noneAcceptedAndOneTemporaryIsTemporary() {
        Rig rig = Rig.of("one").start();
        rig.egress("one").then(Map.of("b@x.example", REJECTED, "c@x.example", DEFERRED));
        assertEquals("450 4.2.1 later", notNow(send(rig, "b@x.example", "c@x.example").join()));
        assertEquals(List.of(), rig.done);
    }

    @Test
    void anotherEgressIsAskedAtOnce() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(REFUSED);
        assertEquals("two", taken(send(rig, "b@example.net").join()).egress());
        assertEquals(List.of("two instead of one"), rig.fallbacks);
    }

    @Test
    void withNoWayOutItIsTemporary() {
        notNow(send(Rig.of().start(), "b@x.example").join());
        Rig rig = Rig.of("one").start();
        rig.egress("one").usually(REFUSED);
        assertEquals("connection refused", notNow(send(rig, "b@example.net").join()));
    }

    @Test
    void aLostAnswerIsTemporaryAndUncertain() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one").then(UNCERTAIN);
        notNow(send(rig, "b@example.net").join());
        assertEquals(OutcomeClass.UNCERTAIN, rig.attempts.getFirst().outcome());
        assertEquals(List.of(), rig.egress("two").calls());
    }

    @Test
    void beforeItsCommitPointTheAttemptIsBrokenOffInTime() {
        Rig rig = Rig.of("one").start();
        rig.scheduler.hold();
        CompletableFuture<Result> result = send(rig, "b@example.net");
        rig.scheduler.pass(Rig.ACKNOWLEDGE_TIMEOUT.minusSeconds(1));
        assertFalse(result.isDone());
        rig.scheduler.pass(Duration.ofSeconds(1));
        assertEquals("not sent within acknowledge-timeout", notNow(result.join()));
        assertEquals(
                List.of("one unavailable broken off: not sent within acknowledge-timeout"),
                lines(rig.attempts));
        assertEquals(Rig.ACKNOWLEDGE_TIMEOUT, rig.attempts.getFirst().took());
        assertEquals(List.of("one-" + ID), rig.scheduler.interrupted());
        assertEquals(1, rig.scheduler.underWay("one"), "its slot is taken until its thread ends");
        rig.scheduler.letGo();
        assertEquals(0, rig.scheduler.underWay("one"));
        assertEquals(1, rig.attempts.size(), "what comes after does not count");
    }

    private static List<String> lines(List<Attempt> attempts) {
        return attempts.stream()
                .map(a -> a.egress() + " " + a.outcome().word() + " " + a.reply())
                .toList();
    }

    @Test
    void afterItsCommitPointTheAnswerIsAwaited() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one")
                .then((outbound, gate) -> {
                    gate.pass();
                    rig.scheduler.pass(Duration.ofMinutes(9));
                    return ScriptedEgress.same(ScriptedEgress.ACCEPTED).act(outbound, () -> true);
                });
        taken(send(rig, "b@example.net").join());
    }

    @Test
    void afterItsTimeNoFurtherEgressIsAsked() {
        Rig rig = Rig.of("one", "two").start();
        rig.egress("one")
                .then((outbound, gate) -> {
                    gate.pass();
                    rig.scheduler.pass(Duration.ofMinutes(1));
                    return ScriptedEgress.same(REFUSED).act(outbound, gate);
                });
        notNow(send(rig, "b@example.net").join());
        assertEquals(List.of(), rig.egress("two").calls());
    }

    @Test
    void itSharesTheLimitsOfQueuedMailAndGoesFirst() {
        Rig rig =
                new Rig(
                                new SplittableRandom(1),
                                EgressConfigs.egress("one", 1, List.of(), null, WhenLimited.WAIT))
                        .start();
        rig.scheduler.hold();
        rig.send("first@example.net");
        rig.send("queued@example.net");
        CompletableFuture<Result> result = send(rig, "now@example.net");
        assertEquals(1, rig.scheduler.underWay("one"));
        rig.scheduler.letGo();
        taken(result.join());
        assertEquals(
                List.of("first@example.net", "now@example.net", "queued@example.net"),
                rig.egress("one").calls());
    }

    @Test
    void afterTheDrainItIsTemporary() {
        Rig rig = Rig.of("one").start();
        CompletableFuture<Void> drained =
                rig.dispatcher.draining(Duration.ofSeconds(1)).toCompletableFuture();
        rig.scheduler.run();
        assertTrue(drained.isDone());
        notNow(send(rig, "b@example.net").join());
    }
}
