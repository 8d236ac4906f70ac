package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.config.HostPort;
import dev.postern.egress.EgressView.Way;
import dev.postern.mail.AddressMask;
import dev.postern.spool.SpoolStatus;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The socket for orchestrators: `/health/*` and `/metrics`, and nothing that tells of any message.
/// It may be open to a whole cluster.
///
/// It answers at once whatever comes to it or to the admin socket: it has [ConnectionSlots] of its
/// own, and no operator's work is on the carriers of its virtual threads.
public final class HealthSocket {

    /// Nothing is sent to it.
    private static final HttpSocket.Use USE = new HttpSocket.Use(1024, null, false);

    private final Metrics metrics;
    private final HttpSocket socket;

    /// Makes the socket; nothing is bound yet.
    ///
    /// @param configured where to listen; port 0 picks a free one
    /// @param spool asked at most twice a second
    public HealthSocket(
            HostPort configured,
            ListenerView listener,
            Supplier<SpoolStatus> spool,
            Egresses egresses,
            Metrics metrics) {
        this.metrics = metrics;
        Health health = new Health(listener, spool, egresses);
        this.socket = new HttpSocket("health", configured, USE, routing -> routes(routing, health));
    }

    /// Binds and serves.
    ///
    /// @throws IOException when the address can't be bound
    public void start() throws IOException {
        socket.start();
    }

    /// Returns the real address, once started.
    public HostPort address() {
        return socket.address();
    }

    /// Ends serving.
    public void stop() {
        socket.stop();
    }

    private void routes(HttpRouting.Builder routing, Health health) {
        HttpSocket.resource(routing, "/health/live", Map.of(Method.GET, health::live));
        HttpSocket.resource(routing, "/health/ready", Map.of(Method.GET, health::ready));
        HttpSocket.resource(routing, "/health/started", Map.of(Method.GET, health::started));
        HttpSocket.resource(routing, "/health/egress", Map.of(Method.GET, health::egress));
        HttpSocket.resource(routing, "/metrics", Map.of(Method.GET, this::scrape));
    }

    private void scrape(ServerRequest request, ServerResponse response) {
        String accept = String.join(",", request.headers().values(HeaderNames.ACCEPT));
        ExpositionFormatWriter writer = Metrics.writer(accept);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            metrics.write(writer, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        response.header(HeaderNames.CONTENT_TYPE, writer.getContentType());
        response.send(body.toByteArray());
    }

    /// Answers orchestrators' questions: 200 for yes, 503 for no, and why.
    ///
    /// A blocked egress does not make the program unready: mail is still taken durably, and an
    /// orchestrator that takes a pod out of service for it would take the app beside us down too.
    static final class Health {

        private final ListenerView listener;
        private final Supplier<SpoolStatus> spool;
        private final Egresses egresses;
        private volatile boolean started;

        Health(ListenerView listener, Supplier<SpoolStatus> spool, Egresses egresses) {
            this.listener = listener;
            this.spool = new CachedView<>(spool, System::nanoTime);
            this.egresses = egresses;
        }

        /// Whoever gets an answer at all talks to a process that works.
        void live(ServerRequest request, ServerResponse response) {
            answer(response, true, json -> {});
        }

        /// Whether the program has come up once; it stays so while it drains.
        void started(ServerRequest request, ServerResponse response) {
            started = started || listener.address() != null;
            answer(response, started, json -> {});
        }

        /// Whether mail can be accepted durably.
        void ready(ServerRequest request, ServerResponse response) {
            String address = listener.address();
            String trouble = spool.get().trouble();
            answer(
                    response,
                    address != null && trouble == null,
                    json -> {
                        json.writeObjectFieldStart("checks");
                        check(json, "listener", address == null ? "takes no mail" : null);
                        check(json, "spool", trouble);
                        json.writeEndObject();
                    });
        }

        /// Whether mail can leave. Anybody may look here, so user names are masked.
        void egress(ServerRequest request, ServerResponse response) {
            List<EgressView> views = egresses.views();
            answer(
                    response,
                    views.stream().anyMatch(EgressView::works),
                    json -> {
                        json.writeArrayFieldStart("egress");
                        for (EgressView view : views) {
                            EgressJson.write(json, masked(view));
                        }
                        json.writeEndArray();
                    });
        }

        private static void answer(ServerResponse response, boolean yes, Json.Body details) {
            Json.send(
                    response,
                    yes ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503,
                    json -> {
                        json.writeStartObject();
                        json.writeStringField("status", yes ? "up" : "down");
                        details.write(json);
                        json.writeEndObject();
                    });
        }

        private static void check(JsonGenerator json, String name, @Nullable String trouble)
                throws IOException {
            json.writeObjectFieldStart(name);
            json.writeStringField("status", trouble == null ? "up" : "down");
            Json.text(json, "reason", trouble);
            json.writeEndObject();
        }

        private static EgressView masked(EgressView view) {
            return new EgressView(
                    view.name(),
                    view.type(),
                    view.state(),
                    mask(view.reason(), view.username()),
                    mask(view.lastError(), view.username()),
                    view.lastSuccess(),
                    view.nextProbe(),
                    null,
                    view.candidates().stream()
                            .map(candidate -> masked(candidate, view.username()))
                            .toList());
        }

        /// What a server said may hold the user name.
        private static Way masked(Way candidate, @Nullable String username) {
            String result = mask(candidate.result(), username);
            return new Way(candidate.port(), candidate.address(), result == null ? "" : result);
        }

        private static @Nullable String mask(@Nullable String text, @Nullable String username) {
            if (text == null) {
                return null;
            }
            if (username == null || username.isEmpty()) {
                return AddressMask.apply(text);
            }
            return AddressMask.apply(text.replace(username, AddressMask.name(username)));
        }
    }
}
