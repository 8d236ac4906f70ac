package dev.postern.egress.http;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;

/// One connection to an API. What is written goes out at once: the commit point must not hide in a
/// buffer.
final class HttpConnection {

    private static final int STALE_LOOK_MILLIS = 1;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;
    private final AnswerReader answers;
    private int callCount;
    private long idleSinceNanos;
    private Duration idleLimit = Duration.ZERO;

    HttpConnection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
        this.answers = new AnswerReader(in);
    }

    /// Counts a call that begins, and returns where its request goes.
    OutputStream begin() {
        callCount++;
        return out;
    }

    /// Reads the present call's answer.
    ///
    /// @param patience how long the server may be silent
    HttpAnswer answer(Duration patience) throws IOException {
        socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
        return answers.read();
    }

    /// Returns how many calls went over it.
    int callCount() {
        return callCount;
    }

    /// Returns whether the last call left it fit for another: its answer has come to an end that
    /// was told, and nothing stands behind it.
    boolean isReusable() {
        try {
            return answers.isReusable() && in.available() == 0;
        } catch (IOException _) {
            return false;
        }
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
        if (nowNanos - idleSinceNanos > idleLimit.toNanos()) {
            return false;
        }
        try {
            socket.setSoTimeout(STALE_LOOK_MILLIS);
            // An octet, or the end of the stream: either way it is of no use any more.
            in.read();
            return false;
        } catch (SocketTimeoutException _) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    void close() {
        HttpDialer.close(socket);
    }
}
