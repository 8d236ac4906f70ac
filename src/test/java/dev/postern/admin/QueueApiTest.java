package dev.postern.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.EgressState;
import dev.postern.egress.Probe;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.spool.QueueAdmin;
import dev.postern.spool.QueueAdmin.Query;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueueApiTest {

    private final Stage stage = new Stage();

    @AfterEach
    void close() {
        stage.close();
    }

    private static Set<String> keys(JsonNode object) {
        Set<String> keys = new TreeSet<>();
        object.fieldNames().forEachRemaining(keys::add);
        return keys;
    }

    @Test
    void aMessageHasTheMembersOfTheContract() throws IOException {
        stage.spool.add(Stage.message(1, State.DEFERRED, Reason.RECIPIENT));

        Raw.Answer answer = stage.get("/api/v1/messages");

        assertEquals(200, answer.status());
        assertEquals("application/json", answer.header("content-type"));
        assertEquals(Set.of("messages", "next"), keys(answer.json()));
        assertTrue(answer.json().get("next").isNull());
        JsonNode message = answer.json().at("/messages/0");
        assertEquals(Stage.id(1).toString(), message.get("id").asText());
        assertEquals("deferred", message.get("state").asText());
        assertEquals("a@example.org", message.get("from").asText());
        assertEquals(5120, message.get("size").asInt());
        assertEquals("Grüße <b>", message.get("subject").asText());
        assertEquals("2026-11-22T04:03:36Z", message.get("received").asText());
        assertEquals(2, message.get("attempt-count").asInt());
        assertEquals("2026-11-22T04:10:06Z", message.get("next-attempt").asText());
        JsonNode recipient = message.at("/recipients/0");
        assertEquals(Set.of("address", "state", "reason", "reply", "egress"), keys(recipient));
        assertEquals("b@example.net", recipient.get("address").asText());
        assertEquals("deferred", recipient.get("state").asText());
        assertEquals("recipient", recipient.get("reason").asText());
        assertEquals("450 4.2.1 later", recipient.get("reply").asText());
        assertEquals("gmail", recipient.get("egress").asText());
        assertFalse(message.has("attempts"));
    }

    @Test
    void oneMessageHasItsAttemptsAndItsClient() throws IOException {
        stage.spool.add(Stage.message(1, State.HELD, Reason.NO_EGRESS));

        JsonNode message = stage.get("/api/v1/messages/" + Stage.id(1)).json();

        JsonNode attempt = message.at("/attempts/0");
        assertEquals(
                Set.of("at", "egress", "outcome", "reply", "seconds", "recipients", "not-carried"),
                keys(attempt));
        assertEquals("2026-11-22T04:03:46Z", attempt.get("at").asText());
        assertEquals("unavailable", attempt.get("outcome").asText());
        assertEquals(1.2, attempt.get("seconds").asDouble());
        assertEquals("b@example.net", attempt.at("/recipients/0").asText());
        assertEquals("calendar", attempt.at("/not-carried/0").asText());
        assertEquals("127.0.0.1", message.get("client").asText());
        assertTrue(message.get("authenticated-as").isNull());
        assertTrue(message.get("next-attempt").isNull(), "what is held has no next attempt");
        assertEquals("no-egress", message.at("/recipients/0/reason").asText());
    }

    @Test
    void pagesFollowEachOther() throws IOException {
        for (int i = 0; i < 7; i++) {
            stage.spool.add(Stage.message(i, State.QUEUED, null));
        }
        List<String> seen = new ArrayList<>();
        String after = "";
        do {
            JsonNode page = stage.get("/api/v1/messages?limit=3&after=" + after).json();
            page.get("messages").forEach(message -> seen.add(message.get("id").asText()));
            after = page.get("next").asText("");
        } while (!after.equals("null") && !after.isEmpty());

        List<String> newestFirst = new ArrayList<>();
        for (int i = 6; i >= 0; i--) {
            newestFirst.add(Stage.id(i).toString());
        }
        assertEquals(newestFirst, seen);
    }

    @Test
    void filtersReachTheSpool() throws IOException {
        stage.get("/api/v1/messages?state=held&sender=A%40x&recipient=b&limit=7");

        assertEquals(new Query(State.HELD, "A@x", "b", 7, null), stage.spool.lastQuery);

        stage.get("/api/v1/messages?sender=a+b@x&recipient=c%20d");

        assertEquals(new Query(null, "a+b@x", "c d", 50, null), stage.spool.lastQuery);
    }

    @Test
    void withoutFiltersTheFirstFiftyAreMeant() throws IOException {
        stage.get("/api/v1/messages?state=&sender=&after=");

        assertEquals(new Query(null, null, null, 50, null), stage.spool.lastQuery);
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit=0", "limit=1001", "limit=x", "state=gone", "after=x"})
    void badParametersAreTold(String query) throws IOException {
        Raw.Answer answer = stage.get("/api/v1/messages?" + query);

        assertEquals(400, answer.status());
        assertEquals("application/problem+json", answer.header("content-type"));
        assertEquals("Bad Request", answer.json().get("title").asText());
        assertEquals(400, answer.json().get("status").asInt());
        assertTrue(answer.json().get("detail").asText().startsWith(query.replaceAll("=.*", "")));
        assertNull(stage.spool.lastQuery);
    }

    @Test
    void rawMailIsADownloadThatNothingRenders() throws IOException {
        stage.spool.add(Stage.message(1, State.FAILED, null));
        String mail = "Subject: x\r\n\r\n<script>alert(1)</script>\r\n".repeat(500);
        stage.spool.octets.put(Stage.id(1), mail.getBytes(UTF_8));

        Raw.Answer answer = stage.get("/api/v1/messages/" + Stage.id(1) + "/raw");

        assertEquals(200, answer.status());
        assertEquals("message/rfc822", answer.header("content-type"));
        assertEquals("nosniff", answer.header("x-content-type-options"));
        assertEquals(
                "attachment; filename=\"" + Stage.id(1) + ".eml\"",
                answer.header("content-disposition"));
        assertTrue(answer.header("content-security-policy").contains("sandbox"));
        assertEquals(String.valueOf(mail.length()), answer.header("content-length"));
        assertEquals(mail, answer.text());
    }

    @Test
    void theOctetsOfASentMessageAreGone() throws IOException {
        stage.spool.add(Stage.message(1, State.SENT, null));

        assertEquals(410, stage.get("/api/v1/messages/" + Stage.id(1) + "/raw").status());
    }

    @ParameterizedTest
    @CsvSource({"GET,", "GET,/raw", "DELETE,", "POST,/retry", "POST,/hold", "POST,/release"})
    void anUnknownMessageIsNotFound(String method, String rest) throws IOException {
        String end = rest == null ? "" : rest;
        for (String id : List.of(Stage.id(1).toString(), "nonsense", "..%2f..%2fetc")) {
            Raw.Answer answer =
                    Raw.request(stage.admin(), method, "/api/v1/messages/" + id + end).send();
            assertTrue(answer.status() == 404 || answer.status() == 400, id + answer.status());
            assertEquals("application/problem+json", answer.header("content-type"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POST,/retry,RETRY,202",
        "POST,/hold,HOLD,202",
        "POST,/release,RELEASE,202",
        "DELETE,,DELETE,204"
    })
    void verbsReachTheSpool(String method, String rest, String verb, int status)
            throws IOException {
        QueueId id = Stage.id(1);
        stage.spool.add(Stage.message(1, State.DEFERRED, Reason.RECIPIENT));
        String target = "/api/v1/messages/" + id + (rest == null ? "" : rest);

        assertEquals(status, Raw.request(stage.admin(), method, target).send().status());
        stage.spool.verdict = QueueAdmin.Verdict.WRONG_STATE;
        Raw.Answer refused = Raw.request(stage.admin(), method, target).send();

        assertEquals(verb + " " + id, stage.spool.done.getFirst());
        assertEquals(409, refused.status());
        assertTrue(refused.json().get("detail").asText().contains("deferred"), refused.text());
    }

    @Test
    void flushMakesAllDeferredDue() throws IOException {
        Raw.Answer answer = stage.post("/api/v1/queue/flush");

        assertEquals(202, answer.status());
        assertEquals(3, answer.json().get("messages").asInt());
        assertEquals(List.of("FLUSH"), stage.spool.done);
    }

    @Test
    void theStatusHasTheMembersOfTheContract() throws IOException {
        stage.spool.add(Stage.message(1, State.DEFERRED, Reason.EGRESS_DOWN));
        stage.views.add(Stage.egress("gmail", EgressState.DOWN));

        JsonNode status = stage.get("/api/v1/status").json();

        assertEquals("1.2.3", status.get("version").asText());
        assertTrue(status.get("uptime-seconds").isIntegralNumber());
        assertEquals("127.0.0.1:2525", status.get("listener").asText());
        assertEquals("/spool", status.at("/spool/path").asText());
        assertEquals(4096, status.at("/spool/bytes").asLong());
        assertEquals(1 << 30, status.at("/spool/free").asLong());
        assertEquals(
                Set.of("queued", "sending", "deferred", "held", "sent", "failed"),
                keys(status.get("messages")));
        assertEquals(1, status.at("/messages/deferred").asInt());
        assertEquals(90, status.get("oldest-seconds").asInt());
        JsonNode gmail = status.at("/egress/0");
        assertEquals(
                Set.of(
                        "name",
                        "type",
                        "state",
                        "reason",
                        "last-error",
                        "last-success",
                        "next-probe",
                        "candidates"),
                keys(gmail));
        assertEquals("down", gmail.get("state").asText());
    }

    @Test
    void aProbeIsMadeAtOnce() throws IOException {
        stage.views.add(Stage.egress("gmail", EgressState.DOWN));
        stage.found = new Probe.Failed("535 5.7.8 no", Fault.CREDENTIALS, null);

        Raw.Answer answer = stage.post("/api/v1/egress/gmail/probe");

        assertEquals(200, answer.status());
        assertEquals("failed", answer.json().get("result").asText());
        assertEquals("535 5.7.8 no", answer.json().get("detail").asText());
        assertEquals("credentials", answer.json().get("reason").asText());
        assertEquals(404, stage.post("/api/v1/egress/other/probe").status());
    }

    @Test
    void aFailureIsAnsweredWithoutItsWords() throws IOException {
        stage.spool.failure = new IllegalStateException("secret words");

        Raw.Answer answer = stage.get("/api/v1/messages");

        assertEquals(500, answer.status());
        assertEquals("application/problem+json", answer.header("content-type"));
        assertFalse(answer.text().contains("secret words"));
    }

    @Test
    void otherMethodsAreRefused() throws IOException {
        Raw.Answer answer = Raw.request(stage.admin(), "PUT", "/api/v1/messages").send();

        assertEquals(405, answer.status());
        assertEquals("GET, HEAD, POST", answer.header("allow"));
    }
}
