package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Unsuitability;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What each provider that has no raw form is told.
class RebuildingTest {

    private static final List<String> TYPES = List.of("sendgrid", "resend", "brevo", "postmark");
    private static final String RICH =
            """
            From: Zoë <zoe@example.org>
            To: b@example.net
            Reply-To: r1@example.org, r2@example.org
            Subject: Grüße
            Date: Sun, 22 Nov 2026 10:00:00 +0000
            Message-ID: <1@example.org>
            In-Reply-To: <0@example.org>
            References: <0@example.org>
            List-Unsubscribe: <https://example.org/u>
            X-Name: Müller
            X-Twice: one
            X-Twice: two
            DKIM-Signature: v=1
            MIME-Version: 1.0
            X-SMTPAPI: {"category": ["a", "b"], "unique_args": {"n": 1}, "to": ["v@example.com"],
             "sub": {}, "filters": {"clicktrack": {"settings": {"enable": 1}}}}
            X-PM-Tag: tag
            X-PM-Metadata-order: 17
            X-PM-Message-Stream: broadcast
            X-Mailin-Tag: tag
            Content-Type: multipart/mixed; boundary=m

            --m
            Content-Type: multipart/related; boundary=r

            --r
            Content-Type: text/html; charset=utf-8

            <p title="x\\y">Grüße <img src="cid:i@x"></p>
            --r
            Content-Type: image/png; name=i.png
            Content-ID: <i@x>
            Content-Transfer-Encoding: base64

            aGVs
            bG8=
            --r--
            --m
            Content-Type: application/x-thing; charset=utf-8
            Content-Disposition: attachment; filename="a;b,c.pdf"

            thing
            --m--
            """
                    .replace("\n", "\r\n");

    private record Sent(JsonNode json, Outcome outcome, FakeApi.Request request) {}

