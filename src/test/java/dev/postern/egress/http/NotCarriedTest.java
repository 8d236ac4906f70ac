package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressConfig.Common.Fidelity;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.mail.ALabels;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.testing.Seeds;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What an API that takes messages apart does not carry is told, and what it carries is not: for
/// each kind of thing a message can have.
class NotCarriedTest {

    private static final List<String> TYPES = List.of("sendgrid", "resend", "brevo", "postmark");

    private static final String HEAD = "From: a@example.org\nTo: b@example.net\nSubject: s\n";
    private static final String HTML =
            "Content-Type: text/html\n\n<p>see <img src=\"cid:i%40x\">\n";

    /// @param expected lines such as `brevo resend: what is told`
    record Case(String name, String message, String expected) {

        List<String> told(String type) {
            TreeSet<String> told = new TreeSet<>();
            for (String line : expected.lines().toList()) {
                String[] types = line.substring(0, line.indexOf(": ")).split(" ");
                if (List.of(types).contains(type) || types[0].equals("all")) {
                    told.add(line.substring(line.indexOf(": ") + 2));
                }
            }
            return List.copyOf(told);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private record Sent(Outcome outcome, List<JsonNode> requests) {

        List<String> told() {
            Outcome.Accepted accepted = assertInstanceOf(Outcome.Accepted.class, outcome);
            return List.copyOf(new TreeSet<>(accepted.notCarried()));
        }

        JsonNode json() {
            return requests.getFirst();
        }
    }

    private static Sent send(String type, Fidelity fidelity, String message, String... to)
            throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress =
                        OutboundMessages.egress(
                                type,
                                OutboundMessages.common(
                                        api.uri(), fidelity, Duration.ofSeconds(20)))) {
            byte[] octets = message.replace("\n", "\r\n").getBytes(ISO_8859_1);
            Outcome outcome =
                    egress.send(
                                    OutboundMessages.of(OutboundMessages.content(octets), to),
                                    CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            return new Sent(
                    outcome, api.requests().stream().map(r -> JsonAnswer.read(r.text())).toList());
        }
    }

    private static Sent send(String type, String message) throws Exception {
        return send(type, Fidelity.BEST_EFFORT, message, "b@example.net");
    }

    private static String multipart(String subtype, String... parts) {
        StringBuilder all = new StringBuilder("Content-Type: multipart/" + subtype);
        all.append("; boundary=").append(subtype).append("_\n\n");
        for (String part : parts) {
            all.append("--").append(subtype).append("_\n").append(part);
        }
        return all + "--" + subtype + "_--\n";
    }

    private static String file(String type, String disposition) {
        return "Content-Type: " + type + "\nContent-Disposition: " + disposition + "\n\noctets\n";
    }

    /// Each case begins with `=== ` and its name; a line of dashes stands before the message.
    static Stream<Case> cases() throws IOException {
        try (InputStream in = NotCarriedTest.class.getResourceAsStream("not-carried.txt")) {
            String all = new String(in.readAllBytes(), UTF_8);
            return Stream.of(all.split("(?m)^=== ")).skip(1).map(NotCarriedTest::one);
        }
    }

