package dev.postern.egress.smtp;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Looks at all sockets of an egress now and then: breaks off those whose write or read takes too
/// long, and has the idle ones closed. It runs only while there are connections.
final class Watchdog {

    private static final Duration TICK_LONGEST = Duration.ofSeconds(5);
    private static final Duration TICK_SHORTEST = Duration.ofMillis(20);

    private final Set<NextHopSocket> watched = ConcurrentHashMap.newKeySet();
    private final Duration tick;
    private final Runnable eachTick;
    private boolean running;

    /// @param shortest the shortest time-out that must be noticed
    /// @param eachTick what else to do at each look
    Watchdog(Duration shortest, Runnable eachTick) {
        Duration part = shortest.dividedBy(4);
        Duration atMost = part.compareTo(TICK_LONGEST) > 0 ? TICK_LONGEST : part;
        this.tick = atMost.compareTo(TICK_SHORTEST) < 0 ? TICK_SHORTEST : atMost;
        this.eachTick = eachTick;
    }

    synchronized void watch(NextHopSocket socket) {
        watched.add(socket);
        if (!running) {
            running = true;
            Thread.ofVirtual().name("smtp-watchdog").start(this::run);
        }
    }

    void forget(NextHopSocket socket) {
        watched.remove(socket);
    }

    private void run() {
        while (isNeeded()) {
            try {
                Thread.sleep(tick);
            } catch (InterruptedException _) {
                // Nobody has this thread to interrupt it.
                Thread.currentThread().interrupt();
            }
            eachTick.run();
            long now = System.nanoTime();
            watched.forEach(socket -> socket.breakOffWhenOverdue(now));
        }
    }

    private synchronized boolean isNeeded() {
        running = !watched.isEmpty();
        return running;
    }
}
