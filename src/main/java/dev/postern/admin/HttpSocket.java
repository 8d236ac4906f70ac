package dev.postern.admin;

import dev.postern.config.HostPort;
import io.helidon.common.mapper.DefaultMapperProvider__ServiceDescriptor;
import io.helidon.common.socket.SocketOptions;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.http.media.ReadableEntity;
import io.helidon.service.registry.GlobalServiceRegistry;
import io.helidon.service.registry.ServiceRegistryConfig;
import io.helidon.service.registry.ServiceRegistryManager;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A web server on one address, with limits that suit a few orchestrators and operators: what
/// [HealthSocket] and [AdminSocket] are served by. Every error that it answers is a [Problem].
///
/// *Limits.* Who may connect, and for how long, is for the [ConnectionSlots] to say; each socket
/// has its own. What is a request, and where it ends, the [RequestReader]. A body is at most
/// [#SMALL_BODY_BYTES], and read before the request is run, but for the one resource that takes
/// messages. Of a message that is refused [#MAX_DISCARD_BYTES] are read.
///
/// *Diagnostics.* An address that can't be bound is an `IOException` from [#start] that names it. A
/// failure of a handler is logged and answered 500 without its words.
public final class HttpSocket {

    private static final Logger LOG = LoggerFactory.getLogger(HttpSocket.class);

    private static final java.util.logging.Logger ACCEPTOR_LOG =
            java.util.logging.Logger.getLogger("io.helidon.webserver.ServerListener");

    /// Connections that may be about to close beside those that have a slot.
    private static final int MAX_CLOSING = 64;

    /// A crowd that comes at once must not make an honest client try again a second later.
    private static final int BACKLOG = 512;

    /// The server's own limits are beyond those of the [RequestReader], which decide.
    private static final int MAX_HEADERS_BYTES = RequestReader.FIELDS_BYTES + 1024;

    private static final int MAX_PROLOGUE_BYTES = RequestReader.REQUEST_LINE_BYTES + 1024;
    private static final int WRITE_BUFFER_BYTES = 4 * 1024;

    /// A body that nobody asks for.
    private static final int SMALL_BODY_BYTES = 64 * 1024;

    /// Above this much, what is left of a refused message is not read: the connection ends.
    private static final long MAX_DISCARD_BYTES = 256L * 1024 * 1024;

    private static final Duration SWEEP_EACH = Duration.ofMillis(250);
    private static final Duration STOP_GRACE = Duration.ofMillis(500);

    /// What every answer carries, against sniffing, framing and caching.
    private static final Map<String, String> SECURITY_HEADERS =
            Map.of(
                    "X-Content-Type-Options", "nosniff",
                    "X-Frame-Options", "DENY",
                    "Referrer-Policy", "no-referrer",
                    "Cache-Control", "no-store",
                    "Cross-Origin-Resource-Policy", "same-origin",
                    "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");

    static {
        // To look through all libraries takes its time, and only this would be found: what reads
        // numbers in header fields.
        GlobalServiceRegistry.registry(
                ServiceRegistryManager.create(
                                ServiceRegistryConfig.builder()
                                        .discoverServices(false)
                                        .discoverServicesFromServiceLoader(false)
                                        .addServiceDescriptor(
                                                DefaultMapperProvider__ServiceDescriptor.INSTANCE)
                                        .build())
                        .registry());
    }

    private final String name;
    private final HostPort configured;
    private final WebServer server;
    private final ConnectionSlots slots = new ConnectionSlots(System::nanoTime);
    private final ScheduledExecutorService watch;
    private @Nullable HostPort bound;

