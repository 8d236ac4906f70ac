package dev.postern.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConnectionSlotsTest {

    private static final Duration TICK = Duration.ofMillis(10);

    private long nanos = -Duration.ofHours(1).toNanos();
    private final ConnectionSlots slots = new ConnectionSlots(() -> nanos);
    private final List<String> closed = new ArrayList<>();

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    private ConnectionSlots.Slot enter(String name, InetAddress client) {
        pass(TICK);
        return slots.enter(client, () -> closed.add(name));
    }

    private static InetAddress address(int host) {
        try {
            return InetAddress.getByAddress(
                    new byte[] {10, (byte) (host >> 16), (byte) (host >> 8), (byte) host});
        } catch (UnknownHostException impossible) {
            throw new AssertionError(impossible);
        }
    }

    private static void run(ConnectionSlots.Slot slot) {
        slot.works();
        slot.runs();
    }

    private List<ConnectionSlots.Slot> fill() {
        return IntStream.range(0, ConnectionSlots.SLOTS)
                .mapToObj(i -> enter("crowd " + i, address(i)))
                .toList();
    }

    @Test
    void whenAllAreTakenTheLongestIdleGoes() {
        List<ConnectionSlots.Slot> crowd = fill();
        run(crowd.get(0));
        run(crowd.get(1));
        crowd.get(1).awaits();

        ConnectionSlots.Slot honest = enter("honest", address(1000));
        run(honest);

        assertEquals(List.of("crowd 2"), closed);
        assertEquals(ConnectionSlots.SLOTS, slots.count());
        for (int i = 0; i < 500; i++) {
            enter("more " + i, address(2000 + i));
        }
        assertFalse(closed.contains("honest"), "its request is under way");
        assertFalse(closed.contains("crowd 0"), "its request is under way");
        assertTrue(closed.contains("crowd 1"), "idle again, in its turn");
        assertEquals(ConnectionSlots.SLOTS, slots.count());
    }

    /// Octets that drip do not make a head younger.
    @Test
    void whoHasSentAPartOfAHeadIsIdle() {
        List<ConnectionSlots.Slot> crowd = fill();
        crowd.forEach(ConnectionSlotsTest::run);
        crowd.forEach(ConnectionSlots.Slot::awaits);
        crowd.getFirst().begins();

        run(enter("honest", address(1000)));

        assertEquals(List.of("crowd 0"), closed);
    }

    @Test
    void withoutAnIdleOneTheOneGoesThatWaitsLongest() {
        List<ConnectionSlots.Slot> crowd = fill();
        crowd.forEach(ConnectionSlotsTest::run);
        crowd.get(7).transfers();
        pass(TICK);
        crowd.get(3).transfers();

        run(enter("honest", address(1000)));
        run(enter("another", address(1001)));
        run(enter("without room", address(1002)));

        assertEquals(List.of("crowd 7", "crowd 3", "without room"), closed);
    }

    /// Whoever sends a head and then nothing has no request under way.
    @Test
    void whatIsNotRunYetIsIdle() {
        List<ConnectionSlots.Slot> crowd = fill();
        crowd.forEach(ConnectionSlots.Slot::works);
        crowd.get(0).runs();
        crowd.forEach(ConnectionSlots.Slot::transfers);

        run(enter("honest", address(1000)));

        assertEquals(List.of("crowd 1"), closed);
    }

    /// Whoever does not take its answer is as one that sends nothing.
    @Test
    void whatIsThrownAwayOrHeldBackIsIdle() throws Exception {
        List<ConnectionSlots.Slot> crowd = fill();
        crowd.forEach(ConnectionSlotsTest::run);
        crowd.get(5).answered();
        crowd.get(5).transfers();
        pass(TICK);
        CompletableFuture<Boolean> held = new CompletableFuture<>();
        Thread holder = Thread.ofVirtual().start(() -> held.complete(hold(crowd.get(9))));

        run(enter("first", address(1000)));
        while (!closed.contains("crowd 9")) {
            Thread.onSpinWait();
            slots.enter(address(1001), () -> {});
        }
        holder.join();

        assertEquals("crowd 5", closed.getFirst());
        assertFalse(held.get(), "the one that held back an answer is told that it had to go");
    }

    private static boolean hold(ConnectionSlots.Slot slot) {
        try {
            return slot.hold(Duration.ofDays(1));
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }

    @Test
    void aClientHasSoManyIdleOnes() {
        for (int i = 0; i <= ConnectionSlots.IDLE_PER_ADDRESS; i++) {
            enter("idle " + i, address(1));
        }
        enter("other", address(2));
        for (int i = 0; i < 10; i++) {
            run(enter("busy " + i, address(3)));
        }
        for (int i = 0; i <= ConnectionSlots.IDLE_PER_LOOPBACK; i++) {
            enter("local " + i, InetAddress.getLoopbackAddress());
        }
        pass(ConnectionSlots.IDLE_AT_LEAST);
        slots.sweep();

        assertEquals(Set.of("idle 0", "local 0"), Set.copyOf(closed));
        assertEquals(2, closed.size());
    }

    /// Many workers that come at once may all have something to ask.
    @Test
    void whoHasJustComeStays() {
        for (int i = 0; i < 3 * ConnectionSlots.IDLE_PER_ADDRESS; i++) {
            enter("worker " + i, address(1));
        }
        slots.sweep();
        assertEquals(List.of(), closed);

        pass(ConnectionSlots.IDLE_AT_LEAST);
        enter("late", address(1));
        assertEquals(2 * ConnectionSlots.IDLE_PER_ADDRESS + 1, closed.size());
        assertFalse(closed.contains("late"));
    }

    /// A host has a whole /64 (RFC 4291 §2.5.1).
    @Test
    void addressesOfOneNetworkAreOneClient() {
        for (int i = 0; i <= ConnectionSlots.IDLE_PER_ADDRESS; i++) {
            enter("idle " + i, InetAddress.ofLiteral("2001:db8::" + (i + 1)));
        }
        pass(ConnectionSlots.IDLE_AT_LEAST);
        slots.sweep();

        assertEquals(List.of("idle 0"), closed);
    }

    /// It is about to run, and would lose what it was asked for.
    @Test
    void whatIsReadIsNotIdle() {
        List<ConnectionSlots.Slot> crowd = fill();
        crowd.get(0).works();

        run(enter("honest", address(1000)));

        assertEquals(List.of("crowd 1"), closed);
    }

    @Test
    void aHeadHasItsTime() {
        ConnectionSlots.Slot silent = enter("silent", address(1));
        ConnectionSlots.Slot second = enter("second", address(2));
        run(second);
        second.awaits();
        pass(ConnectionSlots.HEAD_TIME);
        slots.sweep();
        assertEquals(List.of("silent"), closed);

        second.begins();
        pass(ConnectionSlots.HEAD_TIME.minus(TICK));
        slots.sweep();
        assertEquals(1, closed.size());
        pass(TICK.multipliedBy(2));
        slots.sweep();

        assertEquals(List.of("silent", "second"), closed);
        silent.leave();
        assertEquals(0, slots.count());
    }

    @Test
    void theNextRequestMayBeLongInComing() {
        ConnectionSlots.Slot one = enter("one", address(1));
        run(one);
        pass(Duration.ofDays(1));
        slots.sweep();
        one.awaits();
        pass(ConnectionSlots.IDLE_TIME);
        slots.sweep();
        assertEquals(List.of(), closed);

        pass(TICK);
        slots.sweep();
        assertEquals(List.of("one"), closed);
    }

    @Test
    void whoReadsWhyHasAMoment() {
        ConnectionSlots.Slot broken = enter("broken", address(1));
        broken.lingers();
        pass(ConnectionSlots.LINGER_TIME.plus(TICK));
        slots.sweep();

        assertEquals(List.of("broken"), closed);
    }

    /// However the octets drip, a transfer ends: in the grace, and what its size takes at the least
    /// rate. The server's own time counts for nothing.
    @Test
    void aTransferHasAnAbsoluteTime() {
        Seeds.forEach(
                50,
                random -> {
                    closed.clear();
                    ConnectionSlots.Slot slow = enter("slow", address(1));
                    run(slow);
                    long octets = 0;
                    Duration waited = Duration.ZERO;
                    while (closed.isEmpty()) {
                        Duration pause = Duration.ofMillis(random.nextInt(1, 5000));
                        slow.transfers();
                        pass(pause);
                        waited = waited.plus(pause);
                        Duration most =
                                ConnectionSlots.TRANSFER_GRACE.plusNanos(
                                        octets
                                                * 1_000_000_000
                                                / ConnectionSlots.TRANSFER_BYTES_PER_SECOND);
                        slots.sweep();
                        assertEquals(waited.compareTo(most) > 0, !closed.isEmpty());
                        int more = random.nextInt(1, 64 * 1024);
                        octets += more;
                        slow.transferred(more);
                        pass(Duration.ofSeconds(random.nextInt(100)));
                        slots.sweep();
                    }
                });
    }
}
