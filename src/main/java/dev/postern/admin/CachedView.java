package dev.postern.admin;

import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Remembers a view for a moment, so that one scrape, which asks for it gauge by gauge, sees one
/// state and costs one look.
final class CachedView<T> implements Supplier<T> {

    private static final Duration MOMENT = Duration.ofMillis(500);

    private final Supplier<T> source;
    private final LongSupplier nanoTime;
    private @Nullable T value;
    private long takenNanos;

    CachedView(Supplier<T> source, LongSupplier nanoTime) {
        this.source = source;
        this.nanoTime = nanoTime;
    }

    @Override
    public synchronized T get() {
        long now = nanoTime.getAsLong();
        T known = value;
        if (known == null || now - takenNanos > MOMENT.toNanos()) {
            known = source.get();
            value = known;
            takenNanos = now;
        }
        return known;
    }
}
