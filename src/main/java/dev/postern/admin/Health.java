package dev.postern.admin;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.egress.CandidateView;
import dev.postern.mail.AddressMask;
import dev.postern.spool.SpoolStatus;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Answers orchestrators' questions: 200 for yes, 503 for no, and why.
///
/// A blocked egress does not make the program unready: mail is still taken durably, and an
/// orchestrator that takes a pod out of service for it would take the app beside us down too.
final class Health {

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
    private static CandidateView masked(CandidateView candidate, @Nullable String username) {
        String result = mask(candidate.result(), username);
        return new CandidateView(
                candidate.port(), candidate.address(), result == null ? "" : result);
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
