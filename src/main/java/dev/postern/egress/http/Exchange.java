package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.CommitGate.BrokenOff;
import dev.postern.egress.http.HttpDialer.StageFailure;
import dev.postern.egress.http.HttpResult.Failed;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.outcome.Stage;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One call. A thread of its own does the work, which nobody interrupts; the calling thread watches
/// the clock and breaks the work off by closing its socket, as long as that is allowed.
final class Exchange {

    private static final Duration GRACE = Duration.ofSeconds(2);

    /// What the gate makes a call wait for is none of the server's time: more than it ever takes.
    private static final Duration GATE_LIMIT = Duration.ofMinutes(2);

    private static final int LOOKUPS_AND_ADDRESSES = 3;
    private static final String USER_AGENT = "Postern";

    /// What a gateway says when the server behind it is silent.
    private static final Set<Integer> GATEWAYS = Set.of(502, 504);

    private static final Pattern KEEP_ALIVE = Pattern.compile("timeout=(\\d{1,6})");

    /// Who has the last word about this call.
    private enum State {
        /// It can be broken off.
        OPEN,
        /// The commit gate was passed.
        COMMITTED,
        /// It was broken off; the gate must not be passed any more.
        BROKEN_OFF
    }

    private final Http http;
    private final Common common;
    private final HttpCall call;
    private final CommitGate gate;

    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
    private volatile Stage stage = Stage.CONNECT;
    private volatile long deadlineNanos;
    private volatile @Nullable Socket dialing;
    private volatile @Nullable HttpConnection connection;
    private volatile @Nullable IOException ended;
    private @Nullable IOException writeFailure;

    Exchange(Http http, HttpCall call, CommitGate gate) {
        this.http = http;
        this.common = http.common;
        this.call = call;
        this.gate = gate;
    }

