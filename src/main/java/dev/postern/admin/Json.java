package dev.postern.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;

/// Writes JSON bodies member by member: binding beans would cost classes and start-up time for a
/// dozen shapes.
final class Json {

    private static final String TYPE = "application/json";
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /// Writes the members of one value.
    @FunctionalInterface
    interface Body {
        void write(JsonGenerator json) throws IOException;
    }

    /// Answers with a small body.
    static void send(ServerResponse response, Status status, Body body) {
        response.status(status);
        response.header(HeaderNames.CONTENT_TYPE, TYPE);
        response.send(bytes(body));
    }

    /// Answers with a body that may be large: it goes out while it is written.
    static void stream(ServerResponse response, Body body) {
        response.header(HeaderNames.CONTENT_TYPE, TYPE);
        try (OutputStream out = response.outputStream()) {
            write(out, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static byte[] bytes(Body body) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            write(out, body);
        } catch (IOException e) {
            throw new AssertionError("memory does not fail", e);
        }
        return out.toByteArray();
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

    private static void write(OutputStream out, Body body) throws IOException {
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            body.write(json);
        }
    }
}