    private static Case one(String text) {
        int told = text.indexOf('\n') + 1;
        int message = text.indexOf("---\n", told);
        return new Case(
                text.substring(0, told - 1),
                text.substring(message + 4),
                text.substring(told, message));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatIsNotCarriedIsTold(Case one) throws Exception {
        for (String type : TYPES) {
            Sent sent = send(type, one.message());
            assertEquals(one.told(type), sent.told(), type);
            Sent strict = send(type, Fidelity.STRICT, one.message(), "b@example.net");
            if (one.told(type).isEmpty()) {
                assertEquals(sent.json(), strict.json(), type);
            } else {
                assertInstanceOf(Outcome.Unsuited.class, strict.outcome(), type);
                assertEquals(List.of(), strict.requests(), type);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void anEmptyFileIsForOthers(String type) throws Exception {
        String message =
                HEAD
                        + multipart(
                                "mixed",
                                HTML,
                                "Content-Type: text/plain\n"
                                        + "Content-Disposition: attachment; filename=err.log\n\n");
        Sent sent = send(type, message);
        Outcome.Unsuited unsuited = assertInstanceOf(Outcome.Unsuited.class, sent.outcome());
        assertEquals(Unsuitability.FORM, unsuited.unsuitability());
        assertEquals(type + " takes no empty attachment: err.log", unsuited.reply());
        assertEquals(List.of(), sent.requests());
    }

    @Test
    void manyRecipientsInSeveralCallsAreTold() throws Exception {
        String[] to =
                IntStream.range(0, 60)
                        .mapToObj(i -> "t" + i + "@example.net")
                        .toArray(String[]::new);
        String message =
                "From: a@example.org\nTo: " + String.join(",\n ", to) + "\nSubject: s\n" + HTML;
        for (String type : List.of("resend", "postmark")) {
            Sent sent = send(type, Fidelity.BEST_EFFORT, message, to);
            assertEquals(2, sent.requests().size());
            assertEquals(List.of("To and Cc in one message: 60 in calls of 50"), sent.told());
            Sent strict = send(type, Fidelity.STRICT, message, to);
            assertInstanceOf(Outcome.Unsuited.class, strict.outcome());
        }
        assertEquals(List.of(), send("sendgrid", Fidelity.STRICT, message, to).told());
        assertEquals(List.of(), send("brevo", Fidelity.STRICT, message, to).told());
    }

    @Test
    void footersAreShownBelow() throws Exception {
        String text = "Content-Type: text/plain\n\none & two\n";
        String html = "Content-Type: text/html\n\n<p>page\n";
        String footer = "Content-Type: text/plain\n\n<footer>\n";
        String shown = "<pre style=\"white-space: pre-wrap\">%s</pre>";
        String below = shown.formatted("&lt;footer&gt;");
        JsonNode both =
                send(
                                "postmark",
                                HEAD
                                        + multipart(
                                                "mixed",
                                                multipart("alternative", text, html),
                                                footer))
                        .json();
        assertEquals("one & two\r\n<footer>", both.path("TextBody").asText());
        assertEquals("<p>page\r\n" + below, both.path("HtmlBody").asText());
        JsonNode page = send("postmark", HEAD + multipart("mixed", html, footer)).json();
        assertTrue(page.path("TextBody").isMissingNode());
        assertEquals("<p>page\r\n" + below, page.path("HtmlBody").asText());
        JsonNode last = send("postmark", HEAD + multipart("mixed", text, html)).json();
        assertTrue(last.path("TextBody").isMissingNode());
        assertEquals(
                shown.formatted("one &amp; two") + "\r\n<p>page", last.path("HtmlBody").asText());
    }

    /// One that is told nothing makes a text itself.
    @Test
    void nobodyGetsATextThatTheMessageHasNot() throws Exception {
        JsonNode json = send("resend", HEAD + HTML).json();
        assertEquals("", json.path("text").textValue());
    }

    @Test
    void whereTheyCanTypesGoWithTheirParameters() throws Exception {
        String message =
                HEAD
                        + multipart(
                                "mixed",
                                HTML,
                                file(
                                        "text/calendar; method=REQUEST; charset=\"utf 8\"",
                                        "attachment; filename=i.ics"));
        String full = "text/calendar; charset=\"utf 8\"; method=REQUEST";
        assertEquals(
                full, send("postmark", message).json().at("/Attachments/0/ContentType").asText());
        assertEquals(
                full, send("resend", message).json().at("/attachments/0/content_type").asText());
        assertEquals(
                "text/calendar",
                send("sendgrid", message).json().at("/attachments/0/type").asText());
    }

    @Test
    void datesGoAlong() throws Exception {
        String message = HEAD + "Date: Sun, 22 Nov 2026 10:00:00 +0000\n" + HTML;
        for (String type : List.of("sendgrid", "resend")) {
            assertEquals(
                    "Sun, 22 Nov 2026 10:00:00 +0000",
                    send(type, message).json().at("/headers/Date").asText());
        }
        assertTrue(
                send("postmark", message).json().path("Headers").toString().contains("\"Date\""));
    }

    /// A domain is the same in either of its forms, and APIs take the one in ASCII.
    @Test
    void domainsGoInAscii() throws Exception {
        String domain = "b\u00fccher.example";
        String text = "From: a@%1$s\nTo: Ann <b@%1$s>\nSubject: s\n".formatted(domain) + HTML;
        String message = new String(text.getBytes(UTF_8), ISO_8859_1);
        for (String type : TYPES) {
            for (String to : List.of("b@" + domain, "b@xn--bcher-kva.example")) {
                Sent sent = send(type, Fidelity.BEST_EFFORT, message, to);
                assertEquals(List.of(), sent.told(), type);
                String posted = sent.json().toString();
                assertTrue(posted.contains("Ann"), posted);
                assertTrue(posted.contains("b@xn--bcher-kva.example"), posted);
                assertTrue(ALabels.isAscii(posted), posted);
            }
        }
    }

    /// Of everything that a message has and that has a name of its own, either its value is in the
    /// request or its name is told.
    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void nothingGoesInSilence(String type) {
        Seeds.forEach(
                60,
                random -> {
                    Map<String, String> marks = new TreeMap<>();
                    String message = made(random, marks);
                    Sent sent = send(type, message);
                    String posted = posted(sent.json());
                    List<String> told = sent.told();
                    for (Map.Entry<String, String> mark : marks.entrySet()) {
                        boolean isPosted = posted.contains(mark.getValue());
                        boolean isTold = told.stream().anyMatch(t -> t.contains(mark.getKey()));
                        assertTrue(
                                isPosted != isTold,
                                mark + " " + told + "\n" + posted + "\n" + message);
                    }
                    Sent strict = send(type, Fidelity.STRICT, message, "b@example.net");
                    assertEquals(
                            !told.isEmpty(), strict.outcome() instanceof Outcome.Unsuited, message);
                });
    }

    private static String made(RandomGenerator random, Map<String, String> marks) {
        StringBuilder head = new StringBuilder(HEAD);
        for (int i = 0; i < 3; i++) {
            String name = Seeds.oneOf(random, List.of("X-F", "Content-F", "ARC-F")) + i + "q";
            head.append(name).append(": ").append(mark(marks, name)).append('\n');
        }
        List<String> parts = new ArrayList<>(List.of(HTML));
        for (int i = random.nextInt(5); i > 0; i--) {
            String name = "p" + i + "q";
            String file = "f" + i + "." + Seeds.oneOf(random, List.of("pdf", "xml", "zzz", "csv"));
            String type = Seeds.oneOf(random, List.of("text/csv", "application/xml", "image/png"));
            String field = "Content-G" + i + "q";
            parts.add(
                    (random.nextBoolean() ? field + ": " + mark(marks, field) + "\n" : "")
                            + "Content-Type: "
                            + type
                            + (random.nextBoolean() ? "; " + name + "=" + mark(marks, name) : "")
                            + "\nContent-Disposition: "
                            + Seeds.oneOf(random, List.of("inline", "attachment"))
                            + "; filename="
                            + file
                            + "\n\noctets of "
                            + file
                            + "\n");
        }
        return head + multipart("mixed", parts.toArray(String[]::new));
    }

    private static String mark(Map<String, String> marks, String name) {
        String value = "v" + marks.size() + "alue";
        marks.put(name, value);
        return value;
    }

    /// Returns all texts of a request, those in base64 decoded too.
    private static String posted(JsonNode json) {
        StringBuilder all = new StringBuilder(json.toString());
        for (String member : List.of("content", "Content")) {
            for (String base64 : json.findValuesAsText(member)) {
                if (base64.matches("[A-Za-z0-9+/=]+")) {
                    all.append(new String(Base64.getDecoder().decode(base64), UTF_8));
                }
            }
        }
        return all.toString();
    }
}
