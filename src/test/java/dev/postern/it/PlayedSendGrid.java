package dev.postern.it;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.FakeApi.Request;
import dev.postern.testing.Lab;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/// SendGrid's API under its own name in a [Lab]: it takes mail from who has the key.
final class PlayedSendGrid implements AutoCloseable {

    static final String HOST = "api.sendgrid.com";
    static final String KEY = "SG.a-key-for-tests";

    private static final String SEND = "/v3/mail/send";
    private static final int HTTPS_PORT = 443;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final AtomicLong last = new AtomicLong();
    private final FakeApi api;

    private PlayedSendGrid(Lab lab) {
        this.api = FakeApi.serveTls(lab.listen(HOST, HTTPS_PORT), lab.tls(), this::answer);
    }

    static PlayedSendGrid in(Lab lab) {
        return lab.keep(new PlayedSendGrid(lab));
    }

    /// Returns the egress to it, with nothing but the key.
    static String egress(Lab lab) {
        return "  - {name: sendgrid, type: sendgrid, api-key: %s, ca: %s}\n"
                .formatted(KEY, lab.ca());
    }

    private Answer answer(Request request) {
        if (!request.header("Authorization").equals("Bearer " + KEY)) {
            return FakeApi.said(
                    401, "{\"errors\": [{\"message\": \"The authorization is invalid\"}]}");
        }
        return switch (request.path()) {
            case SEND ->
                    new Answer.Said(
                            202, Map.of("X-Message-Id", "taken-" + last.incrementAndGet()), "");
            case "/v3/scopes" -> FakeApi.said(200, "{\"scopes\": [\"mail.send\"]}");
            default -> FakeApi.said(404, "{\"errors\": [{\"message\": \"not found\"}]}");
        };
    }

    /// Returns the senders of what was taken, each as often as it was.
    List<String> senders() {
        return api.requests().stream()
                .filter(request -> request.path().equals(SEND))
                .map(PlayedSendGrid::sender)
                .toList();
    }

    /// Returns all that it was ever told, a request an item.
    List<String> heard() {
        return api.requests().stream().map(request -> request.headers() + request.raw()).toList();
    }

    private static String sender(Request request) {
        try {
            return JSON.readTree(request.text()).at("/from/email").asText();
        } catch (JsonProcessingException broken) {
            throw new AssertionError(request.text(), broken);
        }
    }

    @Override
    public void close() throws IOException {
        api.close();
    }
}
