package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Delivery;
import dev.postern.egress.Egress;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The two that take the octets as they are.
class RawEgressTest {

    private static final String MESSAGE =
            """
            From: a@example.org
            To: Somebody <else@example.net>
            X-Mailgun-Tag: one
            X-Mailgun-Variables: {"order": "17", "more": {"a": 1}}
            X-SES-CONFIGURATION-SET: main
            X-SES-MESSAGE-TAGS: a=b, c=d
            X-SES-SOURCE-ARN: arn:aws:ses:somebody
             else
            Subject: hi

            Text.
            .dots
            """
                    .replace("\n", "\r\n");

    @Test
    void mailgunGetsTheOctetsAndTheEnvelope() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("mailgun"));
                Egress egress = OutboundMessages.egress("mailgun", api.uri())) {
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of(
                                    MESSAGE, "b@example.net", "B@example.net", "c@example.net"),
                            CommitGate.OPEN);
            Outcome.Accepted accepted =
                    assertInstanceOf(
                            Outcome.Accepted.class,
                            delivery.outcomes().get(new ForwardPath("B@example.net")));
            assertEquals("<mg-1@x>", accepted.remoteId());
            FakeApi.Request request = api.requests().getFirst();
            assertEquals("/v3/mg.example.org/messages.mime", request.path());
            assertEquals(
                    "Basic "
                            + Base64.getEncoder()
                                    .encodeToString(
                                            ("api:" + OutboundMessages.KEY).getBytes(ISO_8859_1)),
                    request.header("authorization"));
            String body = request.raw();
            assertTrue(body.contains("\r\n\r\n" + MESSAGE + "\r\n--"), body);
            assertEquals(List.of("b@example.net", "c@example.net"), fields(body, "to"));
            assertEquals(List.of("one"), fields(body, "o:tag"));
            assertEquals(List.of("17"), fields(body, "v:order"));
            assertEquals(List.of("{\"a\":1}"), fields(body, "v:more"));
        }
    }

    private static List<String> fields(String form, String name) {
        List<String> values = new ArrayList<>();
        for (String part : form.split("--postern-")) {
            if (part.contains("name=\"" + name + "\"\r\n")) {
                values.add(part.substring(part.indexOf("\r\n\r\n") + 4).stripTrailing());
            }
        }
        return values;
    }

    /// Whatever the message says there, no field of the form is added, and none is ended.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\\\"\\r\\n\\r\\nv\\r\\n--b\\r\\nContent-Disposition: form-data; name=\\\"to",
                "\\n\\nto",
                "\\\"; name=\\\"to",
                "\\r",
                "\\u0000\\u2028",
            })
    void whatAMessageNamesCannotEndAFieldOfTheForm(String name) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("mailgun"));
                Egress egress = OutboundMessages.egress("mailgun", api.uri())) {
            String message =
                    "From: a@example.org\r\nX-Mailgun-Variables: {\"%s\": \"%s\"}\r\n\r\nx\r\n"
                            .formatted(name, name);
            assertInstanceOf(
                    Outcome.Accepted.class,
                    egress.send(OutboundMessages.of(message, "b@example.net"), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue());
            String form = api.requests().getFirst().text();
            String before = form.substring(0, form.indexOf("name=\"message\""));
            assertEquals(List.of("b@example.net"), fields(before, "to"));
            assertEquals(
                    3, Pattern.compile("\r\n\r\n|\n\n|\r\r").splitAsStream(before).count(), before);
            assertEquals(
                    2, Pattern.compile("(?m)^Content-Disp").matcher(before).results().count() - 1);
        }
    }

    @Test
    void sesGetsTheOctetsWithoutArnsAndTheEnvelope() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("ses"));
                Egress egress = OutboundMessages.egress("ses", api.uri())) {
            String[] many =
                    IntStream.range(0, 120)
                            .mapToObj(i -> "r" + i + "@example.net")
                            .toArray(String[]::new);
            Delivery delivery = egress.send(OutboundMessages.of(MESSAGE, many), CommitGate.OPEN);
            assertEquals(
                    120,
                    delivery.outcomes().values().stream()
                            .filter(Outcome.Accepted.class::isInstance)
                            .count(),
                    delivery.toString());
            assertEquals(3, api.requests().size());
            assertEquals(1, api.connectionCount());
            List<String> mailed = new ArrayList<>();
            for (FakeApi.Request request : api.requests()) {
                assertEquals("/v2/email/outbound-emails", request.path());
                assertTrue(request.header("authorization").startsWith("AWS4-HMAC-SHA256 "));
                JsonNode json = JsonAnswer.read(request.text());
                json.path("Destination")
                        .path("ToAddresses")
                        .forEach(to -> mailed.add(to.textValue()));
                assertEquals("main", json.path("ConfigurationSetName").textValue());
                assertEquals(2, json.path("EmailTags").size());
                String raw =
                        new String(
                                Base64.getDecoder()
                                        .decode(
                                                json.path("Content")
                                                        .path("Raw")
                                                        .path("Data")
                                                        .textValue()),
                                ISO_8859_1);
                assertEquals(MESSAGE.replaceFirst("(?s)X-SES-SOURCE-ARN.*?else\r\n", ""), raw);
                assertFalse(json.has("FromEmailAddress"));
            }
            assertEquals(List.of(many), mailed);
        }
    }

    @Test
    void sesIsToldTheAuthorWhereTheMessageNamesNone() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("ses"));
                Egress egress = OutboundMessages.egress("ses", api.uri())) {
            egress.send(
                    OutboundMessages.of("Subject: x\r\n\r\ny\r\n", "b@example.net"),
                    CommitGate.OPEN);
            JsonNode json = JsonAnswer.read(api.requests().getFirst().text());
            assertEquals("sender@example.org", json.path("FromEmailAddress").textValue());
        }
    }

    /// Cron writes such a From.
    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            value = {
                "root (Cron Daemon) => Cron Daemon <sender@example.org>",
                "Cron, Daemon <root> => sender@example.org",
                "\"Cron, Daemon\" <root> => \"Cron, Daemon\" <sender@example.org>",
                "root => sender@example.org",
                "=?utf-8?q?=C5=81?= <root> => =?UTF-8?B?xYE=?= <sender@example.org>",
            })
    void sesIsToldTheNameOfAnAuthorWithoutADomain(String from, String author) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance("ses"));
                Egress egress = OutboundMessages.egress("ses", api.uri())) {
            Delivery delivery =
                    egress.send(
                            OutboundMessages.of("From: " + from + "\r\n\r\ny\r\n", "b@example.net"),
                            CommitGate.OPEN);
            JsonNode json = JsonAnswer.read(api.requests().getFirst().text());
            assertEquals(author, json.path("FromEmailAddress").textValue());
            Outcome outcome = delivery.outcomes().firstEntry().getValue();
            String lost = assertInstanceOf(Outcome.Accepted.class, outcome).notCarried().getFirst();
            assertTrue(lost.startsWith("From: "), lost);
        }
    }
}