    private static Sent send(String type, String message, Common.Fidelity fidelity)
            throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress =
                        OutboundMessages.egress(
                                type,
                                OutboundMessages.common(
                                        api.uri(), fidelity, Duration.ofSeconds(20)))) {
            byte[] octets = message.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            Outcome outcome =
                    egress.send(
                                    OutboundMessages.of(
                                            OutboundMessages.content(octets), "b@example.net"),
                                    CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            FakeApi.Request request = api.requests().isEmpty() ? null : api.requests().getFirst();
            return new Sent(
                    request == null ? null : JsonAnswer.read(request.text()), outcome, request);
        }
    }

    private static Sent send(String type, String message) throws Exception {
        return send(type, message, Common.Fidelity.BEST_EFFORT);
    }

    @Test
    void sendGrid() throws Exception {
        Sent sent = send("sendgrid", RICH);
        JsonNode json = sent.json();
        assertEquals("Bearer " + OutboundMessages.KEY, sent.request().header("authorization"));
        assertEquals("/v3/mail/send", sent.request().path());
        assertEquals("Grüße", json.path("subject").asText());
        assertEquals("Zoë", json.path("from").path("name").asText());
        assertEquals("text/html", json.path("content").path(0).path("type").asText());
        assertEquals(
                "<p title=\"x\\y\">Grüße <img src=\"cid:i@x\"></p>",
                json.path("content").path(0).path("value").asText());
        JsonNode inline = json.path("attachments").path(0);
        assertEquals("inline", inline.path("disposition").asText());
        assertEquals("i@x", inline.path("content_id").asText());
        assertEquals("aGVsbG8=", inline.path("content").asText());
        JsonNode thing = json.path("attachments").path(1);
        assertEquals("a_b_c.pdf", thing.path("filename").asText());
        assertEquals("application/x-thing", thing.path("type").asText());
        assertEquals(2, json.path("reply_to_list").size());
        assertEquals("<0@example.org>", json.path("headers").path("In-Reply-To").asText());
        assertEquals("<1@example.org>", json.path("headers").path("Message-ID").asText());
        assertEquals("=?UTF-8?Q?M=C3=BCller?=", json.path("headers").path("X-Name").asText());
        assertTrue(json.path("headers").path("X-SMTPAPI").isMissingNode());
        assertTrue(json.path("headers").path("DKIM-Signature").isMissingNode());
        assertEquals("[\"a\",\"b\"]", json.path("categories").toString());
        JsonNode arguments = json.path("personalizations").path(0).path("custom_args");
        assertEquals("1", arguments.path("n").asText());
        assertFalse(arguments.path("postern_id").asText().isEmpty());
        assertTrue(json.path("custom_args").isMissingNode());
        JsonNode tracking = json.path("tracking_settings");
        assertTrue(tracking.path("click_tracking").path("enable").asBoolean());
        assertEquals("false", tracking.path("open_tracking").path("enable").asText());
        assertEquals(
                List.of(
                        "charset=utf-8 of a;b,c.pdf",
                        "name of a;b,c.pdf",
                        "signatures, void by rebuilding: DKIM-Signature",
                        "second X-Twice",
                        "X-SMTPAPI to",
                        "X-SMTPAPI sub"),
                assertInstanceOf(Outcome.Accepted.class, sent.outcome()).notCarried());
    }

    /// Names, quoted ones and addresses of any length are read on whatever stack there is.
    @Test
    void longNamesAreCarried() throws Exception {
        String name = "a".repeat(60_000);
        for (String type : TYPES) {
            Sent sent =
                    send(
                            type,
                            """
                            From: "%s" <a@example.org>
                            To: b@example.net
                            Content-Type: text/plain; name="%s"

                            Text.
                            """
                                    .formatted(name, name)
                                    .replace("\n", "\r\n"));
            assertInstanceOf(Outcome.Accepted.class, sent.outcome(), type);
            assertTrue(sent.json().toString().contains(name), type);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 30, 300, 3_000, 30_000})
    void valuesBeyondAsciiAreEncodedWhateverTheirLength(int times) {
        String text = "\u0141\ud83c\udf89x y ".repeat(times).strip();
        String raw = new String(text.getBytes(UTF_8), ISO_8859_1);
        String encoded = HeaderText.ascii(new Fields.Raw(raw));
        assertEquals(text, HeaderText.decode(new Fields.Raw(encoded)));
        for (String word : encoded.split(" ")) {
            assertTrue(word.startsWith("=?UTF-8?") && word.length() <= 75, word);
        }
    }

    @Test
    void resend() throws Exception {
        Sent sent = send("resend", RICH);
        JsonNode json = sent.json();
        assertEquals("\"Zoë\" <zoe@example.org>", json.path("from").asText());
        assertEquals("[\"b@example.net\"]", json.path("to").toString());
        assertEquals(2, json.path("reply_to").size());
        assertEquals("i@x", json.path("attachments").path(0).path("content_id").asText());
        assertEquals("", json.path("text").textValue());
        // Its name says PDF and its type does not: with both it would be dropped unseen.
        assertTrue(json.path("attachments").path(1).path("content_type").isMissingNode());
        Sent again = send("resend", RICH);
        assertEquals(
                sent.request().header("idempotency-key"),
                again.request().header("idempotency-key"));
        assertEquals(sent.request().text(), again.request().text());
        Sent other = send("resend", RICH.replace("<1@", "<2@"));
        assertNotEquals(
                sent.request().header("idempotency-key"),
                other.request().header("idempotency-key"));
    }

    @Test
    void brevo() throws Exception {
        Sent sent = send("brevo", RICH);
        JsonNode json = sent.json();
        assertEquals(OutboundMessages.KEY, sent.request().header("api-key"));
        assertEquals("zoe@example.org", json.path("sender").path("email").asText());
        assertEquals("r1@example.org", json.path("replyTo").path("email").asText());
        assertEquals("[\"tag\"]", json.path("tags").toString());
        List<String> lost = assertInstanceOf(Outcome.Accepted.class, sent.outcome()).notCarried();
        assertTrue(lost.contains("Reply-To: other addresses"), lost.toString());
        assertTrue(lost.contains("inline i.png as inline"), lost.toString());
        JsonNode text = send("brevo", "From: a@b.c\r\nSubject: x\r\n\r\n1 < 2 & \"3\"\r\n").json();
        assertEquals(
                "<pre style=\"white-space: pre-wrap\">1 &lt; 2 &amp; \"3\"\r\n</pre>",
                text.path("htmlContent").asText());
        assertEquals("1 < 2 & \"3\"\r\n", text.path("textContent").asText());
    }

    @Test
    void postmark() throws Exception {
        Sent sent = send("postmark", RICH);
        JsonNode json = sent.json();
        assertEquals("tag", json.path("Tag").asText());
        assertEquals("17", json.path("Metadata").path("order").asText());
        assertEquals("broadcast", json.path("MessageStream").asText());
        assertEquals("r1@example.org, r2@example.org", json.path("ReplyTo").asText());
        assertEquals("cid:i@x", json.path("Attachments").path(0).path("ContentID").asText());
        assertTrue(
                json.path("Headers")
                        .toString()
                        .contains(
                                "{\"Name\":\"X-Twice\",\"Value\":\"one\"},"
                                        + "{\"Name\":\"X-Twice\",\"Value\":\"two\"}"));
        assertTrue(
                json.path("Headers")
                        .toString()
                        .contains("{\"Name\":\"X-PM-KeepID\",\"Value\":\"true\"}"));
    }

    @Test
    void withoutSubjectAndBody() throws Exception {
        for (String type : TYPES) {
            Sent sent = send(type, "From: a@b.c\r\n\r\n");
            assertInstanceOf(Outcome.Accepted.class, sent.outcome(), type);
            assertTrue(sent.request().text().contains("(no subject)"), type);
            assertTrue(sent.request().text().contains("\" \"") || type.equals("brevo"), type);
        }
    }

    @Test
    void strictFidelityTakesWhatIsCarriedWhole() throws Exception {
        String plain =
                "Received: by h (Postern) with ESMTP id 1; date\r\nFrom: a@b.c\r\n"
                        + "To: b@example.net\r\nSubject: x\r\nMessage-ID: <1@x>\r\n"
                        + "Content-Type: text/html\r\n\r\nText\r\n";
        String signed =
                plain.replace(
                        "\r\nContent-Type: text/html\r\n\r\nText\r\n",
                        "\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n\r\nText"
                                + "\r\n--s\r\nContent-Type: application/pgp-signature\r\n\r\nsig"
                                + "\r\n--s--\r\n");
        for (String type : TYPES) {
            assertInstanceOf(
                    Outcome.Accepted.class,
                    send(type, plain, Common.Fidelity.STRICT).outcome(),
                    type);
            Sent refused = send(type, signed, Common.Fidelity.STRICT);
            assertEquals(
                    Unsuitability.FORM,
                    assertInstanceOf(Outcome.Unsuited.class, refused.outcome(), type)
                            .unsuitability());
            assertEquals(null, refused.request(), type);
            assertEquals(
                    "multipart/signed",
                    assertInstanceOf(Outcome.Accepted.class, send(type, signed).outcome(), type)
                            .notCarried()
                            .getFirst());
        }
    }

    @Test
    void aCalendarGoesAlong() throws Exception {
        String invitation =
                "From: a@b.c\r\nSubject: x\r\nTo: b@example.net\r\n"
                        + "Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nText"
                        + "\r\n--a\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN"
                        + "\r\n--a--\r\n";
        for (String type : TYPES) {
            Sent sent = send(type, invitation);
            String encoded =
                    Base64.getEncoder()
                            .encodeToString(
                                    "BEGIN".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertTrue(sent.request().text().contains(encoded), type);
            assertTrue(sent.request().text().contains("invite.ics"), type);
            List<String> lost =
                    assertInstanceOf(Outcome.Accepted.class, sent.outcome()).notCarried();
            boolean carriesMethod = type.equals("resend") || type.equals("postmark");
            assertEquals(!carriesMethod, lost.contains("method=REQUEST of text/calendar"), type);
            assertEquals(carriesMethod, sent.request().text().contains("method=REQUEST"), type);
        }
        assertEquals(
                "text/calendar",
                send("sendgrid", invitation).json().path("content").path(1).path("type").asText());
    }

    @Test
    void aMessageWithoutAnAuthorHasItsSenderForOne() throws Exception {
        for (String type : TYPES) {
            Sent sent = send(type, "Subject: x\r\n\r\nText\r\n");
            assertTrue(sent.request().text().contains("sender@example.org"), type);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"resend", "postmark"})
    void anAuthorBeyondAsciiIsNotOfferedToThoseThatTakeNone(String type) throws Exception {
        try (FakeApi api = FakeApi.start(_ -> OutboundMessages.acceptance(type));
                Egress egress = OutboundMessages.egress(type, api.uri())) {
            Outcome outcome =
                    egress.send(
                                    OutboundMessages.of(
                                            "From: j\u00c3\u00b6e@example.org\r\n\r\nx\r\n",
                                            "b@example.net"),
                                    CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            assertEquals(
                    Unsuitability.FORM,
                    assertInstanceOf(Outcome.Unsuited.class, outcome).unsuitability());
            assertEquals(List.of(), api.requests());
        }
    }
}
