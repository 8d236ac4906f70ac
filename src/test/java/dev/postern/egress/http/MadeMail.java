package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.testing.Seeds;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Messages such as mail programs send, each made from a seed: texts in several charsets and
/// encodings, alternatives, inline images, attachments under names of every form.
///
/// @param raw the message, CRLF only, an octet in each character
/// @param expected what is in it, in the shape of the corpus's `expected/*.jsonl`
record MadeMail(String raw, ObjectNode expected) {

    private static final int COUNT = 240;
    private static final int MOST_OCTETS_IN_A_FILE = 3000;
    private static final int ENCODED_LINE_LENGTH = 76;

    /// What is written in each charset.
    private static final Map<String, List<String>> WORDS =
            Map.of(
                    "us-ascii", List.of("quick", "brown", "fox", "a=b", ".dot", "From here", "--"),
                    "iso-8859-1", List.of("Grüße", "Köln", "café", "naïve", "fox"),
                    "iso-8859-2", List.of("Łódź", "žluťoučký", "kůň", "fox"),
                    "windows-1252", List.of("“quoted”", "5 €", "–", "Grüße"),
                    "koi8-r", List.of("Привет", "мир", "fox"),
                    "utf-8", List.of("Zażółć", "日本語", "Привет", "🎉", "naïve", "fox"));

    private static final List<String> TYPES =
            List.of("application/pdf", "image/png", "application/octet-stream", "text/csv");

    /// Returns the message.
    byte[] octets() {
        return raw.getBytes(ISO_8859_1);
    }

    /// Returns all of them, the same at each call.
    static List<MadeMail> all() {
        return IntStream.rangeClosed(1, COUNT)
                .mapToObj(seed -> new Maker(new SplittableRandom(seed)).make())
                .toList();
    }

    /// Makes one.
    private static final class Maker {

        private final RandomGenerator random;
        private final ObjectNode expected = JsonAnswer.MAPPER.createObjectNode();
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();
        private int boundaries;

        Maker(RandomGenerator random) {
            this.random = random;
            expected.putArray("text_body");
            expected.putArray("html_body");
            expected.putArray("attachments");
        }

        MadeMail make() {
            line("From: " + name() + " <author@example.org>");
            line("To: " + name() + " <to@example.net>, second@example.net");
            if (random.nextBoolean()) {
                line("Cc: " + name() + "\r\n <cc@example.net>");
            }
            line("Subject: " + encodedWords(text("utf-8", 12)));
            line("Date: Mon, 02 Mar 2026 10:00:00 +0100");
            line("Message-ID: <" + random.nextLong(Long.MAX_VALUE) + "@example.org>");
            line("X-Mailer: made");
            line("MIME-Version: 1.0");
            int files = random.nextInt(4);
            if (files == 0) {
                body();
            } else {
                multipart("mixed", () -> body(), files);
            }
            return new MadeMail(out.toString(ISO_8859_1), expected);
        }

        private void multipart(String subtype, Runnable first, int files) {
            String boundary = open(subtype);
            part(boundary, first);
            for (int i = 0; i < files; i++) {
                part(boundary, this::file);
            }
            line("--" + boundary + "--");
        }

        private String open(String subtype) {
            boundaries++;
            String boundary = "=_" + boundaries + Seeds.text(random, "abc'()+,./:?", 12) + "_";
            line("Content-Type: multipart/" + subtype + ";\r\n\tboundary=\"" + boundary + "\"");
            line("");
            return boundary;
        }

        private void part(String boundary, Runnable content) {
            line("--" + boundary);
            content.run();
        }

        private void body() {
            switch (random.nextInt(4)) {
                case 0 -> text("plain");
                case 1 -> text("html");
                case 2 -> alternative();
                default -> multipart("related", this::alternative, 0);
            }
        }

        private void alternative() {
            String boundary = open("alternative");
            part(boundary, () -> text("plain"));
            part(boundary, () -> text("html"));
            line("--" + boundary + "--");
        }

