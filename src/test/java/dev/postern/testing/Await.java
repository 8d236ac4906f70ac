package dev.postern.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Waits for something that another process does: asks again and again until it is so.
///
/// The limits are generous, because they end only tests that have failed already.
public final class Await {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final long PAUSE_NANOS = Duration.ofMillis(10).toNanos();

    private Await() {}

    /// Returns once the condition holds.
    ///
    /// @throws AssertionError when it doesn't within a minute
    public static void until(String what, BooleanSupplier condition) {
        until(what, LIMIT, condition);
    }

    /// Returns once the condition holds.
    ///
    /// @throws AssertionError when it doesn't within the limit
    public static void until(String what, Duration limit, BooleanSupplier condition) {
        value(what, limit, () -> condition.getAsBoolean() ? Optional.of(what) : Optional.empty());
    }

    /// Returns the value once there is one.
    ///
    /// @throws AssertionError when there is none within a minute
    public static <T> T value(String what, Supplier<Optional<T>> source) {
        return value(what, LIMIT, source);
    }

    /// Returns the value once there is one.
    ///
    /// @throws AssertionError when there is none within the limit
    public static <T> T value(String what, Duration limit, Supplier<Optional<T>> source) {
        long begun = System.nanoTime();
        Optional<T> value = source.get();
        while (value.isEmpty()) {
            if (System.nanoTime() - begun > limit.toNanos()) {
                throw new AssertionError("waited " + limit.toSeconds() + " s for: " + what);
            }
            LockSupport.parkNanos(PAUSE_NANOS);
            value = source.get();
        }
        return value.get();
    }
}
