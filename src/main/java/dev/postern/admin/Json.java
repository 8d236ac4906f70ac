package dev.postern.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.config.JsonLists;
import dev.postern.egress.EgressView;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Writes JSON bodies member by member: binding beans would cost classes and start-up time for a
/// dozen shapes. Those that both sockets have are here.
final class Json {

    static final String TYPE = "application/json";
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /// Writes the members of an object.
    @FunctionalInterface
    interface Members {
        void write(JsonGenerator json) throws IOException;
    }

    /// Answers with a small object.
    static void send(ServerResponse response, Status status, Members members) {
        response.status(status);
        response.header(HeaderNames.CONTENT_TYPE, TYPE);
        response.send(object(members));
    }

    /// Answers that what was asked of a message is begun.
    static void accepted(ServerResponse response, QueueId id) {
        send(response, Status.ACCEPTED_202, json -> json.writeStringField("id", id.toString()));
    }

    /// Answers with an object that may be large: it goes out while it is written.
    static void stream(ServerResponse response, Members members) {
        response.header(HeaderNames.CONTENT_TYPE, TYPE);
        try (OutputStream out = response.outputStream()) {
            write(out, members);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] object(Members members) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            write(out, members);
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
        return out.toByteArray();
    }

    private static void write(OutputStream out, Members members) throws IOException {
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        }
    }

    /// Writes a member that is a time in UTC (RFC 3339), or null.
    static void time(JsonGenerator json, String name, @Nullable Instant at) throws IOException {
        text(json, name, at == null ? null : at.truncatedTo(ChronoUnit.MILLIS).toString());
    }

    /// Writes a member that is a text or null.
    static void text(JsonGenerator json, String name, @Nullable String value) throws IOException {
        if (value == null) {
            json.writeNullField(name);
        } else {
            json.writeStringField(name, value);
        }
    }

    /// Writes the egresses, as both sockets have them.
    ///
    /// @param shown what is shown of an egress's words, which may hold names and addresses
    static void egresses(
            JsonGenerator json,
            List<EgressView> views,
            BiFunction<EgressView, String, String> shown)
            throws IOException {
        JsonLists.objects(
                json,
                "egress",
                views,
                (_, view) -> write(json, view, words -> shown.apply(view, words)));
    }

    private static void write(JsonGenerator json, EgressView view, UnaryOperator<String> shown)
            throws IOException {
        json.writeStringField("name", view.name());
        json.writeStringField("type", view.config().type());
        json.writeStringField("state", view.state().word());
        text(json, "reason", view.reason(), shown);
        text(json, "last-error", view.lastWords(), shown);
        time(json, "last-success", view.lastSuccess());
        time(json, "next-probe", view.nextProbe());
        JsonLists.objects(
                json, "candidates", view.candidates(), (_, way) -> write(json, way, shown));
    }

    private static void write(JsonGenerator json, Way way, UnaryOperator<String> shown)
            throws IOException {
        json.writeNumberField("port", way.port());
        json.writeStringField("address", way.address());
        json.writeStringField("result", shown.apply(way.result()));
    }

    private static void text(
            JsonGenerator json, String name, @Nullable String value, UnaryOperator<String> shown)
            throws IOException {
        text(json, name, value == null ? null : shown.apply(value));
    }

    /// Writes the members of what a probe found.
    static void write(JsonGenerator json, String egress, Probe probe) throws IOException {
        json.writeStringField("egress", egress);
        switch (probe) {
            case Probe.Passed(String detail) -> result(json, "passed", detail);
            case Probe.Unproven(String detail) -> result(json, "unproven", detail);
            case Probe.Failed failed -> {
                result(json, "failed", failed.trouble().reply());
                json.writeStringField("reason", failed.trouble().fault().word());
            }
        }
    }

    private static void result(JsonGenerator json, String word, String detail) throws IOException {
        json.writeStringField("result", word);
        json.writeStringField("detail", detail);
    }
}
