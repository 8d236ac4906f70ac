package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.testing.Seeds;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Messages of every form that mail programs give them, each made from a seed, for readers to read:
/// which of their facts arrive is judged by these, not by what made them.
///
/// @param raw its octets, one a character; CRLF only
/// @param recipients the envelope's: those of To and Cc, but for some, and blind ones
public record MadeForms(long seed, String raw, List<String> recipients) {

    private static final List<String> IMAGES = List.of("image/png", "image/jpeg", "image/gif");

    private static final List<String> FIELDS =
            List.of(
                    "X-Empty:",
                    "X-A: 1\r\nX-A: 2",
                    "Sender: \"The Sender\" <sender@example.org>",
                    "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=From;\r\n"
                            + " bh=YQ==; b=YQ==",
                    "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.org; s=s; b=YQ==",
                    "ARC-Message-Signature: i=1; a=rsa-sha256; d=example.org; s=s; h=From; b=YQ==",
                    "ARC-Authentication-Results: i=1; example.org; spf=pass",
                    "List-Id: News <news.example.org>",
                    "List-Unsubscribe: <https://example.org/u>,\r\n <mailto:u@example.org>",
                    "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
                    "Precedence: bulk",
                    "Auto-Submitted: auto-generated (by a rule)",
                    "X-Priority: 1 (Highest)",
                    "Resent-From: r@example.org\r\nResent-Date: Mon, 2 Mar 2026 10:00:00 +0000",
                    "Resent-To: other@example.net\r\nResent-Message-ID: <r@example.org>",
                    "In-Reply-To: <a@example.org> (yesterday)",
                    "References: <a@example.org>\r\n\t<b@example.org>\r\n\t<c@example.org>",
                    "Organization: =?utf-8?q?=C5=81=C3=B3d=C5=BA?=",
                    "Comments: first\r\nComments: second",
                    "Keywords: a, b",
                    "Return-Path: <rp@example.org>",
                    "Received: from a by b; Mon, 2 Mar 2026 10:00:00 +0000",
                    "Authentication-Results: example.org; spf=pass",
                    "Autocrypt: addr=a@example.org; keydata=YQ==",
                    "X-PM-Tag: one",
                    "X-Mailgun-Tag: one",
                    "X-SES-CONFIGURATION-SET: one",
                    "X-MC-Tags: one",
                    "X-Mailin-Tag: one",
                    "X-MSYS-API: {\"campaign_id\":\"one\"}",
                    "X-Long: " + "word ".repeat(60) + "\r\n " + "word ".repeat(60),
                    "Disposition-Notification-To: \"N\" <n@example.org>",
                    "X-Odd: !#$%&'*+-/=?^_`{|}~ \"quoted\" <x> (y) [z] a\\b",
                    "X-Raw: Gr\u00C3\u00BC\u00C3\u009Fe",
                    "X-Blank: \t ",
                    "X-Very-Long: " + "0123456789".repeat(90),
                    "X-Words: before =?utf-8?q?=C5=81?= =?utf-8?q?=C3=B3?= after",
                    "X-Language: =?utf-8*en?Q?gr=C3=BCn?=",
                    "X-Folded: one\r\n \t two\r\n three  ",
                    "Subject: a second one",
                    "Sender: other@example.org",
                    "Date: Tue, 3 Mar 2026 10:00:00 +0000",
                    "Importance: high\r\nX-MSMail-Priority: High",
                    "X-SES-MESSAGE-TAGS: a=b\r\nX-SES-LIST-MANAGEMENT-OPTIONS: c",
                    "X-PM-Message-Stream: outbound\r\nX-PM-Metadata-a: b",
                    "X-SMTPAPI: {\"category\":[\"one\"]}",
                    "X-Mailgun-Variables: {\"a\":\"b\"}",
                    "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==",
                    "Content-Class: urn:content-classes:message",
                    "Thread-Topic: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=",
                    "x-lower-case: 1",
                    "Errors-To: e@example.org",
                    "Feedback-ID: a:b:c:d",
                    "Content-Language: de, en",
                    "Content-Description: the whole",
                    "Content-Location: https://example.org/whole",
                    "Content-ID: <whole@example.org>");

    private static final List<String> FOR_FILES =
            List.of(
                    "Content-Description: =?utf-8?q?gr=C3=BCn?=",
                    "Content-Location: a.png",
                    "Content-Language: fr",
                    "X-Attachment-Id: f_1",
                    "Content-ID: <file@example.org>");

