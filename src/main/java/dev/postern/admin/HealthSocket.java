package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.config.HostPort;
import dev.postern.egress.EgressView;
import dev.postern.mail.AddressMask;
import dev.postern.spool.QueueAdmin.SpoolStatus;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The socket for orchestrators: `/health/*` and `/metrics`, and nothing that tells of any message.
/// It may be open to a whole cluster.
///
/// It answers orchestrators' questions with 200 for yes and 503 for no, and why. A blocked egress
/// does not make the program unready: mail is still taken durably, and an orchestrator that takes a
/// pod out of service for it would take the app beside us down too.
///
/// It answers at once whatever comes to it or to the admin socket: it has [ConnectionSlots] of its
/// own, and no operator's work is on the carriers of its virtual threads.
public final class HealthSocket {

    /// Nothing is sent to it.
    private static final HttpSocket.Use USE = new HttpSocket.Use(1024, null, false);

    private final Stages stages;
    private final Supplier<SpoolStatus> spool;
    private final Metrics metrics;
    private volatile boolean started;

    private HealthSocket(Stages stages, Metrics metrics) {
        this.stages = stages;
        this.spool = stages.recentStatus();
        this.metrics = metrics;
    }

    /// Makes the socket; nothing is bound yet.
    ///
    /// @param configured where to listen; port 0 picks a free one
    public static HttpSocket of(HostPort configured, Stages stages, Metrics metrics) {
        HealthSocket health = new HealthSocket(stages, metrics);
        return new HttpSocket(
                "health",
                configured,
                USE,
                routing -> {
                    HttpSocket.resource(routing, "/health/live", health::live);
                    HttpSocket.resource(routing, "/health/ready", health::ready);
                    HttpSocket.resource(routing, "/health/started", health::started);
                    HttpSocket.resource(routing, "/health/egress", health::egress);
                    HttpSocket.resource(routing, "/metrics", health::scrape);
                });
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

    /// Whoever gets an answer at all talks to a process that works.
    private void live(ServerRequest request, ServerResponse response) {
        answer(response, true, json -> {});
    }

    /// Whether the program has come up once; it stays so while it drains.
    private void started(ServerRequest request, ServerResponse response) {
        started = started || stages.listener().get().address() != null;
        answer(response, started, json -> {});
    }

    /// Whether mail can be accepted durably.
    private void ready(ServerRequest request, ServerResponse response) {
        String address = stages.listener().get().address();
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
    private void egress(ServerRequest request, ServerResponse response) {
        List<EgressView> views = stages.egresses().get();
        answer(
                response,
                views.stream().anyMatch(EgressView::works),
                json -> Json.egresses(json, views, (view, it) -> mask(it, view.username())));
    }

    private static void answer(ServerResponse response, boolean yes, Json.Members details) {
        Json.send(
                response,
                yes ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503,
                json -> {
                    json.writeStringField("status", yes ? "up" : "down");
                    details.write(json);
                });
    }

    private static void check(JsonGenerator json, String name, @Nullable String trouble)
            throws IOException {
        json.writeObjectFieldStart(name);
        json.writeStringField("status", trouble == null ? "up" : "down");
        Json.text(json, "reason", trouble);
        json.writeEndObject();
    }

    /// What a server said may hold the user name.
    private static String mask(String text, @Nullable String username) {
        if (username == null || username.isEmpty()) {
            return AddressMask.apply(text);
        }
        return AddressMask.apply(text.replace(username, AddressMask.name(username)));
    }
}
