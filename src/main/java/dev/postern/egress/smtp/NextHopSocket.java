package dev.postern.egress.smtp;

import dev.postern.egress.net.TlsTrust;
import dev.postern.egress.net.TlsTrust.Witness;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/// The TCP socket of a connection. It remembers the TLS that Jakarta Mail lays over it at STARTTLS,
/// and keeps the limits that Java's sockets lack: a write that blocks and a reply that dribbles are
/// broken off by the [Watchdog], and a reply without end is an error.
///
/// For one thread at a time; [#breakOffWhenOverdue] and [#close] may be called from any.
final class NextHopSocket extends Socket {

    /// Much more than any reply, or the server's part of a TLS handshake.
    private static final int REPLY_MAX_BYTES = 256 * 1024;

    /// How long the other side may take to end TLS in style.
    private static final int FAREWELL_MILLIS = 100;

    private static final long NANOS_A_MILLI = 1_000_000;

    private final boolean mustVerify;
    private final boolean looking;
    private @Nullable Witness witness;
    private volatile @Nullable SSLSocket secured;
    private Duration limit = Duration.ZERO;
    private int replyBytes;
    private volatile boolean waiting;
    private volatile long deadlineNanos;
    private volatile boolean overdue;
    private long endNanos;
    private boolean ends;

    /// @param mustVerify whether TLS over this socket needs a certificate that verifies
    NextHopSocket(boolean mustVerify) {
        this(mustVerify, false);
    }

    private NextHopSocket(boolean mustVerify, boolean looking) {
        this.mustVerify = mustVerify;
        this.looking = looking;
    }

    /// Returns one to look by who answers: nothing is sent that strangers must not see, so any
    /// certificate will do, and what it is worth says [#witness].
    static NextHopSocket toLook() {
        return new NextHopSocket(false, true);
    }

    boolean isLooking() {
        return looking;
    }

    /// Returns what TLS over this socket showed; null where nobody looked, or before.
    @Nullable Witness witness() {
        return witness;
    }

    /// Returns the context for TLS over this socket.
    SSLContext context(TlsTrust trust) throws IOException {
        if (!looking) {
            return trust.context(mustVerify);
        }
        Witness looked = trust.witness();
        witness = looked;
        return looked.context();
    }

    boolean mustVerify() {
        return mustVerify;
    }

    void secureWith(SSLSocket tls) {
        secured = tls;
    }

    /// Returns the TLS over this socket; null while there is none.
    @Nullable SSLSocket secured() {
        return secured;
    }

    /// Returns the socket to speak through: TLS if there is any.
    Socket outermost() {
        SSLSocket tls = secured;
        return tls == null ? this : tls;
    }

    /// Connects; what is written goes out at once. Who only looks has the time for talking for the
    /// whole conversation, others for each write and each reply.
    void connectTo(InetSocketAddress address, TryLimits limits) throws IOException {
        setTcpNoDelay(true);
        allow(limits.talking());
        connect(address, Math.clamp(limits.connecting().toMillis(), 1, Integer.MAX_VALUE));
        if (looking) {
            endWithin(limits.talking());
        }
    }

    /// Says how long each write and each reply may take from now on.
    void allow(Duration time) throws IOException {
        limit = time;
        setSoTimeout(Math.clamp(time.toMillis(), 1, Integer.MAX_VALUE));
    }

    /// Says how long the whole conversation may take from now on, whatever [#allow] says of single
    /// replies: later reads time out.
    private void endWithin(Duration time) {
        endNanos = System.nanoTime() + time.toNanos();
        ends = true;
    }

    private void limitRead() throws IOException {
        if (ends) {
            long leftMillis = (endNanos - System.nanoTime()) / NANOS_A_MILLI;
            if (leftMillis <= 0) {
                throw new SocketTimeoutException("timed out");
            }
            setSoTimeout(Math.clamp(leftMillis, 1, Integer.MAX_VALUE));
        }
    }

    /// Says that the conversation is over. Jakarta Mail then closes the TLS socket, and the JDK
    /// waits for the other side's farewell as long as reads may take.
    void closeSoon() {
        if (ends) {
            endWithin(Duration.ofMillis(FAREWELL_MILLIS));
            return;
        }
        try {
            setSoTimeout(FAREWELL_MILLIS);
        } catch (IOException _) {
            // It is closed already.
        }
    }

    Duration limit() {
        return limit;
    }

    /// Begins to wait for a write or a reply.
    void beginWait() {
        replyBytes = 0;
        deadlineNanos = System.nanoTime() + limit.toNanos();
        waiting = true;
    }

    void endWait() {
        waiting = false;
    }

    /// Returns the exception that people should see: that of a closed socket hides a time-out.
    IOException named(IOException e) {
        if (!overdue) {
            return e;
        }
        IOException late = new SocketTimeoutException("timed out");
        late.initCause(e);
        return late;
    }

    /// Closes the socket if the present wait has taken too long.
    void breakOffWhenOverdue(long nowNanos) {
        if (waiting && nowNanos - deadlineNanos > 0) {
            overdue = true;
            closeQuietly();
        }
    }

    /// Closes at once, without a word of SMTP or TLS, so that it can't block.
    void closeQuietly() {
        try {
            close();
        } catch (IOException _) {
            // Nothing can be done about a socket that does not close.
        }
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new Limited(super.getInputStream());
    }

    /// Returns where to write: TLS if there is any. Each write is a wait of its own.
    OutputStream outermostOutput() throws IOException {
        return new FilterOutputStream(outermost().getOutputStream()) {
            @Override
            public void write(byte[] octets, int offset, int length) throws IOException {
                beginWait();
                try {
                    out.write(octets, offset, length);
                    out.flush();
                } catch (IOException e) {
                    throw named(e);
                } finally {
                    endWait();
                }
            }
        };
    }

    /// Counts what comes during one wait.
    private final class Limited extends FilterInputStream {

        Limited(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            limitRead();
            int count = in.read(into, offset, length);
            replyBytes += Math.max(count, 0);
            if (replyBytes > REPLY_MAX_BYTES) {
                throw new IOException("a reply without end");
            }
            return count;
        }
    }

    /// Looks at all sockets of an egress now and then: breaks off those whose write or read takes
    /// too long, and has the idle ones closed. It runs only while there are connections.
    static final class Watchdog {

        private static final long TICK_LONGEST_MILLIS = 5_000;
        private static final long TICK_SHORTEST_MILLIS = 20;

        private final Set<NextHopSocket> watched = ConcurrentHashMap.newKeySet();
        private final Duration tick;
        private final Runnable eachTick;
        private boolean running;

        /// @param shortest the shortest time-out that must be noticed
        /// @param eachTick what else to do at each look
        Watchdog(Duration shortest, Runnable eachTick) {
            this.tick =
                    Duration.ofMillis(
                            Math.clamp(
                                    shortest.toMillis() / 4,
                                    TICK_SHORTEST_MILLIS,
                                    TICK_LONGEST_MILLIS));
            this.eachTick = eachTick;
        }

        synchronized void watch(NextHopSocket socket) {
            watched.add(socket);
            if (!running) {
                running = true;
                Thread.ofVirtual().name("smtp-watchdog").start(this::run);
            }
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
                watched.removeIf(Socket::isClosed);
            }
        }

        private synchronized boolean isNeeded() {
            running = !watched.isEmpty();
            return running;
        }
    }
}