        private void text(String subtype) {
            String charset = Seeds.oneOf(random, WORDS.keySet().stream().sorted().toList());
            String text = text(charset, 60) + "\r\n" + text(charset, 200) + "\r\n";
            ArrayNode texts =
                    (ArrayNode) expected.path(subtype.equals("html") ? "html_body" : "text_body");
            texts.addObject().put("text", text);
            line("Content-Type: text/" + subtype + "; charset=" + charset);
            byte[] octets = text.getBytes(Charset.forName(charset));
            int encoding = random.nextInt(3);
            switch (encoding) {
                case 0 -> {
                    line("Content-Transfer-Encoding: quoted-printable\r\n");
                    line(quotedPrintable(octets));
                }
                case 1 -> {
                    line("Content-Transfer-Encoding: base64\r\n");
                    line(Base64.getMimeEncoder().encodeToString(octets));
                }
                default -> {
                    line("Content-Transfer-Encoding: 8bit\r\n");
                    out.writeBytes(octets);
                }
            }
        }

        private void file() {
            byte[] octets = Seeds.bytes(random, MOST_OCTETS_IN_A_FILE);
            String name =
                    text("utf-8", 3).replaceAll("[^\\p{L}]+", "-") + random.nextInt(99) + ".pdf";
            if (random.nextBoolean()) {
                name =
                        ("r" + Seeds.text(random, "abcdefgh -_", 60)).replaceAll(" +", " ")
                                + "x.pdf";
            }
            ObjectNode file = ((ArrayNode) expected.path("attachments")).addObject();
            file.put("size", octets.length).put("sha256", sha256(octets));
            file.putArray("disp_attributes").addObject().put("name", "filename").put("value", name);
            line("Content-Type: " + Seeds.oneOf(random, TYPES));
            line("Content-Disposition: attachment;" + parameter(name));
            line("Content-Transfer-Encoding: base64\r\n");
            line(Base64.getMimeEncoder().encodeToString(octets));
        }

        /// RFC 2231 §3 and §4, or a plain parameter where that can hold it.
        private String parameter(String name) {
            if (!US_ASCII.newEncoder().canEncode(name)) {
                StringBuilder value = new StringBuilder();
                for (byte octet : name.getBytes(UTF_8)) {
                    value.append("%%%02X".formatted(octet));
                }
                return "\r\n filename*=utf-8''" + value;
            }
            if (random.nextBoolean()) {
                return "\r\n filename=\"" + name + "\"";
            }
            int half = name.length() / 2;
            return "\r\n filename*0=\"%s\";\r\n filename*1=\"%s\""
                    .formatted(name.substring(0, half), name.substring(half));
        }

        private String name() {
            return switch (random.nextInt(3)) {
                case 0 -> "Some Body";
                case 1 -> "\"Body, Some\"";
                default -> encodedWords(text("utf-8", 3));
            };
        }

        /// RFC 2047, a word for each few characters, since none may be longer than 75.
        private String encodedWords(String text) {
            StringBuilder words = new StringBuilder();
            int[] all = text.codePoints().toArray();
            for (int at = 0; at < all.length; at += 8) {
                String some = new String(all, at, Math.min(8, all.length - at));
                words.append(at == 0 ? "" : "\r\n ");
                words.append("=?utf-8?B?");
                words.append(Base64.getEncoder().encodeToString(some.getBytes(UTF_8)));
                words.append("?=");
            }
            return words.toString();
        }

        private String text(String charset, int most) {
            StringBuilder text = new StringBuilder(Seeds.oneOf(random, WORDS.get(charset)));
            for (int left = random.nextInt(most); left > 0; left--) {
                text.append(left % 9 == 0 ? "\r\n" : " ");
                text.append(Seeds.oneOf(random, WORDS.get(charset)));
            }
            return most > 12 ? text.toString() : text.toString().replace("\r\n", " ");
        }

        private void line(String line) {
            out.writeBytes((line + "\r\n").getBytes(ISO_8859_1));
        }
    }

    static String quotedPrintable(byte[] octets) {
        StringBuilder encoded = new StringBuilder();
        int column = 0;
        for (byte octet : octets) {
            if (octet == '\n') {
                column = 0;
            }
            boolean plain = octet >= '!' && octet <= '~' && octet != '=' && octet != '.';
            boolean asItIs = plain || octet == '\r' || octet == '\n';
            String next = asItIs ? String.valueOf((char) octet) : "=%02X".formatted(octet);
            if (column + next.length() >= ENCODED_LINE_LENGTH) {
                encoded.append("=\r\n");
                column = 0;
            }
            encoded.append(next);
            column += octet == '\n' ? 0 : next.length();
        }
        return encoded.toString();
    }

    private static String sha256(byte[] octets) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets));
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
