package dev.postern.admin;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;

/// An error as RFC 9457 has it. Thrown by handlers and answered at one place.
final class Problem extends RuntimeException {

    static final String TYPE = "application/problem+json";

    static final Status MISDIRECTED = Status.create(421, "Misdirected Request");

    private static final long serialVersionUID = 1;

    private final transient Status status;

    /// @param detail what is wrong and what to do, for people
    Problem(Status status, String detail) {
        super(detail, null, false, false);
        this.status = status;
    }

    static Problem badRequest(String detail) {
        return new Problem(Status.BAD_REQUEST_400, detail);
    }

    static Problem notFound(String detail) {
        return new Problem(Status.NOT_FOUND_404, detail);
    }

    Status status() {
        return status;
    }

    void send(ServerResponse response) {
        response.status(status);
        response.header(HeaderNames.CONTENT_TYPE, TYPE);
        response.send(bytes());
    }

    byte[] bytes() {
        return Json.object(json -> {
            json.writeStringField("type", "about:blank");
            json.writeStringField("title", status.reasonPhrase());
            json.writeNumberField("status", status.code());
            json.writeStringField("detail", String.valueOf(getMessage()));
        });
    }
}
