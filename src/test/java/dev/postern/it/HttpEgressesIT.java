package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.FakeApi.Request;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Ports;
import dev.postern.testing.Postern;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Mail in over SMTP, out over each provider's API, and what operators see of it: through the
/// program as a process, against providers that are played.
@Timeout(180)
class HttpEgressesIT {

    private static final Map<String, StandIn> APIS = new LinkedHashMap<>();

    @TempDir static Path directory;

    private static Postern postern;
    private static int messages;

    @BeforeAll
    static void start() throws IOException {
        for (String type : StandIn.TYPES) {
            APIS.put(type, StandIn.start(type));
        }
        postern =
                Postern.in(directory)
                        .settings("retry: {schedule: [1h]}\n")
                        .egress(items(", answer-timeout: 3s"))
                        .start();
        awaitUp(postern);
    }

    @AfterAll
    static void stop() throws IOException {
        if (postern != null) {
            postern.close();
        }
        for (StandIn api : APIS.values()) {
            api.close();
        }
    }

    @AfterEach
    void behave() {
        APIS.values().forEach(StandIn::behave);
    }

    private static String items(String more) {
        return APIS.values().stream().map(api -> api.egress(more)).collect(Collectors.joining());
    }

    private static void awaitUp(Postern which) {
        Await.until(
                "no egress is down", () -> which.egressStates().stream().noneMatch("down"::equals));
    }

    @Test
    void mailGoesOutAndItsIdIsKept() throws IOException {
        for (Map.Entry<String, Submitted> each : submit().entrySet()) {
            JsonNode sent = each.getValue().awaitState("sent");
            JsonNode recipient = sent.path("recipients").path(0);
            assertEquals(each.getKey(), recipient.path("egress").asText());
            String reply = recipient.path("reply").asText();
            assertTrue(reply.matches("HTTP 20\\d accepted as <?(sg|ses|mg|rs|bv|pm)-1.*"), reply);
            StandIn api = APIS.get(each.getKey());
            List<Request> mail = api.mail(each.getValue());
            assertEquals(1, mail.size());
            assertTrue(api.isLoggedIn(mail.getFirst()), mail.getFirst().headers()::toString);
        }
    }

    @Test
    void aRefusedKeyPutsTheEgressDownAndTheMailWaits() throws IOException {
        answer(type ->
                type.equals("ses")
                        ? FakeApi.said(403, "{\"__type\":\"UnrecognizedClientException\"}")
                        : FakeApi.said(401, "{\"message\":\"unauthorized\"}"));
        Map<String, Submitted> letters = submit();
        letters.forEach((_, letter) -> check(letter, "unavailable", "deferred", "egress-down"));
        for (JsonNode egress : postern.admin("/api/v1/status").path("egress")) {
            assertEquals("down", egress.path("state").asText(), egress::toString);
            assertEquals("credentials", egress.path("reason").asText(), egress::toString);
        }
        recover(letters);
    }

    @Test
    void aRefusedRecipientFails() throws IOException {
        answer(HttpEgressesIT::badRecipient);
        submit().forEach((_, letter) -> check(letter, "rejected", "failed", "null"));
    }

    private static Answer badRecipient(String type) {
        return switch (type) {
            case "sendgrid" ->
                    FakeApi.said(
                            400,
                            "{\"errors\":[{\"message\":\"Does not contain a valid address.\","
                                    + "\"field\":\"personalizations.0.to.0.email\"}]}");
            case "ses" ->
                    FakeApi.said(
                            400,
                            "{\"__type\":\"MessageRejected\","
                                    + "\"message\":\"Address is on the suppression list\"}");
            case "mailgun" ->
                    FakeApi.said(400, "{\"message\":\"to parameter is not a valid address\"}");
            case "resend" ->
                    FakeApi.said(
                            422,
                            "{\"name\":\"validation_error\",\"message\":\"Invalid `to` field.\"}");
            case "brevo" ->
                    FakeApi.said(
                            400,
                            "{\"code\":\"invalid_parameter\","
                                    + "\"message\":\"email is not valid in to\"}");
            default ->
                    FakeApi.said(
                            422, "{\"ErrorCode\":300,\"Message\":\"Invalid 'To' address: x\"}");
        };
    }

