package dev.postern.egress.http;

import dev.postern.egress.http.Exchange.HttpConnection;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Connections that wait for their next call; the one used last goes first. Thread-safe.
final class HttpConnectionPool {

    /// Most load balancers keep an idle connection for 60 s or more; Node's servers for 5 s, and
    /// they say so.
    private static final Duration IDLE_LIMIT = Duration.ofSeconds(30);

    private static final int CALLS_LIMIT = 1000;

    private final int limit;
    private final LongSupplier nanoTime;
    private final Deque<HttpConnection> idle = new ArrayDeque<>();
    private boolean closed;

    /// @param limit most connections that wait
    /// @param nanoTime the clock that measures idleness
    HttpConnectionPool(int limit, LongSupplier nanoTime) {
        this.limit = limit;
        this.nanoTime = nanoTime;
    }

    /// Returns a connection that may still work; null when there is none.
    @Nullable HttpConnection take() {
        while (true) {
            HttpConnection connection = poll();
            if (connection == null || connection.isFresh(nanoTime.getAsLong())) {
                return connection;
            }
            connection.close();
        }
    }

    private synchronized @Nullable HttpConnection poll() {
        return idle.pollFirst();
    }

    /// Takes a connection back after a call that left it fit for another.
    ///
    /// @param keepAlive how long the server says that it keeps it; null when it does not say
    void give(HttpConnection connection, @Nullable Duration keepAlive) {
        Duration wait =
                keepAlive == null || keepAlive.compareTo(IDLE_LIMIT) > 0 ? IDLE_LIMIT : keepAlive;
        connection.rest(nanoTime.getAsLong(), wait);
        if (connection.callCount() >= CALLS_LIMIT || !keep(connection)) {
            connection.close();
        }
    }

    private synchronized boolean keep(HttpConnection connection) {
        if (closed || idle.size() >= limit) {
            return false;
        }
        idle.addFirst(connection);
        return true;
    }

    /// Closes what waits, and from now on what comes back.
    void close() {
        Deque<HttpConnection> all;
        synchronized (this) {
            closed = true;
            all = new ArrayDeque<>(idle);
            idle.clear();
        }
        all.forEach(HttpConnection::close);
    }
}