    /// Returns so many of them, the same at each call.
    public static List<MadeForms> all(int count) {
        List<MadeForms> all = new ArrayList<>();
        for (long seed = 1; seed <= count; seed++) {
            all.add(of(seed));
        }
        return all;
    }

    static MadeForms of(long seed) {
        return new Maker(seed).make();
    }

    /// Returns the message itself.
    public byte[] octets() {
        return raw.getBytes(ISO_8859_1);
    }

    /// Makes one. An octet is a character here.
    private static final class Maker {

        private final long seed;
        private final RandomGenerator random;
        private final MadeWords words;
        private final List<String> recipients = new ArrayList<>();
        private int parts;

        Maker(long seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
            this.words = new MadeWords(random);
        }

        private boolean once(int in) {
            return random.nextInt(in) == 0;
        }

        private String oneOf(String... texts) {
            return texts[random.nextInt(texts.length)];
        }

        MadeForms make() {
            // The text comes first, since raw header fields are in its charset.
            String charset = words.chooseRaw();
            String body = once(2) ? body(charset) : mixed(charset);
            StringBuilder head = new StringBuilder();
            head.append("From: ").append(words.mailbox("author@example.org"));
            head.append(once(20) ? ", other@example.org" : "").append("\r\n");
            people(head);
            if (!once(20)) {
                head.append("Subject: ").append(words.unstructured()).append("\r\n");
            }
            if (!once(15)) {
                head.append("Date: Mon, 2 Mar 2026 10:00:00 +0100");
                head.append(once(4) ? " (CET)\r\n" : "\r\n");
            }
            if (!once(15)) {
                head.append("Message-ID: <").append(seed).append("@example.org>\r\n");
            }
            head.append("MIME-Version: 1.0").append(once(8) ? " (made)" : "").append("\r\n");
            for (int left = random.nextInt(4); left > 0; left--) {
                String field = Seeds.oneOf(random, FIELDS);
                String name = field.substring(0, field.indexOf(':') + 1);
                boolean again =
                        ("\r\n" + head).contains("\r\n" + name)
                                && !field.startsWith("Subject: a second");
                head.append(again ? "" : field + "\r\n");
            }
            return new MadeForms(seed, head + body, List.copyOf(recipients));
        }

        private void people(StringBuilder head) {
            int most = once(12) ? 80 : 4;
            String group = once(20) ? "undisclosed-recipients:;" : once(20) ? "Team: " : "";
            if (group.endsWith(";")) {
                head.append("To: ").append(group).append("\r\n");
            } else {
                String end = group.isEmpty() ? "" : ";";
                head.append("To: ").append(group).append(list("to", 1 + random.nextInt(most)));
                head.append(end).append("\r\n");
            }
            if (once(3)) {
                head.append("Cc: ").append(list("cc", 1 + random.nextInt(most))).append("\r\n");
            }
            if (once(4)) {
                head.append("Reply-To: ").append(words.mailbox("answers@example.org"));
                head.append(once(3) ? ", more@example.org" : "").append("\r\n");
            }
            for (int left = once(4) ? 1 + random.nextInt(most) : 0; left > 0; left--) {
                recipients.add("blind" + left + "@example.net");
            }
            if (recipients.isEmpty()) {
                recipients.add("alone@example.net");
            }
        }

        private String list(String kind, int count) {
            List<String> people = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String domain = once(20) ? "xn--bcher-kva.example" : "example.net";
                String local = once(40) ? "\"" + kind + " " + i + "\"" : kind + i;
                String address = local + "@" + domain;
                String shown =
                        once(2) || !words.isRawUtf8()
                                ? address
                                : address.replace("xn--bcher-kva", "b\u00C3\u00BCcher");
                people.add(words.mailbox(shown));
                if (once(40)) {
                    people.add(words.mailbox(once(2) ? "to0@example.net" : address));
                }
                if (!once(15)) {
                    recipients.add(address);
                }
            }
            return String.join(",\r\n ", people);
        }

