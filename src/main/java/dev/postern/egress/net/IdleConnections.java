package dev.postern.egress.net;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The connections of an egress that wait for their next use; the one used last goes first.
/// Thread-safe.
///
/// *Limits.* As many as its users have at once: each keeps only what it took, or made because there
/// was none.
///
/// @param <C> the connections
public final class IdleConnections<C> {

    private final Deque<Idle<C>> waiting = new ArrayDeque<>();
    private final LongSupplier nanoTime;
    private final Consumer<C> ending;
    private boolean closed;

    /// @param nanoTime the clock that measures idleness
    /// @param ending ends a connection that is not used any more
    public IdleConnections(LongSupplier nanoTime, Consumer<C> ending) {
        this.nanoTime = nanoTime;
        this.ending = ending;
    }

    private record Idle<C>(C connection, long sinceNanos) {}

    /// Returns the first connection that is fit for another use; null when none is.
    ///
    /// @param fit is told how long each has been idle, and closes those that it refuses
    public @Nullable C take(BiPredicate<C, Duration> fit) {
        for (Idle<C> next = poll(); next != null; next = poll()) {
            if (fit.test(next.connection(), idleness(next))) {
                return next.connection();
            }
        }
        return null;
    }

    private synchronized @Nullable Idle<C> poll() {
        return waiting.poll();
    }

    private Duration idleness(Idle<C> idle) {
        return Duration.ofNanos(nanoTime.getAsLong() - idle.sinceNanos());
    }

    /// Keeps a connection for another use, or ends it when this is closed.
    public void keep(C connection) {
        synchronized (this) {
            if (!closed) {
                waiting.push(new Idle<>(connection, nanoTime.getAsLong()));
                return;
            }
        }
        ending.accept(connection);
    }

    /// Ends those that have been idle for longer.
    public void endIdleFor(Duration longest) {
        List<Idle<C>> old = new ArrayList<>();
        synchronized (this) {
            while (!waiting.isEmpty() && idleness(waiting.getLast()).compareTo(longest) > 0) {
                old.add(waiting.removeLast());
            }
        }
        old.forEach(idle -> ending.accept(idle.connection()));
    }

    /// Ends all that wait, and from now on what comes back.
    public void close() {
        List<Idle<C>> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(waiting);
            waiting.clear();
        }
        all.forEach(idle -> ending.accept(idle.connection()));
    }
}
