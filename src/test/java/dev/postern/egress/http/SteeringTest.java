package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.SteeringFilter;
import dev.postern.outcome.Outcome;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What steers one provider never gets to recipients by another, and `fidelity: strict` has nothing
/// against that.
class SteeringTest {

    private static final Map<String, String> FIELDS = new LinkedHashMap<>();

    static {
        FIELDS.put("sendgrid", "X-SMTPAPI");
        FIELDS.put("mailgun", "X-Mailgun-Variables");
        FIELDS.put("postmark", "x-pm-metadata-x");
        FIELDS.put("ses", "X-SES-MESSAGE-TAGS");
        FIELDS.put("brevo", "X-Mailin-Tag");
        FIELDS.put("mandrill", "X-MC-Tags");
        FIELDS.put("sparkpost", "X-MSYS-API");
    }

    static List<String> types() {
        return OutboundMessages.TYPES;
    }

    @ParameterizedTest
    @MethodSource("types")
    void othersFieldsStayHere(String type) throws Exception {
        StringBuilder message = new StringBuilder("From: a@example.org\r\n");
        FIELDS.forEach((provider, name) ->
                message.append(name)
                        .append(": {\"category\":\r\n \"for-")
                        .append(provider)
                        .append("\"}\r\n"));
        message.append("Message-ID: <1@example.org>\r\nTo: b@example.net\r\nSubject: x\r\n");
        // Brevo has no place for a Date, and makes HTML of a text.
        message.append(
                type.equals("brevo")
                        ? "Content-Type: text/html\r\n\r\n<p>Text\r\n"
                        : "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\nText\r\n");
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type))) {
            EgressConfig config =
                    OutboundMessages.config(
                            type,
                            OutboundMessages.common(
                                    api.uri(), Common.Fidelity.STRICT, Duration.ofSeconds(10)));
            try (Egress egress =
                    SteeringFilter.of(config, OutboundMessages.egress(type, config.common()))) {
                Outcome outcome =
                        egress.send(
                                        OutboundMessages.of(message.toString(), "b@example.net"),
                                        CommitGate.OPEN)
                                .outcomes()
                                .firstEntry()
                                .getValue();
                List<String> expected =
                        FIELDS.entrySet().stream()
                                .filter(field -> !field.getKey().equals(type))
                                .map(Map.Entry::getValue)
                                .toList();
                assertEquals(
                        expected,
                        assertInstanceOf(Outcome.Accepted.class, outcome, outcome::reply)
                                .notCarried());
                String request = request(type, api.requests().getFirst());
                FIELDS.keySet().stream()
                        .filter(provider -> !provider.equals(type))
                        .forEach(provider ->
                                assertFalse(request.contains("for-" + provider), request));
                assertTrue(request.contains("Text"), request);
            }
        }
    }

    private static String request(String type, FakeApi.Request request) {
        return type.equals("ses")
                ? new String(
                        Base64.getDecoder()
                                .decode(
                                        JsonAnswer.read(request.text())
                                                .at("/Content/Raw/Data")
                                                .textValue()),
                        StandardCharsets.ISO_8859_1)
                : request.raw();
    }
}