        /// What is read, in one of the usual forms.
        private String body(String charset) {
            return switch (random.nextInt(12)) {
                case 0, 1 -> text("plain", charset);
                case 2 -> text("html", charset);
                case 3, 4 ->
                        multipart("alternative", text("plain", charset), text("html", charset));
                case 5 ->
                        multipart(
                                "related",
                                html(charset, "img1", "img2"),
                                image("img1"),
                                image("img2"));
                case 6 ->
                        multipart(
                                "alternative",
                                text("plain", charset),
                                multipart("related", html(charset, "img1"), image("img1")));
                case 7 ->
                        multipart(
                                "related",
                                multipart(
                                        "alternative",
                                        text("plain", charset),
                                        html(charset, "img1")),
                                image("img1"));
                case 8 ->
                        multipart(
                                "alternative",
                                text("plain", charset),
                                text("html", charset),
                                once(3) ? text("x-amp-html", charset) : calendar(""));
                case 9 -> oddBody(charset);
                case 10 -> multipart("mixed", html(charset, "img1"), image("img1"));
                default ->
                        multipart(
                                "alternative",
                                text("plain", charset),
                                multipart(
                                        "mixed",
                                        text("html", charset),
                                        file(),
                                        text("html", charset)));
            };
        }

        private String oddBody(String charset) {
            return switch (random.nextInt(20)) {
                case 8 -> multipart("alternative", text("plain", charset), calendar(""));
                case 9 -> multipart("alternative", text("plain", charset), text("plain", charset));
                case 10 ->
                        multipart(
                                "alternative",
                                text("plain", charset),
                                text("html", charset),
                                text("html", charset));
                case 11 ->
                        multipart(
                                "mixed",
                                text("plain", charset),
                                image("img1"),
                                text("plain", charset),
                                image("img2"));
                case 12 ->
                        multipart(
                                "related; type=\"text/html\"; start=\"<root>\"",
                                image("img1"),
                                html(charset, "img1"));
                case 13 ->
                        "Content-Type: text/plain; name=body.txt\r\n"
                                + "Content-Disposition: inline; filename=body.txt\r\n\r\nnamed\r\n";
                case 14 ->
                        "Content-Type: text/html\r\nContent-Disposition: attachment\r\n\r\n"
                                + "<p>attached</p>\r\n";
                case 15 ->
                        multipart(
                                "mixed",
                                multipart("mixed", text("plain", charset), file()),
                                multipart("mixed", file(), text("html", charset)));
                case 16 ->
                        multipart(
                                "related",
                                multipart("mixed", html(charset, "img1"), file()),
                                image("img1"));
                case 17 ->
                        multipart(
                                "alternative", text("plain", charset), calendar(""), calendar(""));
                case 18 ->
                        multipart(
                                "alternative",
                                multipart("mixed", text("plain", charset), file()),
                                text("html", charset));
                case 19 -> multipart("mixed", file(), text("plain", charset));
                case 0 -> calendar("");
                case 1 -> file();
                case 2 -> "Content-Type: text/plain\r\n\r\n";
                case 3 -> multipart("alternative", text("html", charset), text("plain", charset));
                case 4 ->
                        multipart("alternative", text("plain", charset), text("enriched", charset));
                case 5 -> multipart("mixed", text("plain", charset));
                case 6 -> "\r\nno type at all\r\n";
                default -> multipart("alternative", text("plain", charset));
            };
        }

        /// A body, and what goes after it.
        private String mixed(String charset) {
            List<String> inside = new ArrayList<>();
            inside.add(body(charset));
            for (int left = random.nextInt(4); left > 0; left--) {
                inside.add(
                        switch (random.nextInt(13)) {
                            case 10 ->
                                    "Content-Type: text/plain; name=note.txt\r\n"
                                            + "Content-Disposition: inline; filename=note.txt\r\n"
                                            + "\r\na note\r\n";
                            case 11 -> odd();
                            case 12 -> "\r\nno header\r\n";
                            case 0 -> text("plain", "utf-8");
                            case 1 -> text("html", "utf-8");
                            case 2 -> calendar("; name=i.ics\r\nContent-Disposition: attachment");
                            case 3 -> enclosed();
                            case 4 -> textFile();
                            case 5 -> empty();
                            default -> file();
                        });
            }
            String kind =
                    once(20)
                            ? oneOf(
                                    "signed",
                                    "report; report-type=disposition-notification",
                                    "digest",
                                    "parallel")
                            : "mixed";
            String all = multipart(kind, inside.toArray(String[]::new));
            return once(8) ? multipart("mixed", all, text("plain", "us-ascii")) : all;
        }