    /// Makes the call and returns what came of it.
    HttpResult run() {
        allow(
                common.connectTimeout()
                        .multipliedBy(LOOKUPS_AND_ADDRESSES)
                        .plus(common.commandTimeout()));
        FutureTask<HttpResult> work = new FutureTask<>(this::work);
        Thread.ofVirtual().name("http-call").start(work);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return await(work);
                } catch (InterruptedException _) {
                    interrupted = true;
                    breakOff(new BrokenOff("interrupted"));
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private HttpResult await(FutureTask<HttpResult> work) throws InterruptedException {
        while (true) {
            try {
                long left = deadlineNanos - System.nanoTime();
                return work.get(Math.max(left, 0), TimeUnit.NANOSECONDS);
            } catch (TimeoutException _) {
                HttpResult late = late();
                if (late != null) {
                    return late;
                }
            } catch (ExecutionException e) {
                throw thrown(e.getCause());
            }
        }
    }

    /// What is overdue is broken off and given a moment to end by itself; what then still hangs, a
    /// look-up in the name service for instance, is left behind.
    private @Nullable HttpResult late() {
        if (deadlineNanos - System.nanoTime() > 0) {
            return null;
        }
        IOException before = ended;
        if (before != null) {
            return new Failed(stage, before);
        }
        end(new SocketTimeoutException("timed out"));
        allow(GRACE);
        return null;
    }

    private static RuntimeException thrown(@Nullable Throwable cause) {
        return switch (cause) {
            case Error error -> throw error;
            case RuntimeException unchecked -> unchecked;
            case IOException io -> new UncheckedIOException(io);
            case null, default -> new IllegalStateException(cause);
        };
    }

    private void breakOff(IOException why) {
        if (state.compareAndSet(State.OPEN, State.BROKEN_OFF)) {
            end(why);
            allow(GRACE);
        }
    }

    private void end(IOException why) {
        state.compareAndSet(State.OPEN, State.BROKEN_OFF);
        ended = why;
        Socket socket = dialing;
        if (socket != null) {
            HttpDialer.close(socket);
        }
        HttpConnection open = connection;
        if (open != null) {
            open.close();
        }
    }

    private void allow(Duration time) {
        deadlineNanos = System.nanoTime() + time.toNanos();
    }

    private HttpResult work() throws IOException {
        HttpConnection pooled = http.pool.take(HttpConnection::isFit);
        if (pooled != null) {
            HttpResult result = over(pooled);
            boolean failed = result instanceof Failed || writeFailure != null;
            boolean stale = failed && state.get() == State.OPEN;
            if (!stale) {
                return result;
            }
        }
        gate.waiting();
        try {
            stage = Stage.CONNECT;
            return over(new HttpConnection(http.dialer.dial(socket -> dialing = socket)));
        } catch (StageFailure e) {
            stage = e.stage;
            return failed(e.failure);
        }
    }

    private HttpResult over(HttpConnection use) throws IOException {
        connection = use;
        allow(GATE_LIMIT);
        gate.preparing();
        writeFailure = null;
        OutputStream out = use.begin();
        stage = Stage.REQUEST;
        allow(stretch());
        Duration keepAlive = null;
        boolean reusable = false;
        try {
            request(out);
            HttpAnswer answer = use.answer(common.answerTimeout());
            keepAlive = keepAlive(answer);
            reusable = ended == null && writeFailure == null && use.isReusable();
            return judged(answer);
        } catch (IOException e) {
            return failed(e);
        } finally {
            connection = null;
            if (reusable) {
                use.keptFor(keepAlive);
                http.pool.keep(use);
            } else {
                use.close();
            }
        }
    }

    /// An answer to half a request that speaks of a message taken, or perhaps taken, is none.
    private HttpResult judged(HttpAnswer answer) {
        IOException early = writeFailure;
        if (early != null && (answer.isSuccess() || GATEWAYS.contains(answer.status()))) {
            return failed(early);
        }
        return answer;
    }

    private Failed failed(Exception failure) {
        Exception write = writeFailure == null ? failure : writeFailure;
        IOException ours = ended;
        return new Failed(stage, ours == null ? write : ours);
    }

    /// Writes the request (RFC 9112 §3). The server may answer and close before it has read
    /// everything, as with 413: then its answer is there to be read, and says more than the broken
    /// connection.
    private void request(OutputStream out) throws IOException {
        long length = call.body().lengthBytes();
        out.write(head(length));
        try {
            if (length > 0) {
                write(new CommitStream(out), length);
            }
            stage = Stage.ANSWER;
            allow(common.answerTimeout());
        } catch (CommitStream.SinkFailure e) {
            writeFailure = e.failure;
            allow(common.commandTimeout());
        }
    }

    private byte[] head(long length) {
        StringBuilder head = new StringBuilder(call.method()).append(' ');
        head.append(http.endpoint.pathOf(call.path())).append(" HTTP/1.1\r\n");
        field(head, "Host", http.endpoint.authority());
        field(head, "User-Agent", USER_AGENT);
        field(head, "Accept-Encoding", "identity");
        call.headers().forEach((name, value) -> field(head, name, value));
        if (length > 0) {
            field(head, "Content-Length", String.valueOf(length));
        }
        return head.append("\r\n").toString().getBytes(UTF_8);
    }

    /// Nothing that a value holds can end its field (RFC 9110 §5.5).
    private static void field(StringBuilder head, String name, String value) {
        head.append(name).append(": ");
        value.codePoints()
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .forEach(head::appendCodePoint);
        head.append("\r\n");
    }

    /// What can't be read of the content is thrown unchecked: our own trouble, not the server's.
    private void write(CommitStream stream, long length) throws IOException {
        try {
            call.body().octets().writeTo(stream);
            if (stream.octets != length) {
                throw new IOException(
                        "the body has " + stream.octets + " octets and not " + length);
            }
        } catch (CommitStream.SinkFailure e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        stream.writeAllButLast();
        pass();
        stream.commit();
    }

    private void pass() throws BrokenOff {
        if (!state.compareAndSet(State.OPEN, State.COMMITTED)) {
            throw new BrokenOff("broken off");
        }
        if (!gate.pass()) {
            throw new BrokenOff("broken off before the commit point");
        }
        stage = Stage.ANSWER;
    }

    private Duration stretch() {
        return Collections.min(List.of(common.commandTimeout(), common.dataTimeout()));
    }

    private static @Nullable Duration keepAlive(HttpAnswer answer) {
        String told = answer.header("keep-alive");
        Matcher timeout = KEEP_ALIVE.matcher(told == null ? "" : told);
        return timeout.find() ? Duration.ofSeconds(Long.parseLong(timeout.group(1))) : null;
    }

    /// Gathers a request's body into large pieces and holds its last octet back until [#commit].
    private final class CommitStream extends OutputStream {

        private static final int BUFFER_BYTES = 16 * 1024;

        private final OutputStream sink;
        private final byte[] buffer = new byte[BUFFER_BYTES];
        private int filled;

        /// How many it was given.
        private long octets;

        /// @param sink where the octets go
        CommitStream(OutputStream sink) {
            this.sink = sink;
        }

        /// The other side takes no more.
        static final class SinkFailure extends IOException {
            private static final long serialVersionUID = 1L;

            private final IOException failure;

            SinkFailure(IOException failure) {
                super(failure);
                this.failure = failure;
            }
        }

        @Override
        public void write(int octet) throws IOException {
            write(new byte[] {(byte) octet}, 0, 1);
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            Objects.checkFromIndexSize(offset, length, from.length);
            octets += length;
            int at = offset;
            int left = length;
            while (left > 0) {
                if (filled == BUFFER_BYTES) {
                    writeAllButLast();
                }
                int some = Math.min(left, BUFFER_BYTES - filled);
                System.arraycopy(from, at, buffer, filled, some);
                filled += some;
                at += some;
                left -= some;
            }
        }

        /// Writes what is held but for the body's last octet.
        void writeAllButLast() throws SinkFailure {
            if (filled > 1) {
                give(0, filled - 1);
                buffer[0] = buffer[filled - 1];
                filled = 1;
            }
        }

        /// Writes the last octet.
        void commit() throws SinkFailure {
            give(0, filled);
            filled = 0;
        }

        private void give(int from, int to) throws SinkFailure {
            gate.sending();
            allow(stretch());
            try {
                sink.write(buffer, from, to - from);
            } catch (IOException e) {
                throw new SinkFailure(e);
            }
        }
    }

    /// One connection to an API. What is written goes out at once: the commit point must not hide
    /// in a buffer.
    static final class HttpConnection {

        private static final int STALE_LOOK_MILLIS = 1;

        /// Most load balancers keep an idle connection for 60 s or more; Node's servers for 5 s,
        /// and they say so.
        private static final Duration IDLE_LIMIT = Duration.ofSeconds(30);

        private static final int CALLS_LIMIT = 1000;

        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final AnswerReader answers;
        private int callCount;
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

        /// Returns whether the last call left it fit for another: its answer has come to an end
        /// that was told, and nothing stands behind it; and it is not worn out.
        boolean isReusable() {
            try {
                return callCount < CALLS_LIMIT && answers.isReusable() && in.available() == 0;
            } catch (IOException _) {
                return false;
            }
        }

        /// Notes how long it is worth keeping.
        ///
        /// @param keepAlive how long the server says that it keeps it; null when it does not say
        void keptFor(@Nullable Duration keepAlive) {
            idleLimit =
                    keepAlive == null || keepAlive.compareTo(IDLE_LIMIT) > 0
                            ? IDLE_LIMIT
                            : keepAlive;
        }

        /// Returns whether it may still work after a while of idleness, and closes it otherwise.
        boolean isFit(Duration idleness) {
            boolean fit = idleness.compareTo(idleLimit) <= 0 && isSilent();
            if (!fit) {
                close();
            }
            return fit;
        }

        /// Returns whether nothing has come meanwhile, neither the end of the stream nor words that
        /// nobody asked for.
        private boolean isSilent() {
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
}
