package dev.postern.egress.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PlainSocket;
import io.helidon.common.socket.TlsSocket;
import io.helidon.webclient.api.ClientConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import javax.net.ssl.SSLSocket;

/// One connection to an API, as Helidon's client wants to see it. We make it ourselves, so that
/// name, proxy, TLS, time-outs and the octets written are in our hands.
final class Connection implements ClientConnection {

    private static final int STALE_LOOK_MILLIS = 1;

    private final Socket socket;
    private final HelidonSocket helidonSocket;
    private final FinalAnswers answers;
    private final DataReader reader;
    private final DataWriter writer;
    private boolean released;
    private int callCount;
    private long idleSinceNanos;
    private Duration idleLimit = Duration.ZERO;

    Connection(Socket socket) {
        this.socket = socket;
        String id = "0x" + Integer.toHexString(System.identityHashCode(socket));
        this.helidonSocket =
                socket instanceof SSLSocket tls
                        ? TlsSocket.client(tls, id)
                        : PlainSocket.client(socket, id);
        this.answers = new FinalAnswers(helidonSocket);
        this.reader = DataReader.create(answers);
        this.writer = new DirectWriter(helidonSocket);
    }

    /// Writes at once: the body comes in large pieces, and the commit point must not hide in a
    /// buffer.
    private record DirectWriter(HelidonSocket to) implements DataWriter {

        @Override
        public void write(BufferData... buffers) {
            for (BufferData buffer : buffers) {
                to.write(buffer);
            }
        }

        @Override
        public void write(BufferData buffer) {
            to.write(buffer);
        }

        @Override
        public void writeNow(BufferData... buffers) {
            write(buffers);
        }

        @Override
        public void writeNow(BufferData buffer) {
            write(buffer);
        }
    }

    /// Counts a call that begins.
    void begin() {
        callCount++;
        released = false;
        answers.expect();
    }

    /// Returns whether calls went over it before the present one.
    boolean isUsed() {
        return callCount > 1;
    }

    /// Returns whether the present call's answer begins as HTTP's do.
    boolean isHttp() {
        return answers.isHttp();
    }

    /// Returns how many calls went over it.
    int callCount() {
        return callCount;
    }

    /// Returns whether the last call left it fit for another.
    boolean isReleased() {
        return released;
    }

    /// Notes that it waits for its next call.
    ///
    /// @param limit how long it is worth keeping
    void rest(long nowNanos, Duration limit) {
        idleSinceNanos = nowNanos;
        idleLimit = limit;
    }

    /// Returns whether it may still work: it has not waited too long, and nothing has come
    /// meanwhile, neither the end of the stream nor words that nobody asked for.
    boolean isFresh(long nowNanos) {
        if (nowNanos - idleSinceNanos > idleLimit.toNanos() || reader.available() > 0) {
            return false;
        }
        try {
            socket.setSoTimeout(STALE_LOOK_MILLIS);
            byte[] unasked = helidonSocket.get();
            // Something, or null at the end of the stream: either way it is of no use any more.
            return unasked != null && unasked.length == 0;
        } catch (UncheckedIOException e) {
            return e.getCause() instanceof SocketTimeoutException;
        } catch (IOException _) {
            return false;
        }
    }

    @Override
    public DataReader reader() {
        return reader;
    }

    @Override
    public DataWriter writer() {
        return writer;
    }

    @Override
    public String channelId() {
        return helidonSocket.childSocketId();
    }

    @Override
    public HelidonSocket helidonSocket() {
        return helidonSocket;
    }

    @Override
    public void readTimeout(Duration readTimeout) {
        try {
            socket.setSoTimeout(Math.toIntExact(readTimeout.toMillis()));
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean allowExpectContinue() {
        return false;
    }

    @Override
    public void releaseResource() {
        released = true;
    }

    @Override
    public void closeResource() {
        released = false;
        Dialer.close(socket);
    }
}