        private String odd() {
            return switch (random.nextInt(8)) {
                case 0 ->
                        "Content-Type: message/delivery-status\r\n\r\n"
                                + "Reporting-MTA: dns; a\r\n\r\nAction: failed\r\n";
                case 1 -> "Content-Type: text/rfc822-headers\r\n\r\nFrom: a@example.org\r\n";
                case 2 ->
                        "Content-Type: message/external-body; access-type=URL;"
                                + " url=\"https://example.org\"\r\n\r\n"
                                + "Content-Type: image/png\r\n\r\n";
                case 3 -> "Content-Type: text/plain; charset=x-made\r\n\r\nunknown\r\n";
                case 4 ->
                        "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
                                + "Gr\u00C3\u00BC\u00C3\u009Fe\r\n";
                case 5 ->
                        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                                + "\u00EF\u00BB\u00BFwith a mark  \r\n\ttab\r\n";
                case 6 ->
                        "Content-Type: application/pdf; name=a.pdf\r\n"
                                + "Content-Disposition: form-data; name=x; filename=a.pdf\r\n"
                                + "\r\nx\r\n";
                default ->
                        "Content-Type: application/ms-tnef; NAME=winmail.dat\r\n"
                                + "Content-Transfer-Encoding: base64\r\n\r\neJ8+\r\n";
            };
        }

        private String multipart(String subtype, String... inside) {
            parts++;
            String boundary =
                    switch (random.nextInt(6)) {
                        case 0 -> "b" + "b".repeat(parts);
                        case 1 -> "=_" + parts + "'()+_,-./:=?";
                        case 2 -> "with space " + parts;
                        case 3 -> "long" + "0123456789".repeat(6) + parts;
                        default -> "----=_Part_" + seed + "_" + parts;
                    };
            StringBuilder all = new StringBuilder();
            String kind = subtype.replaceFirst(";.*", "");
            String more = subtype.substring(kind.length());
            all.append(oneOf("Content-Type", "Content-type", "CONTENT-TYPE"))
                    .append(": multipart/");
            all.append(kind)
                    .append(once(8) ? " (a comment)" : "")
                    .append(more)
                    .append(";\r\n boundary=\"");
            all.append(boundary)
                    .append("\"\r\n")
                    .append(once(20) ? "Content-Language: nl\r\n" : "");
            all.append("\r\n").append(once(6) ? "a preamble\r\n" : "");
            for (String part : inside) {
                all.append("--").append(boundary).append(once(10) ? " \t" : "").append("\r\n");
                all.append(part);
                all.append("\r\n");
            }
            all.append("--")
                    .append(boundary)
                    .append("--\r\n")
                    .append(once(6) ? "an epilogue\r\n" : "");
            return all.toString();
        }

        private String html(String charset, String... ids) {
            StringBuilder images = new StringBuilder();
            for (String id : ids) {
                images.append("<img src=\"cid:").append(id).append("@example.org\">");
            }
            return part(
                    "text/html",
                    charset,
                    "<html><body><p>" + sentence(charset) + "</p>\r\n" + images + "</body></html>");
        }

        private String text(String subtype, String charset) {
            String text = sentence(charset);
            if (subtype.contains("html")) {
                text = "<p>" + text.replace("\r\n", "</p>\r\n<p>") + "</p>";
            }
            return part("text/" + subtype, charset, text);
        }

        private String sentence(String charset) {
            StringBuilder text = new StringBuilder("Number " + random.nextInt(1000));
            for (int left = 1 + random.nextInt(8); left > 0; left--) {
                MadeWords.Words some = words.words();
                boolean fits = some.charset().equals(charset);
                text.append(left % 3 == 0 ? "\r\n" : " ");
                text.append(fits ? some.text() : "words a=b .dot From");
            }
            return text.toString();
        }

        private String part(String type, String charset, String text) {
            byte[] octets = text.getBytes(java.nio.charset.Charset.forName(charset));
            if (charset.equals("utf-8") && once(30)) {
                octets = MadeWords.joined(octets, new byte[] {' ', (byte) 0xFF, ' ', 'x'});
            }
            StringBuilder all = new StringBuilder();
            all.append("Content-Type: ")
                    .append(once(10) ? type.toUpperCase(java.util.Locale.ROOT) : type);
            all.append(once(10) ? " (a comment)" : "");
            all.append("; charset=").append(once(2) ? charset : "\"" + charset + "\"");
            all.append(type.equals("text/plain") && once(10) ? "; format=flowed; delsp=yes" : "");
            all.append("\r\n");
            all.append(once(15) ? "Content-Disposition: inline\r\n" : "");
            all.append(once(25) ? "Content-ID: <body@example.org>\r\n" : "");
            all.append(once(25) ? "Content-Language: de\r\n" : "");
            return all + encoded(octets, 3);
        }

