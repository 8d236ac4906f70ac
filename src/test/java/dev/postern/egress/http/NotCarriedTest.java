package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressCommon.Fidelity;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Misfit;
import dev.postern.outcome.Outcome;
import dev.postern.testing.Seeds;
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

    /// What Brevo does to a message that has a text alone.
    private static final String HTML_OF_TEXT =
            "brevo: a message without HTML (it is made of the text)\n";

    private static final String HEAD = "From: a@example.org\nTo: b@example.net\nSubject: s\n";
    private static final String TEXT = "Content-Type: text/plain\n\nsee\n";
    private static final String HTML =
            "Content-Type: text/html\n\n<p>see <img src=\"cid:i%40x\">\n";

    /// @param expected lines such as `brevo resend: what is told`
    private record Case(String name, String message, String expected) {

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
        try (FakeApi api = FakeApi.start(_ -> Shipments.acceptance(type));
                Egress egress =
                        Shipments.egress(
                                type,
                                Shipments.common(api.uri(), fidelity, Duration.ofSeconds(20)))) {
            byte[] octets = message.replace("\n", "\r\n").getBytes(ISO_8859_1);
            Outcome outcome =
                    egress.send(Shipments.of(Shipments.content(octets), to), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            return new Sent(
                    outcome, api.requests().stream().map(r -> Json.read(r.text())).toList());
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

    static Stream<Case> cases() {
        return Stream.of(fields(), bodies(), files(), forms()).flatMap(List::stream);
    }

    private static List<Case> fields() {
        return List.of(
                new Case("nothing", HEAD + "Message-ID: <1@x>\nX-A: b\n" + HTML, ""),
                new Case(
                        "a date",
                        HEAD + "Date: Sun, 22 Nov 2026 10:00:00 +0000\n" + HTML,
                        "brevo: Date\n"),
                new Case(
                        "our own trace",
                        "Received: by h (Postern) with ESMTP id 1; date\n" + HEAD + HTML,
                        ""),
                new Case(
                        "another's trace",
                        HEAD
                                + "Received: by h (Postern) with ESMTP id 1; date\n"
                                + "Return-Path: <r@x>\nDelivered-To: d@x\n"
                                + HTML,
                        "all: Received\nall: Return-Path\nall: Delivered-To\n"),
                new Case(
                        "signatures",
                        HEAD + "DKIM-Signature: v=1\nARC-Seal: i=1\nARC-Seal: i=2\n" + HTML,
                        "all: signatures, void by rebuilding: DKIM-Signature, ARC-Seal\n"),
                new Case(
                        "fields of the content",
                        HEAD
                                + "Content-Language: de\nContent-Description: top\n"
                                + "Content-Location: http://x/\nContent-ID: <t@x>\n"
                                + HTML,
                        """
                        all: Content-Language
                        all: Content-Description
                        all: Content-Location
                        all: Content-ID of text/html
                        """),
                new Case("empty fields", HEAD + "X-Empty:\n" + HTML, "all: empty X-Empty\n"),
                new Case(
                        "fields that are there twice",
                        HEAD + "X-A: 1\nX-A: 2\n" + HTML,
                        "sendgrid resend brevo: second X-A\n"),
                new Case("two subjects", HEAD + "Subject: t\n" + HTML, "all: second Subject\n"),
                new Case(
                        "fields of every kind",
                        HEAD
                                + "Sender: s@example.org\nResent-From: q@x\nKeywords: a\n"
                                + "Comments: c\nOrganization: =?utf-8?q?=C5=81?=\n"
                                + "References: <a@b>\n <c@d>\nAutocrypt: addr=a@b\n"
                                + HTML,
                        ""),
                new Case(
                        "a group",
                        "From: a@example.org\nTo: undisclosed-recipients:;\n"
                                + "Subject: s\n"
                                + HTML,
                        """
                        all: To: group undisclosed-recipients
                        all: To as it is (it names the one recipient)
                        """),
                new Case(
                        "nobody",
                        "From: a@example.org\nTo: root\nSubject: s\n" + HTML,
                        """
                        all: To: root
                        all: To as it is (it names the one recipient)
                        """),
                new Case(
                        "no author",
                        "To: b@example.net\nSubject: s\n" + HTML,
                        "all: no From (the sender stands for it)\n"),
                new Case(
                        "answers to many",
                        HEAD + "Reply-To: r@x.org, S <s@x.org>, r@x.org\n" + HTML,
                        "brevo: Reply-To: other addresses\nsendgrid: second Reply-To: r@x.org\n"));
    }

    private static List<Case> bodies() {
        return List.of(
                new Case("a text", HEAD + TEXT, HTML_OF_TEXT),
                new Case(
                        "a text that flows",
                        HEAD + "Content-Type: text/plain; format=flowed; delsp=yes\n\na \nb\n",
                        HTML_OF_TEXT
                                + "all: format=flowed of text/plain\n"
                                + "all: delsp=yes of text/plain\n"),
                new Case(
                        "a text in any charset",
                        HEAD + "Content-Type: text/plain; charset=koi8-r\n\n\u00d4\n",
                        HTML_OF_TEXT),
                new Case(
                        "a footer",
                        HEAD + multipart("mixed", multipart("alternative", TEXT, HTML), TEXT),
                        "all: text/plain as a part of its own\n"),
                new Case(
                        "a text after HTML",
                        HEAD + multipart("mixed", HTML, TEXT),
                        "all: text/plain as a part of its own\n"),
                new Case(
                        "HTML after a text",
                        HEAD + multipart("mixed", TEXT, HTML),
                        "all: text/html as a part of its own\n"),
                new Case(
                        "HTML after both",
                        HEAD + multipart("mixed", multipart("alternative", TEXT, HTML), HTML),
                        """
                        all: text/html as a part of its own
                        all: a part of the body in its text/plain
                        """),
                new Case(
                        "blanks after HTML",
                        HEAD + multipart("mixed", HTML, "Content-Type: text/plain\n\n \n"),
                        ""),
                new Case(
                        "the better text",
                        HEAD + multipart("alternative", HTML, TEXT),
                        "all: text/plain as the better alternative\n"),
                new Case(
                        "no body",
                        HEAD + file("application/pdf", "attachment; filename=a.pdf"),
                        HTML_OF_TEXT + "all: a message without a text (a blank stands for it)\n"),
                new Case("an empty HTML", HEAD + "Content-Type: text/html\n\n", ""),
                new Case(
                        "a name of a body",
                        HEAD + "Content-Type: text/html; name=a.html\n\nx\n",
                        "all: name a.html of text/html\n"));
    }

    private static List<Case> files() {
        return List.of(
                new Case(
                        "parameters",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        file(
                                                "text/csv; charset=iso-8859-1; name=a.csv",
                                                "attachment; filename=a.csv"),
                                        file(
                                                "text/calendar; method=REQUEST; charset=utf-8",
                                                "attachment; filename=i.ics"),
                                        file(
                                                "text/plain; charset=US-ASCII",
                                                "attachment; filename=a.txt; size=6")),
                        """
                        sendgrid brevo: charset=iso-8859-1 of a.csv
                        sendgrid brevo: charset=utf-8 of i.ics
                        sendgrid brevo: method=REQUEST of i.ics
                        all: size of a.txt
                        """),
                new Case(
                        "names without an extension",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        file("application/pdf", "attachment; filename=report"),
                                        file("application/x-foo", "attachment; filename=x.dat")),
                        "brevo: name of report\nbrevo: type application/x-foo of x.dat\n"),
                new Case(
                        "types beside names",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        file("text/xml", "attachment; filename=x.xml"),
                                        file(
                                                "application/vnd.openxmlformats-officedocument"
                                                        + ".spreadsheetml.sheet",
                                                "attachment; filename=x.xlsx"),
                                        file(
                                                "application/octet-stream",
                                                "attachment; filename=i.pdf"),
                                        file("image/jpg", "attachment; filename=X.JPG"),
                                        file(
                                                "application/x-zip-compressed",
                                                "attachment; filename=x.zip"),
                                        file("text/javascript", "attachment; filename=x.js")),
                        """
                        brevo: type text/xml of x.xml
                        brevo resend: type application/octet-stream of i.pdf
                        brevo resend: type image/jpg of X.JPG
                        brevo resend: type application/x-zip-compressed of x.zip
                        brevo: type text/javascript of x.js
                        """),
                new Case(
                        "files without a name",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        file("application/x-foo", "attachment"),
                                        file("message/rfc822", "attachment"),
                                        file("image/png", "attachment")),
                        """
                        all: application/x-foo without a name
                        all: message/rfc822 without a name
                        all: image/png without a name
                        brevo: type application/x-foo
                        brevo: type message/rfc822
                        """),
                new Case(
                        "names that can't be said",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        file(
                                                "application/pdf",
                                                "attachment; filename=\"a;b.pdf\"")),
                        "sendgrid: name of a;b.pdf\n"),
                new Case(
                        "what the HTML refers to",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        "Content-ID: <i@x>\n" + file("image/png; name=i.png", "")),
                        """
                        brevo: inline i.png as inline
                        brevo: Content-ID of i.png
                        """),
                new Case(
                        "what the HTML refers to as attached",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        "Content-ID: <i@x>\n"
                                                + file("image/png", "attachment; filename=i.png")),
                        """
                        resend postmark: disposition attachment of i.png
                        brevo: Content-ID of i.png
                        """),
                new Case(
                        "what nobody refers to",
                        HEAD
                                + multipart(
                                        "mixed",
                                        HTML,
                                        "Content-ID: <j@x>\n"
                                                + file("image/png", "attachment; filename=j.png")),
                        "resend postmark brevo: Content-ID of j.png\n"),
                new Case(
                        "what is shown by itself",
                        HEAD
                                + multipart(
                                        "mixed", HTML, file("image/png", "inline; filename=j.png")),
                        "resend postmark brevo: inline j.png as inline\n"),
                new Case(
                        "a place",
                        HEAD
                                + multipart(
                                        "related",
                                        HTML,
                                        "Content-Location: a.png\nContent-Description: d\n"
                                                + file("image/png; name=a.png", "")),
                        """
                        all: Content-Location of a.png
                        all: Content-Description of a.png
                        """));
    }

    private static List<Case> forms() {
        return List.of(
                new Case(
                        "an invitation",
                        HEAD
                                + multipart(
                                        "alternative",
                                        TEXT,
                                        HTML,
                                        "Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\nB\n"),
                        """
                        sendgrid: text/calendar as an alternative alone
                        resend brevo postmark: text/calendar as an alternative
                        sendgrid brevo: charset=utf-8 of text/calendar
                        sendgrid brevo: method=REQUEST of text/calendar
                        """),
                new Case(
                        "a calendar",
                        HEAD
                                + multipart(
                                        "alternative",
                                        TEXT,
                                        HTML,
                                        "Content-Type: text/calendar; charset=utf-8\n\nB\n"),
                        """
                        resend brevo postmark: text/calendar as an alternative
                        brevo: charset=utf-8 of text/calendar
                        """),
                new Case(
                        "a message that is an invitation",
                        HEAD + "Content-Type: text/calendar; method=REQUEST\n\nB\n",
                        HTML_OF_TEXT
                                + """
                                all: text/calendar as the whole message
                                sendgrid: text/calendar as an alternative alone
                                resend brevo postmark: text/calendar as an alternative
                                sendgrid brevo: method=REQUEST of text/calendar
                                """),
                new Case(
                        "another alternative",
                        HEAD
                                + multipart(
                                        "alternative",
                                        TEXT,
                                        HTML,
                                        file("text/csv", "inline; filename=a.csv"),
                                        TEXT),
                        """
                        all: text/csv as an alternative
                        all: text/plain as an alternative
                        all: text/plain without a name
                        resend brevo postmark: inline a.csv as inline
                        """),
                new Case(
                        "a page for phones",
                        HEAD
                                + multipart(
                                        "alternative",
                                        TEXT,
                                        "Content-Type: text/x-amp-html\n\nx\n",
                                        HTML),
                        "resend brevo postmark: text/x-amp-html\n"),
                new Case(
                        "a signature",
                        HEAD
                                + multipart(
                                        "signed",
                                        HTML,
                                        file(
                                                "application/pgp-signature",
                                                "attachment; filename=s.asc")),
                        "all: multipart/signed\nbrevo: type application/pgp-signature of s.asc\n"),
                new Case(
                        "a digest",
                        HEAD + multipart("digest", "\nSubject: i\n\nx\n"),
                        HTML_OF_TEXT
                                + """
                                all: multipart/digest
                                all: message/rfc822 without a name
                                all: a message without a text (a blank stands for it)
                                brevo: type message/rfc822
                                """));
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
        assertEquals(Misfit.FORM, unsuited.misfit());
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