    @Test
    void aRateLimitPausesTheEgressAsLongAsTheProviderSays(@TempDir Path own) throws IOException {
        try (Postern other = Postern.in(own).egress(items("")).start()) {
            answer(_ -> new Answer.Said(429, Map.of("Retry-After", "7200"), "{}"));
            for (String type : StandIn.TYPES) {
                Submitted letter = Submitted.to(other, "limited@" + type + ".example", 1);
                JsonNode tried = check(letter, "deferred", "deferred", "limited");
                Instant next = Instant.parse(tried.path("next-attempt").asText());
                Duration wait = Duration.between(Instant.now(), next);
                assertTrue(wait.compareTo(Duration.ofMinutes(100)) > 0, type + " " + wait);
            }
        }
    }

    @Test
    void aRedirectIsNotFollowedAndIsNoAcceptance() throws IOException {
        Map<String, StandIn> others = APIS;
        String elsewhere = "http://127.0.0.1:" + Ports.free(1).getFirst() + "/login";
        answer(_ -> new Answer.Said(302, Map.of("Location", elsewhere), ""));
        Map<String, Submitted> letters = submit();
        letters.forEach((type, letter) -> {
            JsonNode tried = check(letter, "unavailable", "deferred", "egress-down");
            assertTrue(tried.toString().contains("HTTP 302 to " + elsewhere), tried::toString);
            assertEquals(1, others.get(type).mail(letter).size());
        });
        recover(letters);
    }

    /// Nobody knows what it did with the message, so no other egress is asked at once.
    @Test
    void aPortalsSuccessIsNoAcceptance() throws IOException {
        answer(_ ->
                new Answer.Said(
                        200,
                        Map.of("Content-Type", "text/html"),
                        "<html><title>Welcome to the hotel</title></html>"));
        Map<String, Submitted> letters = submit();
        letters.forEach((type, letter) -> {
            JsonNode tried = check(letter, "uncertain", "deferred", "uncertain");
            assertTrue(tried.toString().contains("not an acceptance"), tried::toString);
        });
    }

    @Test
    void aServerThatFailsIsUnavailableAndAGatewaysErrorUncertain() throws IOException {
        answer(_ -> FakeApi.said(503, "{}"));
        Map<String, Submitted> letters = submit();
        letters.forEach((_, letter) -> check(letter, "unavailable", "deferred", "egress-down"));
        recover(letters);
        answer(_ -> FakeApi.said(502, "<html>"));
        submit().forEach((_, letter) -> check(letter, "uncertain", "deferred", "uncertain"));
    }

    /// Nothing repeats it for five minutes, but that a new process does not remember them.
    @Test
    void aLostAnswerIsUncertainAndNamedAsAPossibleDuplicate() throws IOException {
        Map<Submitted, StandIn> letters = new LinkedHashMap<>();
        for (Answer lost : List.of(new Answer.Closed(), new Answer.Silence())) {
            answer(_ -> lost);
            submit().forEach((type, letter) -> letters.put(letter, APIS.get(type)));
            letters.forEach((letter, api) -> {
                check(letter, "uncertain", "deferred", "uncertain");
                postern.awaitLine("possible duplicate", letter.id());
                assertEquals(1, api.mail(letter).size(), api.type());
            });
        }
        behave();
        postern.kill9();
        postern.start();
        letters.forEach((letter, api) -> {
            List<String> classes = Submitted.outcomes(letter.awaitSent());
            assertEquals(List.of("uncertain", "accepted"), classes, api.type());
            assertEquals(2, api.mail(letter).size(), api.type());
            if (api.type().equals("resend")) {
                assertSame(api.mail(letter), 2);
            }
        });
    }

    @Test
    void resendGetsTheSameAgainAfterACrash(@TempDir Path own) throws IOException {
        StandIn resend = APIS.get("resend");
        try (Postern crashed =
                Postern.in(own)
                        .egress(resend.egress(""))
                        .settings("retry: {schedule: [1h]}\n")
                        .start()) {
            resend.answer(new Answer.Silence());
            Submitted letter = Submitted.to(crashed, "crash@resend.example", 1);
            Await.until("it is on its way", () -> resend.mail(letter).size() == 1);
            crashed.kill9();
            resend.behave();
            crashed.start();
            letter.awaitState("sent");
            crashed.awaitLine("possible duplicate", letter.id());
            assertSame(resend.mail(letter), 2);
        }
    }

    private static void assertSame(List<Request> mail, int times) {
        assertEquals(times, mail.size());
        for (Request request : mail) {
            assertFalse(request.header("Idempotency-Key").isEmpty());
            assertEquals(
                    mail.getFirst().header("Idempotency-Key"), request.header("Idempotency-Key"));
            assertEquals(mail.getFirst().raw(), request.raw());
        }
    }

