package dev.postern.admin;

import dev.postern.smtp.FailureThrottle.ClientNetwork;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The connections of one socket: how many there may be, how long each may keep its client's
/// silence, and which one goes for another. What comes to a port that is open to a cluster may cost
/// that port nothing: whoever sends a request at once is always served.
///
/// A connection is *idle* while no request of it is under way: nothing has come yet, or not all of
/// what must be there before it is run, or the answer is out and what is left of a body is thrown
/// away, or the answer to a wrong token is held back. While the server has the word it is not.
///
/// *Contract.* The caller tells what a connection does, in [Slot]; a slot that ends has its `close`
/// called, once, on the thread that needed the room or in [#sweep].
///
/// *Limits.* [#SLOTS] connections. When all are taken the one goes that has been idle longest;
/// without an idle one, the one that has waited longest for its client in the middle of a request,
/// be it for octets or for room to send some; without such a one, the newcomer. [#IDLE_PER_ADDRESS]
/// idle ones of one client ([#IDLE_PER_LOOPBACK] on loopback); beyond, the longest idle of that
/// client go, but none that has been idle for less than [#IDLE_AT_LEAST]: what it asks for may be
/// on its way.
///
/// A head has [#HEAD_TIME], from the first octet or, for the first one, from the start of the
/// connection. The next request may be [#IDLE_TIME] in coming. While a request is under way its
/// client may keep the server waiting for [#TRANSFER_GRACE] in all, and for as long again as what
/// came and went takes at [#TRANSFER_BYTES_PER_SECOND]: so a body has an absolute time as well. To
/// read an error after a request that could not be read to its end, there is [#LINGER_TIME].
final class ConnectionSlots {

    static final int SLOTS = 64;
    static final int IDLE_PER_ADDRESS = 8;
    static final int IDLE_PER_LOOPBACK = 32;
    static final Duration IDLE_AT_LEAST = Duration.ofSeconds(1);
    static final Duration HEAD_TIME = Duration.ofSeconds(5);
    static final Duration IDLE_TIME = Duration.ofMinutes(1);
    static final Duration TRANSFER_GRACE = Duration.ofSeconds(30);
    static final int TRANSFER_BYTES_PER_SECOND = 4 * 1024;
    static final Duration LINGER_TIME = Duration.ofSeconds(1);

    private static final long NANOS_PER_SECOND = Duration.ofSeconds(1).toNanos();

    private final LongSupplier nanoTime;
    private final List<Slot> taken = new ArrayList<>();

