package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.egress.Probe;
import dev.postern.mail.State;
import dev.postern.spool.QueueAdmin.SpoolStatus;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The whole at a glance, and probes of the ways out.
final class StatusApi {

    /// In the order of a message's life.
    private static final List<State> STATES =
            List.of(
                    State.QUEUED,
                    State.SENDING,
                    State.DEFERRED,
                    State.HELD,
                    State.SENT,
                    State.FAILED);

    private final String version;
    private final ListenerView listener;
    private final Supplier<SpoolStatus> spool;
    private final Egresses egresses;
    private final Clock clock;
    private final Instant started;

    StatusApi(
            String version,
            ListenerView listener,
            Supplier<SpoolStatus> spool,
            Egresses egresses,
            Clock clock) {
        this.version = version;
        this.listener = listener;
        this.spool = spool;
        this.egresses = egresses;
        this.clock = clock;
        this.started = clock.instant();
    }

    void routes(HttpRouting.Builder routing) {
        HttpSocket.resource(routing, "/api/v1/status", Map.of(Method.GET, this::status));
        HttpSocket.resource(
                routing, "/api/v1/egress/{name}/probe", Map.of(Method.POST, this::probe));
    }

    private void status(ServerRequest request, ServerResponse response) {
        SpoolStatus figures = spool.get();
        List<EgressView> views = egresses.views();
        Json.send(response, Status.OK_200, json -> write(json, figures, views));
    }

    private void write(JsonGenerator json, SpoolStatus figures, List<EgressView> views)
            throws IOException {
        json.writeStartObject();
        json.writeStringField("version", version);
        json.writeNumberField("uptime-seconds", ageSeconds(started));
        Json.text(json, "listener", listener.address());
        json.writeObjectFieldStart("spool");
        json.writeStringField("path", figures.path().toString());
        json.writeNumberField("bytes", figures.bytes());
        json.writeNumberField("free", figures.freeBytes());
        Json.text(json, "trouble", figures.trouble());
        json.writeEndObject();
        json.writeObjectFieldStart("messages");
        for (State state : STATES) {
            json.writeNumberField(state.word(), figures.messages().getOrDefault(state, 0));
        }
        json.writeEndObject();
        Instant oldest = figures.oldest();
        json.writeNumberField("oldest-seconds", oldest == null ? 0 : ageSeconds(oldest));
        json.writeArrayFieldStart("egress");
        for (EgressView view : views) {
            EgressJson.write(json, view);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("fallbacks");
        for (String fallback : egresses.fallbacks()) {
            json.writeString(fallback);
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private void probe(ServerRequest request, ServerResponse response) {
        String name = request.path().pathParameters().get("name");
        Probe probe =
                egresses.probe(name)
                        .orElseThrow(() -> Problem.notFound("There is no egress of that name."));
        Json.send(response, Status.OK_200, json -> EgressJson.write(json, name, probe));
    }

    private long ageSeconds(Instant since) {
        return Math.max(0, Duration.between(since, clock.instant()).toSeconds());
    }
}
