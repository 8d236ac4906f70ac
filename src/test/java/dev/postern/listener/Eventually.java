package dev.postern.listener;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/// Waits for what another thread is about to do.
final class Eventually {

    private static final Duration AT_MOST = Duration.ofSeconds(20);
    private static final long LOOK_EVERY_NANOS = 1_000_000;

    private Eventually() {}

    /// Returns once the condition holds.
    ///
    /// @throws AssertionError when it does not within 20 s
    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + AT_MOST.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never: " + what);
            }
            LockSupport.parkNanos(LOOK_EVERY_NANOS);
        }
    }
}