    ConnectionSlots(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /// What a connection does, and so for how long it may.
    private enum Doing {
        /// Waits for the rest of a head; a new connection waits for its first.
        HEAD,
        /// Waits for the next request.
        NOTHING,
        /// Waits for a body, or for the client to take what is sent.
        TRANSFER,
        /// The server has the word.
        WORK,
        /// Holds an answer back.
        HOLD,
        /// Is about to close, and lets the client read why.
        LINGER
    }

    /// Takes in a connection; one that was there may have to go.
    ///
    /// @param close ends the connection, whatever it does
    Slot enter(InetAddress client, Runnable close) {
        Slot slot = new Slot(client, close, nanoTime.getAsLong());
        List<Slot> going = new ArrayList<>();
        synchronized (this) {
            taken.add(slot);
            going.addAll(tooMany());
            if (taken.size() - going.size() > SLOTS) {
                going.add(next(slot));
            }
            taken.removeAll(going);
        }
        going.forEach(Slot::end);
        return slot;
    }

    /// Ends the connections whose time is over, and idle ones of clients who have too many. To be
    /// called several times a second.
    void sweep() {
        List<Slot> going = new ArrayList<>();
        synchronized (this) {
            long now = nanoTime.getAsLong();
            taken.stream().filter(slot -> slot.isLate(now)).forEach(going::add);
            taken.removeAll(going);
            going.addAll(tooMany());
            taken.removeAll(going);
        }
        going.forEach(Slot::end);
    }

    /// How many connections there are.
    synchronized int count() {
        return taken.size();
    }

    /// Returns the idle ones that go because their clients have too many.
    private List<Slot> tooMany() {
        long now = nanoTime.getAsLong();
        Map<ClientNetwork, List<Slot>> idle = new HashMap<>();
        for (Slot slot : taken) {
            if (slot.isIdle()) {
                idle.computeIfAbsent(slot.client, _ -> new ArrayList<>()).add(slot);
            }
        }
        List<Slot> going = new ArrayList<>();
        for (List<Slot> its : idle.values()) {
            int most = its.getFirst().onLoopback ? IDLE_PER_LOOPBACK : IDLE_PER_ADDRESS;
            its.stream()
                    .sorted(Comparator.comparingLong(slot -> slot.idleSinceNanos - now))
                    .limit(Math.max(0, its.size() - most))
                    .filter(slot -> now - slot.idleSinceNanos >= IDLE_AT_LEAST.toNanos())
                    .forEach(going::add);
        }
        return going;
    }

    private Slot next(Slot newcomer) {
        Predicate<Slot> others = slot -> slot != newcomer;
        return longest(others.and(Slot::isIdle))
                .or(() -> longest(others.and(slot -> slot.doing == Doing.TRANSFER)))
                .orElse(newcomer);
    }

    private Optional<Slot> longest(Predicate<Slot> which) {
        Stream<Slot> all = taken.stream().filter(which);
        long now = nanoTime.getAsLong();
        return all.max(
                Comparator.comparingLong(
                        slot -> now - (slot.isIdle() ? slot.idleSinceNanos : slot.sinceNanos)));
    }

    /// A connection's slot. The connection's own thread tells here what it does.
    final class Slot {

        private final ClientNetwork client;
        private final boolean onLoopback;
        private final Runnable close;
        private final CountDownLatch ended = new CountDownLatch(1);
        private Doing doing = Doing.HEAD;
        private boolean underWay;

        /// When it began to do what it does, and when it became idle.
        private long sinceNanos;

        private long idleSinceNanos;

        /// What the request under way has had of the client's time, and what came and went.
        private long waitedNanos;

        private long transferredBytes;

        private Slot(InetAddress client, Runnable close, long now) {
            this.client = ClientNetwork.of(client);
            this.onLoopback = client.isLoopbackAddress();
            this.close = close;
            this.sinceNanos = now;
            this.idleSinceNanos = now;
        }

        /// The last request is done with, and the next may come.
        void awaits() {
            synchronized (ConnectionSlots.this) {
                becomes(Doing.NOTHING);
                becomesIdle();
            }
        }

        /// The next request begins to come.
        void begins() {
            synchronized (ConnectionSlots.this) {
                becomes(Doing.HEAD);
            }
        }

        /// The head is here, and the server has the word.
        void works() {
            synchronized (ConnectionSlots.this) {
                becomes(Doing.WORK);
                waitedNanos = 0;
                transferredBytes = 0;
            }
        }

        /// The request is run.
        void runs() {
            synchronized (ConnectionSlots.this) {
                underWay = true;
            }
        }

        /// More of a body is waited for, or for the client to take a part of the answer.
        void transfers() {
            synchronized (ConnectionSlots.this) {
                if (doing == Doing.WORK) {
                    becomes(Doing.TRANSFER);
                }
            }
        }

        /// So much came or went, and the server has the word again.
        void transferred(int octets) {
            synchronized (ConnectionSlots.this) {
                if (doing == Doing.TRANSFER) {
                    waitedNanos += nanoTime.getAsLong() - sinceNanos;
                    transferredBytes += octets;
                    becomes(Doing.WORK);
                }
            }
        }

        /// The answer is out; the rest of the request may still be to come.
        void answered() {
            synchronized (ConnectionSlots.this) {
                becomesIdle();
            }
        }

        /// Holds the answer back.
        ///
        /// @return whether the connection is still there
        boolean hold(Duration wait) throws InterruptedException {
            synchronized (ConnectionSlots.this) {
                becomes(Doing.HOLD);
                idleSinceNanos = sinceNanos;
            }
            boolean gone = ended.await(wait.toNanos(), TimeUnit.NANOSECONDS);
            synchronized (ConnectionSlots.this) {
                becomes(Doing.WORK);
            }
            return !gone;
        }

        /// Nothing more is understood: it closes once the client has read why.
        void lingers() {
            synchronized (ConnectionSlots.this) {
                becomes(Doing.LINGER);
                becomesIdle();
            }
        }

        /// The connection is closed.
        void leave() {
            synchronized (ConnectionSlots.this) {
                taken.remove(this);
            }
        }

        private void becomes(Doing what) {
            doing = what;
            sinceNanos = nanoTime.getAsLong();
        }

        private void becomesIdle() {
            underWay = false;
            idleSinceNanos = nanoTime.getAsLong();
        }

        private boolean isIdle() {
            return (!underWay && doing != Doing.WORK) || doing == Doing.HOLD;
        }

        private boolean isLate(long now) {
            long nanos = now - sinceNanos;
            return switch (doing) {
                case HEAD -> nanos > HEAD_TIME.toNanos();
                case NOTHING -> nanos > IDLE_TIME.toNanos();
                case LINGER -> nanos > LINGER_TIME.toNanos();
                case TRANSFER -> waitedNanos + nanos > TRANSFER_GRACE.toNanos() + earnedNanos();
                case WORK, HOLD -> false;
            };
        }

        private long earnedNanos() {
            return transferredBytes * NANOS_PER_SECOND / TRANSFER_BYTES_PER_SECOND;
        }

        private void end() {
            ended.countDown();
            close.run();
        }
    }
}
