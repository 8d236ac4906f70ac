package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.Probe;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.outcome.Outcome;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The header fields by which apps steer a provider over its SMTP: each does the same over its API,
/// or is told of.
class ProviderFieldsTest {

    private static final String BODY = "To: b@example.net\r\nSubject: x\r\n\r\nText\r\n";

    private record Sent(FakeApi.Request request, Outcome outcome) {

        JsonNode json() {
            return JsonAnswer.read(request.text());
        }

        List<String> notCarried() {
            return assertInstanceOf(Outcome.Accepted.class, outcome).notCarried();
        }
    }

    private static Sent send(String type, String fields) throws Exception {
        return send(type, fields, OutboundMessages.acceptance(type));
    }

    private static Sent send(String type, String fields, Answer answer) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> answer);
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            String message = "From: a@example.org\r\n" + fields.replace("\n", "\r\n") + BODY;
            Outcome outcome =
                    egress.send(OutboundMessages.of(message, "b@example.net"), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            return new Sent(api.requests().getFirst(), outcome);
        }
    }

    @Test
    void mailgunsOptions() throws Exception {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("Tag", "o:tag");
        options.put("Dkim", "o:dkim");
        options.put("Deliver-By", "o:deliverytime");
        options.put("Drop-Message", "o:testmode");
        options.put("Track", "o:tracking");
        options.put("Track-Clicks", "o:tracking-clicks");
        options.put("Track-Opens", "o:tracking-opens");
        options.put("Require-TLS", "o:require-tls");
        options.put("Skip-Verification", "o:skip-verification");
        options.put("Sending-Ip", "o:sending-ip");
        options.put("Sending-Ip-Pool", "o:sending-ip-pool");
        options.put("Secondary-DKIM", "o:secondary-dkim");
        StringBuilder fields = new StringBuilder();
        options.forEach((name, option) ->
                fields.append("x-mailgun-" + name + ": v-" + option.substring(2) + "\n"));
        Sent sent = send("mailgun", fields + "X-Mailgun-Recipient-Variables: {}\n");
        String form = sent.request().raw();
        for (String option : options.values()) {
            String value = "v-" + option.substring(2);
            assertTrue(form.contains("name=\"" + option + "\"\r\n\r\n" + value + "\r\n"), form);
        }
        assertEquals(List.of("X-Mailgun-Recipient-Variables"), sent.notCarried());
    }

    @Test
    void sendGridsSmtpApi() throws Exception {
        String field =
                """
                X-SMTPAPI: {"category": "news", "unique_args": {"n": 1, "s": "t", "o": {"a": 1}},
                 "send_at": 1800000000, "asm_group_id": 5, "asm_groups_to_display": [5, 6],
                 "ip_pool": "pool", "filters": {"clicktrack": {"settings": {"enable": 1}},
                 "opentrack": {"settings": {"enable": 0}}, "footer": {"settings": {"enable": 1}}},
                 "section": {}, "to": ["victim@example.com"]}
                """;
        Sent sent = send("sendgrid", field);
        JsonNode json = sent.json();
        assertEquals("[\"news\"]", json.path("categories").toString());
        assertEquals("1", json.at("/personalizations/0/custom_args/n").textValue());
        assertEquals("{\"a\":1}", json.at("/personalizations/0/custom_args/o").textValue());
        assertEquals(1_800_000_000, json.path("send_at").asLong());
        assertEquals(5, json.at("/asm/group_id").asInt());
        assertEquals("[5,6]", json.at("/asm/groups_to_display").toString());
        assertEquals("pool", json.path("ip_pool_name").textValue());
        assertTrue(json.at("/tracking_settings/click_tracking/enable").booleanValue());
        assertEquals("false", json.at("/tracking_settings/open_tracking/enable").toString());
        assertTrue(!sent.request().text().contains("victim"), sent.request().text());
        assertEquals(
                List.of("X-SMTPAPI filter footer", "X-SMTPAPI section", "X-SMTPAPI to"),
                sent.notCarried());
        assertEquals(
                List.of("X-SMTPAPI (not JSON)"),
                send("sendgrid", "X-SMTPAPI: {broken\n").notCarried());
    }

    /// It answers 200 then, which else is no acceptance.
    @Test
    void sendGridsSandbox() throws Exception {
        String field =
                "X-SMTPAPI: {\"filters\":{\"sandbox_mode\":{\"settings\":{\"enable\":1}}}}\n";
        Answer looked = new Answer.Said(200, Map.of(), "");
        Sent sent = send("sendgrid", field, looked);
        assertTrue(sent.json().at("/mail_settings/sandbox_mode/enable").booleanValue());
        assertEquals("HTTP 200 accepted as sandbox", sent.outcome().reply());
        assertEquals(List.of("delivery (sandbox mode)"), sent.notCarried());
        assertInstanceOf(Outcome.Uncertain.class, send("sendgrid", "", looked).outcome());
    }

    /// What they say is the provider's to decide; that they go nowhere is told.
    @Test
    void sendGridsOwnIds() throws Exception {
        Sent sent = send("sendgrid", "X-SG-ID: a\nx-sg-eid: b\n");
        assertEquals(List.of("X-SG-ID", "x-sg-eid"), sent.notCarried());
        assertTrue(sent.json().path("headers").isMissingNode(), sent.request().text());
    }

    @ParameterizedTest
    @CsvSource({
        "mailgun, X-Mailgun-Drop-Message: yes, true",
        "mailgun, x-mailgun-drop-message: TRUE, true",
        "mailgun, X-Mailgun-Drop-Message: no, false",
        "brevo, x-sib-sandbox: Drop, true",
        "brevo, X-Sib-Sandbox: no, false",
    })
    void whatIsMailedToNobodyIsTold(String type, String field, boolean told) throws Exception {
        assertEquals(
                told, send(type, field + "\n").notCarried().contains("delivery (sandbox mode)"));
    }

    @Test
    void sendGridsCategoriesBeyondItsLimits() throws Exception {
        String many = IntStream.range(0, 12).mapToObj(i -> "\"c" + i + "\"").collect(joining(", "));
        assertEquals(
                List.of("X-SMTPAPI category c10", "X-SMTPAPI category c11"),
                send("sendgrid", "X-SMTPAPI: {\"category\": [" + many + ", \"c1\"]}\n")
                        .notCarried());
        Sent sent =
                send(
                        "sendgrid",
                        "X-SMTPAPI: {\"category\": [\"a\", \"\\u0141\", \"%s\"]}\n"
                                .formatted("x".repeat(256)));
        assertEquals("[\"a\"]", sent.json().path("categories").toString());
        assertEquals("X-SMTPAPI category \u0141", sent.notCarried().getFirst());
        assertTrue(sent.notCarried().get(1).startsWith("X-SMTPAPI category xxx"));
        assertEquals(2, sent.notCarried().size());
    }

    @Test
    void sessTagsBeyondItsLimit() throws Exception {
        Sent sent = send("ses", "X-SES-Message-Tags: long=" + "x".repeat(257) + ", a=b\n");
        assertEquals(1, sent.json().path("EmailTags").size());
        assertEquals(List.of("X-SES-MESSAGE-TAGS long (over 256)"), sent.notCarried());
    }

    @Test
    void sessArnsAreTold() throws Exception {
        Sent sent = send("ses", "X-SES-Source-ARN: arn:a\nX-SES-FROM-ARN: arn:b\n");
        assertEquals(List.of("X-SES-Source-ARN", "X-SES-FROM-ARN"), sent.notCarried());
    }

    /// The first counts, by whichever of its names.
    @Test
    void postmarksFieldsThatAreThereTwice() throws Exception {
        String fields =
                """
                X-PM-Tag: a
                X-PM-Tag: b
                X-PM-Message-Stream: c
                X-PM-Message-Stream: d
                X-PM-TrackOpens: true
                X-PM-Track-Opens: false
                X-PM-Metadata-m: e
                X-PM-Metadata-M: f
                """;
        Sent sent = send("postmark", fields);
        assertEquals("a", sent.json().path("Tag").textValue());
        assertEquals("c", sent.json().path("MessageStream").textValue());
        assertTrue(sent.json().path("TrackOpens").booleanValue());
        assertEquals("{\"m\":\"e\"}", sent.json().path("Metadata").toString());
        assertEquals(
                List.of(
                        "second X-PM-Tag",
                        "second X-PM-Message-Stream",
                        "second X-PM-Track-Opens",
                        "second X-PM-Metadata-M"),
                sent.notCarried());
    }

    @Test
    void sessSetAndTags() throws Exception {
        String fields =
                """
                x-ses-configuration-set: main
                X-SES-MESSAGE-TAGS: campaign=a.b@c, odd tag=1
                 ,k=v
                """;
        JsonNode json = send("ses", fields).json();
        assertEquals("main", json.path("ConfigurationSetName").textValue());
        assertEquals(
                "[{\"Name\":\"campaign\",\"Value\":\"a_b_c\"},{\"Name\":\"tag\",\"Value\":\"1\"},"
                        + "{\"Name\":\"k\",\"Value\":\"v\"}]",
                json.path("EmailTags").toString());
    }

    @Test
    void postmarks() throws Exception {
        String fields =
                """
                X-PM-Tag: news
                X-PM-Message-Stream: broadcast
                X-PM-TrackOpens: true
                X-PM-TrackLinks: HtmlOnly
                X-PM-Metadata-order: 17
                X-PM-KeepID: false
                Message-ID: <1@example.org>
                """;
        JsonNode json = send("postmark", fields).json();
        assertEquals("news", json.path("Tag").textValue());
        assertEquals("broadcast", json.path("MessageStream").textValue());
        assertTrue(json.path("TrackOpens").booleanValue());
        assertEquals("HtmlOnly", json.path("TrackLinks").textValue());
        assertEquals("17", json.at("/Metadata/order").textValue());
        String headers = json.path("Headers").toString();
        assertTrue(headers.contains("{\"Name\":\"X-PM-KeepID\",\"Value\":\"false\"}"), headers);
        assertTrue(!headers.contains("X-PM-Tag"), headers);
    }

    @Test
    void brevosAndResends() throws Exception {
        JsonNode brevo = send("brevo", "X-Mailin-Tag: news\nX-Sib-Sandbox: drop\n").json();
        assertEquals("[\"news\"]", brevo.path("tags").toString());
        assertEquals("{\"X-Sib-Sandbox\":\"drop\"}", brevo.path("headers").toString());
        JsonNode resend = send("resend", "X-Entity-Ref-ID: 17\n").json();
        assertEquals("{\"X-Entity-Ref-ID\":\"17\"}", resend.path("headers").toString());
    }

    /// They are read like all header text: from UTF-8 or from encoded words, once.
    @Test
    void fieldsBeyondAscii() throws Exception {
        String name = "\u0141ukasz \ud83c\udf89";
        String octets = WrittenNames.utf8(name);
        String word =
                "=?utf-8?B?" + Base64.getEncoder().encodeToString(name.getBytes(UTF_8)) + "?=";
        for (String written : List.of(octets, word)) {
            String json = "{\"n\": \"" + written + "\"}\n";
            JsonNode sendgrid =
                    send("sendgrid", "X-SMTPAPI: {\"unique_args\": " + json.strip() + "}\n").json();
            assertEquals(name, sendgrid.at("/personalizations/0/custom_args/n").textValue());
            String mailgun = send("mailgun", "X-Mailgun-Variables: " + json).request().text();
            assertTrue(mailgun.contains("name=\"v:n\"\r\n\r\n" + name + "\r\n"), mailgun);
            JsonNode postmark =
                    send(
                                    "postmark",
                                    "X-PM-Tag: " + written + "\nX-PM-Metadata-m: " + written + "\n")
                            .json();
            assertEquals(name, postmark.path("Tag").textValue());
            assertEquals(name, postmark.at("/Metadata/m").textValue());
            JsonNode brevo = send("brevo", "X-Mailin-Tag: " + written + "\n").json();
            assertEquals(name, brevo.at("/tags/0").textValue());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void anAuthorWithoutADomainKeepsTheName(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            Outcome outcome =
                    egress.send(
                                    OutboundMessages.of(
                                            "From: root (Cron Daemon)\r\nTo: root\r\n" + BODY,
                                            "b@example.net"),
                                    CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            String posted = api.requests().getFirst().text();
            assertTrue(posted.contains("Cron Daemon"), posted);
            assertTrue(posted.contains("sender@example.org"), posted);
            List<String> lost = assertInstanceOf(Outcome.Accepted.class, outcome).notCarried();
            assertTrue(
                    lost.containsAll(List.of("From: Cron Daemon <root>", "To: root")),
                    lost::toString);
        }
    }

    /// It belongs to no server, so that asking for its server says nothing.
    @Test
    void postmarksTokenForTests() throws Exception {
        try (FakeApi api = FakeApi.start(_ -> FakeApi.said(401, "{\"ErrorCode\":10}"));
                Egress egress =
                        HttpEgresses.of(
                                new dev.postern.config.EgressConfig.Api(
                                        OutboundMessages.common(api.uri()),
                                        "postmark",
                                        dev.postern.config.Secret.of("POSTMARK_API_TEST")),
                                _ -> null)) {
            assertInstanceOf(Probe.Unproven.class, egress.probe());
        }
    }
}
