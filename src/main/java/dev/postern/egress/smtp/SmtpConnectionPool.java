package dev.postern.egress.smtp;

import dev.postern.egress.smtp.NextHopSocket.Watchdog;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The idle connections of an egress, the one used last on top. Thread-safe.
final class SmtpConnectionPool {

    /// When connections are reused.
    ///
    /// @param freshFor a connection idle for less is used without asking whether it is still there
    /// @param idleFor a connection idle for longer is closed
    /// @param messagesMax messages that one connection carries
    record ReuseLimits(Duration freshFor, Duration idleFor, int messagesMax) {

        /// SparkPost takes 100 messages a connection and closes it after a minute of idleness;
        /// others are no stricter.
        static final ReuseLimits USUAL =
                new ReuseLimits(Duration.ofSeconds(3), Duration.ofSeconds(10), 100);
    }

    private static final byte[] NOOP = "NOOP".getBytes(StandardCharsets.US_ASCII);
    private static final int OK = 250;

    private final Deque<SmtpConnection> idle = new ArrayDeque<>();
    private final ReuseLimits limits;
    private final LongSupplier nanoTime;
    private final Duration commandLimit;
    private final Watchdog watchdog;
    private boolean closed;

    /// @param nanoTime the clock that idleness is measured by
    /// @param commandLimit the time-out of NOOP
    /// @param shortest the shortest time-out of any connection
    SmtpConnectionPool(
            ReuseLimits limits, LongSupplier nanoTime, Duration commandLimit, Duration shortest) {
        this.limits = limits;
        this.nanoTime = nanoTime;
        this.commandLimit = commandLimit;
        this.watchdog = new Watchdog(shortest, this::closeIdle);
    }

    /// Returns the watchdog that sockets have to be given to.
    Watchdog watchdog() {
        return watchdog;
    }

    /// Returns an idle connection that was made with these credentials and still works; null if
    /// there is none.
    @Nullable SmtpConnection take(SmtpDialer.@Nullable Credentials credentials) {
        for (SmtpConnection next = poll(); next != null; next = poll()) {
            if (!Objects.equals(next.credentials(), credentials)) {
                quit(next);
            } else if (idleNanos(next) < limits.freshFor().toNanos() || answersNoop(next)) {
                return next;
            } else {
                discard(next);
            }
        }
        return null;
    }

    private boolean answersNoop(SmtpConnection connection) {
        try {
            connection.allow(commandLimit);
            connection.command(NOOP);
            connection.flush();
            return connection.readCode() == OK;
        } catch (IOException _) {
            // It was closed while idle, which is no trouble: a fresh one follows.
            return false;
        }
    }

    /// Takes back a connection that can carry another message.
    void putBack(SmtpConnection connection) {
        if (connection.messages() >= limits.messagesMax() || !keep(connection)) {
            quit(connection);
        }
    }

    private synchronized boolean keep(SmtpConnection connection) {
        if (!closed) {
            connection.idleSince(nanoTime.getAsLong());
            idle.push(connection);
        }
        return !closed;
    }

    private synchronized @Nullable SmtpConnection poll() {
        return idle.poll();
    }

    private long idleNanos(SmtpConnection connection) {
        return nanoTime.getAsLong() - connection.idleSince();
    }

    /// Closes a connection that is broken or in an unknown state.
    void discard(SmtpConnection connection) {
        watchdog.forget(connection.socket());
        connection.close();
    }

    /// Closes those that were idle for too long.
    private void closeIdle() {
        List<SmtpConnection> old = new ArrayList<>();
        synchronized (this) {
            while (!idle.isEmpty() && idleNanos(idle.getLast()) > limits.idleFor().toNanos()) {
                old.add(idle.removeLast());
            }
        }
        old.forEach(this::quit);
    }

    /// The next hop's answer to QUIT is awaited by a thread of its own, so that no message waits
    /// for it.
    private void quit(SmtpConnection connection) {
        Thread.ofVirtual()
                .name("smtp-quit")
                .start(() -> {
                    connection.quit();
                    watchdog.forget(connection.socket());
                });
    }

    /// Closes the idle connections, and those under way once they come back.
    void close() {
        List<SmtpConnection> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(idle);
            idle.clear();
        }
        all.forEach(this::quit);
    }
}