        /// @param ways 2: for what no lines may be broken in
        private String encoded(byte[] octets, int ways) {
            String comment = once(8) ? " (a comment)" : "";
            String field = "Content-Transfer-Encoding: ";
            return switch (random.nextInt(ways)) {
                case 0 ->
                        field
                                + oneOf("base64", "BASE64")
                                + comment
                                + "\r\n\r\n"
                                + Base64.getMimeEncoder().encodeToString(octets)
                                + "\r\n";
                case 1 ->
                        field
                                + "quoted-printable"
                                + comment
                                + "\r\n\r\n"
                                + MadeMail.quotedPrintable(octets)
                                + "\r\n";
                default ->
                        field
                                + oneOf("8bit", "binary")
                                + comment
                                + "\r\n\r\n"
                                + new String(octets, ISO_8859_1)
                                + "\r\n";
            };
        }

        private String image(String id) {
            String disposition =
                    oneOf(
                            "",
                            "Content-Disposition: inline; filename=" + id + ".png\r\n",
                            "Content-Disposition: inline\r\n",
                            "Content-Disposition: attachment; filename=" + id + ".png\r\n");
            String location = once(6) ? "Content-Location: " + id + ".png\r\n" : "";
            return "Content-Type: "
                    + Seeds.oneOf(random, IMAGES)
                    + (once(2) ? "; name=" + id + ".png" : "")
                    + "\r\nContent-ID: <"
                    + id
                    + "@example.org>\r\n"
                    + disposition
                    + location
                    + encoded(Seeds.bytes(random, 200), 1);
        }

        private String calendar(String more) {
            String method =
                    oneOf(
                            "; method=REQUEST",
                            "; method=\"CANCEL\"",
                            "; method=PUBLISH; component=VEVENT",
                            "");
            String text =
                    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nSUMMARY:"
                            + words.words().text()
                            + "\r\nEND:VCALENDAR";
            byte[] octets = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
            return "Content-Type: text/calendar; charset=utf-8"
                    + method
                    + more
                    + "\r\n"
                    + encoded(octets, 3);
        }

        private String file() {
            String extension = oneOf(".pdf", ".png", ".zip", ".dat", "");
            String type =
                    oneOf(
                            "application/pdf",
                            "image/png",
                            "application/octet-stream",
                            "application/zip",
                            "application/x-made");
            StringBuilder all = new StringBuilder("Content-Type: ").append(type);
            all.append(once(4) ? ";\r\n " + words.parameter("name", extension) : "");
            all.append(once(12) ? "; x-unix-mode=0644" : "").append("\r\n");
            if (!once(8)) {
                all.append("Content-Disposition: ").append(once(6) ? "inline" : "attachment");
                all.append(once(10) ? "" : ";\r\n " + words.parameter("filename", extension));
                all.append(
                        once(10)
                                ? "; size=12; creation-date=\"Mon, 2 Mar 2026 10:00:00 +0000\""
                                : "");
                all.append("\r\n");
            }
            all.append(once(5) ? Seeds.oneOf(random, FOR_FILES) + "\r\n" : "");
            return all + encoded(Seeds.bytes(random, 400), 1);
        }

        private String textFile() {
            MadeWords.Words some = words.words();
            String charset = once(4) ? "" : "; charset=" + some.charset();
            String type = oneOf("text/csv", "text/plain", "text/html", "text/x-made");
            return "Content-Type: "
                    + type
                    + charset
                    + "\r\nContent-Disposition: attachment; "
                    + words.parameter("filename", ".txt")
                    + "\r\n"
                    + encoded(some.octets(), 3);
        }

        private String empty() {
            return "Content-Type: application/pdf\r\n"
                    + "Content-Disposition: attachment; filename=empty.pdf\r\n\r\n";
        }

        private String enclosed() {
            return "Content-Type: message/rfc822"
                    + oneOf("", "; name=letter.eml")
                    + "\r\n"
                    + oneOf(
                            "",
                            "Content-Disposition: attachment\r\n",
                            "Content-Disposition: inline\r\n")
                    + "\r\nFrom: a@example.org\r\nSubject: =?utf-8?q?inner?=\r\n\r\ninner text\r\n";
        }
    }
}
