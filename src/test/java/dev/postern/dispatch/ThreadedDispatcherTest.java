package dev.postern.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common.WhenLimited;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.spool.DueQueue;
import dev.postern.testing.Await;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.FakeSpool;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The dispatcher on real threads and in real time.
@Timeout(60)
class ThreadedDispatcherTest {

    private static final Duration LONG = Duration.ofSeconds(50);

    private final FakeSpool spool = new FakeSpool(InstantSource.system());

    private Dispatcher dispatcher(Egress egress, DispatchObserver observer) {
        return new Dispatcher(
                new Dispatcher.Settings(
                        List.of(EgressConfigs.egress("one", 4, List.of(), null, WhenLimited.WAIT)),
                        Rig.RETRY,
                        Rig.ACKNOWLEDGE_TIMEOUT),
                spool,
                List.of(egress),
                observer,
                new Scheduler.OnThreads(InstantSource.system()),
                new SplittableRandom(1));
    }

    /// Counts how many calls run at once.
    private static final class Crowd implements Egress {

        private static final long CALL_NANOS = 100_000;

        private final AtomicInteger inside = new AtomicInteger();
        private final AtomicInteger most = new AtomicInteger();

        @Override
        public String name() {
            return "one";
        }

        @Override
        public Delivery send(OutboundMessage outbound, CommitGate gate) {
            most.accumulateAndGet(inside.incrementAndGet(), Math::max);
            LockSupport.parkNanos(CALL_NANOS);
            gate.pass();
            inside.decrementAndGet();
            return Delivery.same(outbound.envelope().recipients(), ScriptedEgress.ACCEPTED);
        }

        @Override
        public Probe probe() {
            return new Probe.Passed("fine");
        }

        @Override
        public void close() {}
    }

    @Test
    void manyMessagesGoAsManyAtOnceAsAllowed() {
        Crowd crowd = new Crowd();
        Dispatcher dispatcher = dispatcher(crowd, new DispatchObserver() {});
        dispatcher.start();
        for (int i = 0; i < 500; i++) {
            spool.add("a@example.org", "b@example.net");
        }
        dispatcher.drain(LONG);
        dispatcher.close();
        assertTrue(crowd.most.get() <= 4, () -> "at once: " + crowd.most);
        assertTrue(spool.all().stream().allMatch(message -> message.state() == State.SENT));
        assertEquals(500, spool.settled());
        assertEquals(List.of(), spool.violations());
    }

    @Test
    void drainInterruptsWhatHangsBeforeItsCommitPoint() throws InterruptedException {
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        ScriptedEgress egress =
                new ScriptedEgress("one")
                        .then((outbound, gate) -> {
                            hanging.countDown();
                            boolean committed = awaitForEver() && gate.pass();
                            ended.countDown();
                            assertTrue(!committed);
                            Outcome off =
                                    new Outcome.Unavailable("interrupted", Fault.NETWORK, null);
                            return Delivery.same(outbound.envelope().recipients(), off);
                        });
        Dispatcher dispatcher = dispatcher(egress, new DispatchObserver() {});
        dispatcher.start();
        QueueId id = spool.add("a@example.org", "b@example.net");
        hanging.await();
        dispatcher.drain(Duration.ofMillis(10));
        ended.await();
        dispatcher.close();
        assertEquals(State.QUEUED, spool.get(id).state());
        assertEquals(Set.of(), spool.claimed());
        assertEquals(List.of(), spool.commitments());
        assertEquals(1, spool.settlements(id));
    }

    /// A message that must be alone, or waits for one that must be, keeps its own thread only.
    @Test
    void whatWaitsToBePreparedKeepsNobodyFromDraining() throws InterruptedException {
        CountDownLatch waits = new CountDownLatch(1);
        CountDownLatch turn = new CountDownLatch(1);
        DueQueue busy =
                (DueQueue)
                        Proxy.newProxyInstance(
                                DueQueue.class.getClassLoader(),
                                new Class<?>[] {DueQueue.class},
                                (_, method, arguments) -> {
                                    if (method.getName().equals("preparing")) {
                                        waits.countDown();
                                        awaitDeafly(turn);
                                    }
                                    return method.invoke(spool, arguments);
                                });
        CountDownLatch ended = new CountDownLatch(1);
        ScriptedEgress egress =
                new ScriptedEgress("one")
                        .then((outbound, gate) -> {
                            gate.preparing();
                            ended.countDown();
                            return ScriptedEgress.same(ScriptedEgress.ACCEPTED).act(outbound, gate);
                        });
        Dispatcher dispatcher =
                new Dispatcher(
                        new Dispatcher.Settings(
                                List.of(EgressConfigs.egress("one")),
                                Rig.RETRY,
                                Rig.ACKNOWLEDGE_TIMEOUT),
                        busy,
                        List.of(egress),
                        new DispatchObserver() {},
                        new Scheduler.OnThreads(InstantSource.system()),
                        new SplittableRandom(1));
        dispatcher.start();
        QueueId id = spool.add("a@example.org", "b@example.net");
        waits.await();
        dispatcher.drain(Duration.ofMillis(10));
        assertEquals(State.QUEUED, spool.get(id).state());
        turn.countDown();
        ended.await();
        dispatcher.close();
        Await.until("nothing is prepared", () -> spool.preparing().isEmpty());
        assertEquals(List.of(), spool.commitments());
    }

    private static void awaitDeafly(CountDownLatch latch) {
        boolean interrupted = false;
        while (latch.getCount() > 0) {
            try {
                latch.await();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns true when interrupted.
    private static boolean awaitForEver() {
        try {
            new CountDownLatch(1).await();
            return false;
        } catch (InterruptedException e) {
            return true;
        }
    }
}
