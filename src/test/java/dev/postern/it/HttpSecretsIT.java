package dev.postern.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.testing.Postern;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Nothing of an API key is seen anywhere outside the requests that need it: not in the log at its
/// most talkative, not on any page, not in any file of the spool, whatever the provider says.
@Timeout(120)
class HttpSecretsIT {

    /// What is looked at beside the messages.
    private static final List<String> PAGES =
            List.of(
                    "/",
                    "/api/v1/status",
                    "/api/v1/messages",
                    "/api/v1/messages?state=failed",
                    "/api/v1/messages/nothing",
                    "/api/v1/nowhere",
                    "/nowhere");

    private static final List<String> HEALTH =
            List.of("/health/live", "/health/ready", "/health/egress", "/metrics", "/nowhere");

    @TempDir Path directory;

    private final Map<String, StandIn> apis = new LinkedHashMap<>();
    private final List<String> ids = new ArrayList<>();
    private Postern postern;

    @BeforeEach
    void start() throws IOException {
        for (String type : StandIn.TYPES) {
            apis.put(type, StandIn.start(type));
        }
        String items =
                apis.values().stream()
                        .map(api -> api.egress(", answer-timeout: 2s"))
                        .collect(Collectors.joining());
        postern =
                Postern.in(directory)
                        .environment(Map.of("POSTERN_LOG_LEVEL", "trace"))
                        .settings("retry: {schedule: [1h]}\n")
                        .egress(items)
                        .start();
    }

    @AfterEach
    void stop() throws IOException {
        if (postern != null) {
            postern.close();
        }
        for (StandIn api : apis.values()) {
            api.close();
        }
    }

    @Test
    void noKeyIsSeenAnywhere() throws IOException {
        send("accepted");
        for (String echo : List.of("%s", "key=%s&x", "Basic %s")) {
            for (int status : List.of(400, 401, 403, 422, 429, 500, 502)) {
                answer(key -> FakeApi.said(status, told(echo.formatted(form(echo, key)))));
                send(null);
                probeAll();
            }
        }
        answer(key ->
                new Answer.Said(
                        302, Map.of("Location", "https://portal.example/?k=" + encoded(key)), ""));
        send(null);
        probeAll();
        answer(key -> new Answer.Said(200, Map.of(), "<html>" + "x".repeat(470) + key));
        send(null);
        probeAll();
        answer(key -> new Answer.Raw("no HTTP: " + key + "\r\n\r\n"));
        send(null);
        probeAll();
        answer(_ -> new Answer.Closed());
        send(null);
        answer(_ -> new Answer.Silence());
        send(null);
        List<String> found = new ArrayList<>();
        search(found, "log", postern.log());
        searchPages(found);
        search(found, "config show", List.of(postern.run(show()).toString()));
        assertEquals(0, postern.stop());
        search(found, "log", postern.log());
        searchSpool(found);
        assertEquals(List.of(), found);
        assertTrue(postern.log().stream().anyMatch(line -> line.contains("********")));
    }

    private static String[] show() {
        return new String[] {"config", "show", "--config", "postern.yaml"};
    }

    private static String form(String echo, String key) {
        return switch (echo) {
            case "%s" -> key;
            case "key=%s&x" -> encoded(key);
            default -> StandIn.base64("api:" + key);
        };
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    /// In the members that one of the providers or other has.
    private static String told(String text) {
        return """
        {"message": "%1$s", "Message": "%1$s", "name": "%1$s", "code": "%1$s", "__type": "%1$s",
         "ErrorCode": 1234, "errors": [{"message": "%1$s", "field": "%1$s"}]}
        """
                .formatted(text);
    }

    private interface Told {
        Answer with(String key);
    }

    private void answer(Told told) {
        apis.forEach((type, api) -> {
            Answer answer = told.with(StandIn.key(type));
            api.answer(answer);
            api.answerProbes(answer);
        });
    }

    /// Sends a message to each and awaits its first attempt; an open breaker may spare it one.
    private void send(String outcome) throws IOException {
        for (String type : StandIn.TYPES) {
            Submitted letter = Submitted.to(postern, "a" + ids.size() + "@" + type + ".example", 1);
            ids.add(letter.id());
            JsonNode tried =
                    postern.awaitMessage(
                            letter.id(),
                            "was looked at",
                            it -> !it.path("state").asText().matches("queued|sending"));
            if (outcome != null) {
                assertEquals(List.of(outcome), Submitted.outcomes(tried));
            }
        }
    }

    /// What was said to the probe is told in its answer; then the breakers are closed again.
    private void probeAll() throws IOException {
        for (StandIn api : apis.values()) {
            postern.post("/api/v1/egress/" + api.type() + "/probe");
            api.behave();
            postern.post("/api/v1/egress/" + api.type() + "/probe");
        }
    }

    private void searchPages(List<String> found) throws IOException {
        for (String path : PAGES) {
            search(found, path, List.of(postern.page(path).body()));
        }
        for (String path : HEALTH) {
            search(found, path, List.of(postern.health(path).body()));
        }
        for (String id : ids) {
            String path = "/api/v1/messages/" + id;
            search(found, path, List.of(postern.page(path).body()));
        }
    }

    private void searchSpool(List<String> found) throws IOException {
        try (Stream<Path> files = Files.walk(directory.resolve("spool"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                search(found, file.toString(), List.of(Files.readString(file, ISO_8859_1)));
            }
        }
    }

    private static void search(List<String> found, String where, List<String> texts) {
        for (String type : StandIn.TYPES) {
            String key = StandIn.key(type);
            String login = StandIn.base64("api:" + key);
            for (String needle :
                    List.of(
                            key,
                            key.substring(type.length() + 1, key.length() - 4),
                            encoded(key),
                            StandIn.base64(key).substring(0, 24),
                            login.substring(8, login.length() - 4))) {
                texts.stream()
                        .filter(text -> text.contains(needle))
                        .findFirst()
                        .ifPresent(text -> found.add(where + ": " + needle + " in " + text));
            }
        }
    }
}
