package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.EgressCommon;
import dev.postern.egress.CommitGate;
import dev.postern.egress.http.CommitStream.SinkFailure;
import dev.postern.egress.http.HttpResult.Answered;
import dev.postern.egress.http.HttpResult.BrokenOff;
import dev.postern.egress.http.HttpResult.Failed;
import dev.postern.outcome.Stage;
import io.helidon.common.buffers.DataReader;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.webclient.api.HttpClientResponse;
import io.helidon.webclient.http1.Http1Client;
import io.helidon.webclient.http1.Http1ClientRequest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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

    private static final int BODY_LIMIT_BYTES = 64 * 1024;
    private static final Duration GRACE = Duration.ofSeconds(2);

    /// What the gate makes a call wait for is none of the server's time: more than it ever takes.
    private static final Duration GATE_LIMIT = Duration.ofMinutes(2);

    private static final int LOOKUPS_AND_ADDRESSES = 3;
    private static final String USER_AGENT = "Postern";
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

    private final Http1Client client;
    private final ConnectionPool pool;
    private final Dialer dialer;
    private final Endpoint endpoint;
    private final EgressCommon common;
    private final HttpCall call;
    private final CommitGate gate;

    private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
    private volatile Stage stage = Stage.CONNECT;
    private volatile long deadlineNanos;
    private volatile @Nullable Socket dialing;
    private volatile @Nullable Connection connection;
    private volatile @Nullable IOException ended;
    private @Nullable IOException writeFailure;

    Exchange(
            Http1Client client,
            ConnectionPool pool,
            Dialer dialer,
            Endpoint endpoint,
            EgressCommon common,
            HttpCall call,
            CommitGate gate) {
        this.client = client;
        this.pool = pool;
        this.dialer = dialer;
        this.endpoint = endpoint;
        this.common = common;
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
            Dialer.close(socket);
        }
        Connection open = connection;
        if (open != null) {
            open.closeResource();
        }
    }

    private void allow(Duration time) {
        deadlineNanos = System.nanoTime() + time.toNanos();
    }

    private HttpResult work() throws IOException {
        Connection pooled = pool.take();
        if (pooled != null) {
            HttpResult result = over(pooled);
            boolean stale = result instanceof Failed && state.get() == State.OPEN;
            if (!stale) {
                return result;
            }
        }
        gate.waiting();
        try {
            stage = Stage.CONNECT;
            return over(new Connection(dialer.dial(socket -> dialing = socket)));
        } catch (StageFailure e) {
            stage = e.stage();
            return failed(e.failure());
        }
    }

    private HttpResult over(Connection use) throws IOException {
        connection = use;
        allow(GATE_LIMIT);
        gate.preparing();
        writeFailure = null;
        use.begin();
        stage = Stage.REQUEST;
        allow(stretch());
        Duration keepAlive = null;
        try (HttpClientResponse response = request(use)) {
            HttpAnswer answer = read(response);
            keepAlive = keepAlive(answer);
            return judged(answer);
        } catch (RuntimeException e) {
            use.closeResource();
            IOException cause = cause(e);
            // An answer that begins as one and then can't be read may be an acceptance.
            boolean broken = cause instanceof NotHttp && use.isHttp();
            return failed(broken ? new IOException("the answer can't be read", e) : cause);
        } finally {
            connection = null;
            pool.give(use, keepAlive);
        }
    }

    /// A success that was answered before the whole request was there is none.
    private HttpResult judged(HttpAnswer answer) {
        IOException early = writeFailure;
        if (early != null && answer.isSuccess()) {
            return failed(early);
        }
        return new Answered(answer);
    }

    private Failed failed(Exception failure) {
        IOException ours = ended;
        IOException write = writeFailure;
        if (ours != null) {
            return new Failed(stage, ours);
        }
        return new Failed(stage, write == null ? failure : write);
    }

    private HttpClientResponse request(Connection use) throws IOException {
        long length = call.body().lengthBytes();
        // The address only names the path here: the connection is made, and Helidon would look the
        // name up once more, behind a proxy in vain.
        Http1ClientRequest request =
                client.method(Method.create(call.method()))
                        .uri("http://127.0.0.1" + endpoint.pathOf(call.path()))
                        .skipUriEncoding(true)
                        .connection(use)
                        .keepAlive(true)
                        .readTimeout(common.answerTimeout());
        request.header(HeaderValues.create(HeaderNames.HOST, endpoint.authority()));
        request.header(HeaderValues.create(HeaderNames.USER_AGENT, USER_AGENT));
        call.headers()
                .forEach((name, value) ->
                        request.header(HeaderValues.create(HeaderNames.create(name), value)));
        if (length == 0) {
            stage = Stage.ANSWER;
            allow(common.answerTimeout());
            return request.request();
        }
        request.header(HeaderValues.create(HeaderNames.CONTENT_LENGTH, length));
        return request.outputStream(this::write);
    }

    private void write(OutputStream out) {
        CommitStream stream = new CommitStream(out, this::beforeWrite);
        try {
            fill(stream);
            stream.writeAllButLast();
            pass();
            stream.commit();
            allow(common.answerTimeout());
            out.close();
        } catch (BrokenOff e) {
            throw new UncheckedIOException(e);
        } catch (IOException e) {
            writeFailure = e instanceof SinkFailure sink ? cause(sink) : e;
            allow(common.commandTimeout());
            closeUnfinished(out);
        }
    }

    private void beforeWrite() {
        gate.sending();
        allow(stretch());
    }

    private void fill(CommitStream stream) throws SinkFailure {
        try {
            call.body().writeTo(stream);
        } catch (SinkFailure e) {
            throw e;
        } catch (IOException e) {
            throw new SourceFailure(e);
        }
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

    /// The server may have answered and closed before it read everything, as with 413: Helidon
    /// reads that answer once the stream counts as closed, though closing complains of what is
    /// missing.
    private static void closeUnfinished(OutputStream out) {
        try {
            out.close();
        } catch (IOException _) {
            return;
        }
    }

    private Duration stretch() {
        Duration command = common.commandTimeout();
        return command.compareTo(common.dataTimeout()) < 0 ? command : common.dataTimeout();
    }

    private static HttpAnswer read(HttpClientResponse response) {
        Map<String, String> headers = new TreeMap<>();
        for (Header header : response.headers()) {
            headers.putIfAbsent(header.name().toLowerCase(Locale.ROOT), header.get());
        }
        int status = response.status().code();
        if (!response.entity().hasEntity()) {
            return new HttpAnswer(status, headers, "", true);
        }
        byte[] body = new byte[BODY_LIMIT_BYTES];
        int length = 0;
        boolean whole = false;
        try (InputStream in = response.inputStream()) {
            int some = 0;
            while (some >= 0 && length < body.length) {
                some = in.read(body, length, body.length - length);
                length += Math.max(some, 0);
            }
            whole = some < 0;
        } catch (IOException | RuntimeException _) {
            // The status and what came of the body are worth more than how it broke off.
            whole = false;
        }
        return new HttpAnswer(status, headers, new String(body, 0, length, UTF_8), whole);
    }

    private static @Nullable Duration keepAlive(HttpAnswer answer) {
        String told = answer.header("keep-alive");
        Matcher timeout = KEEP_ALIVE.matcher(told == null ? "" : told);
        return timeout.find() ? Duration.ofSeconds(Long.parseLong(timeout.group(1))) : null;
    }

    /// Returns what lies behind the exceptions that Helidon and we wrap around it.
    private static IOException cause(Exception e) throws SourceFailure {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof SourceFailure source) {
                throw source;
            }
            if (at instanceof IOException io && !(at instanceof SinkFailure)) {
                return io;
            }
            if (at instanceof DataReader.InsufficientDataAvailableException) {
                return new EOFException("the server closed the connection");
            }
        }
        return new NotHttp(e);
    }

    /// What came is no HTTP.
    static final class NotHttp extends IOException {
        private static final long serialVersionUID = 1L;

        NotHttp(Exception cause) {
            super("what came is no HTTP", cause);
        }
    }

    /// The content can't be read: our own trouble, not the server's.
    private static final class SourceFailure extends UncheckedIOException {
        private static final long serialVersionUID = 1L;

        SourceFailure(IOException cause) {
            super(cause);
        }
    }
}
