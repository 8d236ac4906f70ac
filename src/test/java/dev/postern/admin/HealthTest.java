package dev.postern.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.EgressState;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HealthTest {

    private final Stage stage = new Stage();

    @AfterEach
    void close() {
        stage.close();
    }

    private Raw.Answer get(String target) throws IOException {
        return Raw.request(stage.health(), "GET", target).send();
    }

    /// As Helidon's own client sends it.
    @Test
    void aRequestThatSaysThatItHasNoBodyIsAnswered() throws IOException {
        Raw.Answer answer =
                Raw.request(stage.health(), "GET", "/health/live")
                        .header("Content-Length", "0")
                        .send();
        assertEquals(200, answer.status());
    }

    @Test
    void aProcessThatAnswersLives() throws IOException {
        stage.listening = null;
        stage.spool.trouble = "broken";

        Raw.Answer answer = get("/health/live");

        assertEquals(200, answer.status());
        assertEquals("application/json", answer.header("content-type"));
        assertEquals("up", answer.json().get("status").asText());
    }

    @Test
    void itIsReadyWhenMailCanBeTakenDurably() throws IOException {
        stage.views.add(Stage.egress("gmail", EgressState.DOWN));

        Raw.Answer answer = get("/health/ready");

        assertEquals(200, answer.status(), "a blocked egress must not make it unready");
        assertEquals("up", answer.json().at("/checks/spool/status").asText());
    }

    @Test
    void itIsNotReadyWhenTheSpoolIsNot() throws IOException {
        stage.spool.trouble = "less than 64 MiB free: make room";

        Raw.Answer answer = get("/health/ready");

        assertEquals(503, answer.status());
        assertEquals("down", answer.json().get("status").asText());
        assertEquals(
                "less than 64 MiB free: make room",
                answer.json().at("/checks/spool/reason").asText());
    }

    @Test
    void itIsNotReadyBeforeAndAfterItListens() throws IOException {
        stage.listening = null;

        assertEquals(503, get("/health/ready").status());
    }

    @Test
    void onceStartedItStaysSoWhileItDrains() throws IOException {
        stage.listening = null;
        assertEquals(503, get("/health/started").status());
        stage.listening = "127.0.0.1:2525";
        assertEquals(200, get("/health/started").status());
        stage.listening = null;
        assertEquals(200, get("/health/started").status());
    }

    @Test
    void oneEgressThatMayWorkIsEnough() throws IOException {
        stage.views.add(Stage.egress("gmail", EgressState.DOWN));
        assertEquals(503, get("/health/egress").status());
        stage.views.add(Stage.egress("ses", EgressState.UNKNOWN));

        Raw.Answer answer = get("/health/egress");

        assertEquals(200, answer.status());
        JsonNode gmail = answer.json().at("/egress/0");
        assertEquals("gmail", gmail.get("name").asText());
        assertEquals("smtp", gmail.get("type").asText());
        assertEquals("down", gmail.get("state").asText());
        assertEquals("credentials", gmail.get("reason").asText());
        assertEquals("2026-11-22T04:04:06Z", gmail.get("last-success").asText());
        assertEquals("2026-11-22T04:20:06Z", gmail.get("next-probe").asText());
        JsonNode candidate = gmail.at("/candidates/0");
        assertEquals(587, candidate.get("port").asInt());
        assertEquals("192.0.2.1", candidate.get("address").asText());
        assertTrue(candidate.get("result").asText().startsWith("535 no "));
    }

    @Test
    void withoutAnyEgressNoMailCanLeave() throws IOException {
        assertEquals(503, get("/health/egress").status());
    }

    @Test
    void userNamesAreMasked() throws IOException {
        stage.views.add(Stage.egress("gmail", EgressState.DOWN));

        String body = get("/health/egress").text();

        assertFalse(body.contains("hidden-name"), body);
        assertFalse(body.contains("me@example.org"), body);
        assertTrue(body.contains("m***@e***.org"), body);
    }

    @Test
    void nothingElseIsHere() throws IOException {
        for (String target : new String[] {"/", "/api/v1/messages", "/health", "/health/other"}) {
            Raw.Answer answer = get(target);
            assertEquals(404, answer.status(), target);
            assertEquals("application/problem+json", answer.header("content-type"), target);
        }
    }

    @Test
    void otherMethodsAreRefused() throws IOException {
        Raw.Answer answer = Raw.request(stage.health(), "POST", "/health/live").send();

        assertEquals(405, answer.status());
        assertEquals("GET, HEAD", answer.header("allow"));
        assertEquals(405, answer.json().get("status").asInt());
    }

    @Test
    void headAnswersWithoutABody() throws IOException {
        Raw.Answer answer = Raw.request(stage.health(), "HEAD", "/health/live").send();

        assertEquals(200, answer.status());
        assertEquals(0, answer.body().length);
    }

    @Test
    void anyHostMayAsk() throws IOException {
        Raw.Answer answer =
                Raw.request(stage.health(), "GET", "/health/live")
                        .header("Host", "postern.default.svc")
                        .send();

        assertEquals(200, answer.status());
    }
}