    /// @param name what the socket is for: the key that configures it is `http.` and this
    /// @param use what is done with it
    /// @param routes adds the resources
    HttpSocket(String name, HostPort configured, Use use, Consumer<HttpRouting.Builder> routes) {
        this.name = name;
        this.configured = configured;
        this.watch =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("http-" + name + "-watch").factory());
        HttpRouting.Builder routing = HttpRouting.builder();
        routing.addFilter((chain, request, response) ->
                handle(chain, request, response, use.isUpload(request)));
        routes.accept(routing);
        routing.any((_, _) -> {
            throw Problem.notFound("There is nothing here.");
        });
        routing.error(Problem.class, (_, response, problem) -> problem.send(response));
        routing.error(Throwable.class, HttpSocket::fail);
        this.server = build(configured, use, slots, routing);
    }

    /// What a socket is used for.
    ///
    /// @param maxBodyBytes above this much a request is answered 413
    /// @param uploadPath where large bodies are posted; null: nowhere
    /// @param ownThreads whether handlers work so much that they get threads of the system's
    record Use(long maxBodyBytes, @Nullable String uploadPath, boolean ownThreads) {

        private boolean isUpload(RoutingRequest request) {
            return request.prologue().method().equals(Method.POST)
                    && request.path().path().equals(uploadPath);
        }
    }

    private static void handle(
            FilterChain chain, RoutingRequest request, RoutingResponse response, boolean upload) {
        Connections.Connection connection = Connections.current();
        connection.routes();
        SECURITY_HEADERS.forEach(response::header);
        if (!upload && !takeSmallBody(request)) {
            response.header(HeaderValues.CONNECTION_CLOSE);
            new Problem(
                            Status.REQUEST_ENTITY_TOO_LARGE_413,
                            "This takes no body of more than " + SMALL_BODY_BYTES + " bytes.")
                    .send(response);
            throw new CloseConnectionException("the body was too large");
        }
        connection.runs();
        chain.proceed();
        connection.answered();
        readToEnd(request);
        if (response.headers().contains(HeaderValues.CONNECTION_CLOSE)) {
            throw new CloseConnectionException("the answer said so");
        }
    }

    /// Reads a body that is not for a handler, to its end, so that nothing is run whose framing is
    /// broken. Returns whether it is as small as it may be.
    private static boolean takeSmallBody(RoutingRequest request) {
        ReadableEntity body = request.content();
        if (!body.hasEntity()) {
            return true;
        }
        if (request.headers().contentLength().orElse(0) > SMALL_BODY_BYTES) {
            return false;
        }
        try (InputStream in = body.inputStream()) {
            return in.readNBytes(SMALL_BODY_BYTES + 1).length <= SMALL_BODY_BYTES;
        } catch (IOException e) {
            throw new CloseConnectionException("the body could not be read", e);
        }
    }

    /// Throws away what was not read of a request. The server would take it for the next request,
    /// and so run what a web page hid in the body of a request that was refused to it; and a client
    /// that is still writing would lose the answer if the connection were closed on it.
    private static void readToEnd(RoutingRequest request) {
        ReadableEntity body = request.content();
        if (!body.hasEntity() || body.consumed()) {
            return;
        }
        boolean invited = !request.headers().contains(HeaderNames.EXPECT) || request.continueSent();
        if (!invited || !discard(body)) {
            throw new CloseConnectionException("the request was not read to its end");
        }
    }

    private static boolean discard(ReadableEntity body) {
        try {
            return discard(body.inputStream());
        } catch (IllegalStateException _) {
            // A handler began to read it, and could not go on.
            return false;
        }
    }

    /// Reads to the end; returns whether that came within reason.
    static boolean discard(InputStream in) {
        try {
            new SubmitApi.LimitedStream(in, MAX_DISCARD_BYTES - 1)
                    .transferTo(OutputStream.nullOutputStream());
            return true;
        } catch (IOException | RuntimeException _) {
            // The client is gone, or its framing is broken: nothing after it can be understood.
            return false;
        }
    }

    /// Adds a resource that can only be looked at.
    static void resource(HttpRouting.Builder routing, String path, Handler get) {
        resource(routing, path, Map.of(Method.GET, get));
    }

    /// Adds a resource; other methods than those given are answered 405. GET implies HEAD.
    static void resource(HttpRouting.Builder routing, String path, Map<Method, Handler> methods) {
        Map<String, Handler> byName = new TreeMap<>();
        methods.forEach((method, handler) -> byName.put(method.text(), handler));
        Handler get = byName.get(Method.GET.text());
        if (get != null) {
            byName.put(Method.HEAD.text(), get);
        }
        String allow = byName.keySet().stream().collect(Collectors.joining(", "));
        routing.any(
                path,
                (request, response) -> {
                    Handler handler = byName.get(request.prologue().method().text());
                    if (handler == null) {
                        response.header(HeaderNames.ALLOW, allow);
                        throw new Problem(Status.METHOD_NOT_ALLOWED_405, "Allowed: " + allow + ".");
                    }
                    handler.handle(request, response);
                });
    }

    /// Binds the address and serves.
    ///
    /// @throws IOException when the address can't be bound
    public void start() throws IOException {
        try {
            server.start();
        } catch (RuntimeException e) {
            throw unbound(rootWords(e), e);
        }
        if (!server.isRunning()) {
            throw unbound(whyNotBound(), null);
        }
        bound = new HostPort(configured.host(), server.port());
        long each = SWEEP_EACH.toMillis();
        watch.scheduleAtFixedRate(slots::sweep, each, each, TimeUnit.MILLISECONDS);
    }

    private IOException unbound(String why, @Nullable Throwable cause) {
        return new IOException(
                "http.%s: can't listen on %s: %s; stop what listens there, or set http.%s"
                        .formatted(name, configured, why, name),
                cause);
    }

    /// Helidon logs why it could not bind an address, and does not tell: another try does.
    private String whyNotBound() {
        try (ServerSocket again = new ServerSocket()) {
            again.bind(socketAddress(configured));
            return "it was in use a moment ago";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /// Returns the real address, once started.
    public HostPort address() {
        return Objects.requireNonNull(bound, () -> "http." + name + " is not started");
    }

    /// Ends listening at once, and requests under way after a moment.
    public void stop() {
        // Its acceptor logs its own interruption, which is how it is stopped, as an error.
        ACCEPTOR_LOG.setLevel(Level.OFF);
        watch.shutdownNow();
        try {
            server.stop();
        } finally {
            ACCEPTOR_LOG.setLevel(null);
        }
    }

    private static WebServer build(
            HostPort configured, Use use, ConnectionSlots slots, HttpRouting.Builder routing) {
        Http1Config http =
                Http1Config.builder()
                        .maxHeadersSize(MAX_HEADERS_BYTES)
                        .maxPrologueLength(MAX_PROLOGUE_BYTES)
                        .build();
        return WebServer.builder()
                .bindAddress(socketAddress(configured))
                .shutdownHook(false)
                .featuresDiscoverServices(false)
                .protocolsDiscoverServices(false)
                .concurrencyLimitDiscoverServices(false)
                .mediaContext(MediaContext.builder().mediaSupportsDiscoverServices(false).build())
                .contentEncoding(
                        ContentEncodingContext.builder()
                                .contentEncodingsDiscoverServices(false)
                                .build())
                .addConnectionSelector(new Connections(slots, use.ownThreads(), http))
                .addProtocol(new Connections.NoOther())
                .connectionOptions(SocketOptions.builder().tcpNoDelay(true).build())
                .backlog(BACKLOG)
                .maxTcpConnections(ConnectionSlots.SLOTS + MAX_CLOSING)
                .maxPayloadSize(use.maxBodyBytes())
                .writeBufferSize(WRITE_BUFFER_BYTES)
                .shutdownGracePeriod(STOP_GRACE)
                .directHandlers(transportErrors())
                .addRouting(routing)
                .build();
    }

    private static InetSocketAddress socketAddress(HostPort configured) {
        return new InetSocketAddress(configured.host(), configured.port());
    }

    /// Errors before a route is found are problems too.
    private static DirectHandlers transportErrors() {
        DirectHandlers.Builder all = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            all.addHandler(
                    type,
                    (_, _, status, headers, detail) -> {
                        headers.set(HeaderNames.CONTENT_TYPE, Problem.TYPE);
                        return DirectHandler.TransportResponse.builder()
                                .status(status)
                                .headers(headers)
                                .keepAlive(false)
                                .entity(new Problem(status, status.reasonPhrase()).bytes())
                                .build();
                    });
        }
        return all.build();
    }

    private static void fail(ServerRequest request, ServerResponse response, Throwable failure) {
        if (failure instanceof RequestException asked) {
            new Problem(asked.status(), asked.status().reasonPhrase() + ".").send(response);
            return;
        }
        LOG.atError()
                .setCause(failure)
                .addKeyValue("method", request.prologue().method().text())
                .addKeyValue("path", request.path().rawPath())
                .log("HTTP request failed");
        if (!response.isSent()) {
            new Problem(Status.INTERNAL_SERVER_ERROR_500, "The log has the details.")
                    .send(response);
        }
    }

    private static String rootWords(Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = root.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return String.valueOf(root.getMessage());
    }
}