    @Test
    void urlsOfTheEnvironmentDoTheSame(@TempDir Path own) throws IOException {
        String urls = APIS.values().stream().map(StandIn::url).collect(Collectors.joining(" "));
        try (Postern other = Postern.in(own).environment(Map.of("POSTERN_EGRESS", urls)).start()) {
            for (String type : StandIn.TYPES) {
                Submitted letter = Submitted.to(other, "url@" + type + ".example", 1);
                JsonNode sent = letter.awaitState("sent");
                assertEquals(type, sent.path("recipients").path(0).path("egress").asText());
                List<Request> mail = APIS.get(type).mail(letter);
                assertTrue(APIS.get(type).isLoggedIn(mail.getFirst()), type);
            }
        }
    }

    /// The egresses are those of the real hosts, so a proxy that nobody runs keeps them from being
    /// asked.
    @Test
    void conventionalVariablesMakeEgresses(@TempDir Path own) throws IOException {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("HTTPS_PROXY", "http://127.0.0.1:" + Ports.free(1).getFirst());
        variables.put("MAILGUN_DOMAIN", "mg.example.org");
        variables.put("SENDGRID_API_KEY", StandIn.key("sendgrid"));
        variables.put("MAILGUN_API_KEY", StandIn.key("mailgun"));
        variables.put("POSTMARK_SERVER_TOKEN", StandIn.key("postmark"));
        variables.put("RESEND_API_KEY", StandIn.key("resend"));
        variables.put("BREVO_API_KEY", StandIn.key("brevo"));
        List<String> names = List.of("sendgrid", "mailgun", "postmark", "resend", "brevo");
        try (Postern other = Postern.in(own).environment(variables)) {
            other.writeConfiguration();
            Commands.Result shown = other.run("config", "show", "--config", "postern.yaml");
            assertEquals(0, shown.status(), shown.toString());
            for (String name : names) {
                assertTrue(shown.output().contains("name: " + name), shown.output());
                assertFalse(shown.toString().contains(StandIn.key(name)), "a key is shown");
            }
            assertTrue(shown.output().contains("answer-timeout: 60s"), shown.output());
            other.start();
            for (String variable : variables.keySet()) {
                if (variable.matches(".*(KEY|TOKEN)")) {
                    other.awaitLine("comes from " + variable);
                }
            }
            Await.until(
                    "all are down", () -> other.egressStates().stream().allMatch("down"::equals));
            JsonNode egress = other.admin("/api/v1/status").path("egress");
            assertEquals(names, egress.findValuesAsText("name"));
            assertEquals(
                    List.of("network", "network", "network", "network", "network"),
                    egress.findValuesAsText("reason"));
            assertTrue(egress.toString().contains("connection refused"), egress::toString);
            Submitted letter = Submitted.to(other, "a@example.org", 1);
            JsonNode waits = letter.awaitState("deferred");
            assertEquals("egress-down", waits.path("recipients").path(0).path("reason").asText());
        }
    }

    private static Map<String, Submitted> submit() throws IOException {
        Map<String, Submitted> letters = new LinkedHashMap<>();
        for (String type : StandIn.TYPES) {
            letters.put(type, submit(type));
        }
        return letters;
    }

    private static Submitted submit(String type) throws IOException {
        messages++;
        return Submitted.to(postern, "m" + messages + "@" + type + ".example", 1);
    }

    private static void answer(Function<String, Answer> byType) {
        APIS.forEach((type, api) -> api.answer(byType.apply(type)));
    }

    private static JsonNode check(Submitted letter, String outcome, String state, String reason) {
        JsonNode tried = letter.attempted();
        assertEquals(List.of(outcome), Submitted.outcomes(tried), tried::toString);
        assertEquals(state, tried.path("state").asText(), tried::toString);
        JsonNode recipient = tried.path("recipients").path(0);
        assertEquals(reason, recipient.path("reason").asText("null"), tried::toString);
        return tried;
    }

    /// The providers behave again: what waits goes, once.
    private static void recover(Map<String, Submitted> letters) throws IOException {
        List<String> twice = new ArrayList<>();
        for (Map.Entry<String, Submitted> each : letters.entrySet()) {
            StandIn api = APIS.get(each.getKey());
            api.behave();
            JsonNode probe = postern.post("/api/v1/egress/" + each.getKey() + "/probe");
            assertEquals("passed", probe.path("result").asText(), probe::toString);
        }
        letters.forEach((type, letter) -> {
            List<String> classes = Submitted.outcomes(letter.awaitSent());
            if (classes.stream().filter("accepted"::equals).count() != 1) {
                twice.add(type + classes);
            }
        });
        assertEquals(List.of(), twice);
    }
}
