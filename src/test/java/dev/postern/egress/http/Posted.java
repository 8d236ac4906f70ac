package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What recipients get of a request, by the provider's own documents: each of these makes a message
/// of the JSON's texts, which stand there as they are shown, and of files.
///
/// @param to who is shown as To
/// @param texts the bodies and other alternatives by media type
/// @param headers the custom fields, as shown
record Posted(
        Seen.Person from,
        List<Seen.Person> to,
        List<Seen.Person> cc,
        List<Seen.Person> replyTo,
        String subject,
        Map<String, String> texts,
        List<File> files,
        List<Seen.Field> headers) {

    private static final Pattern ENCODED_WORD =
            Pattern.compile("=\\?([^?\\s]+)\\?([BbQq])\\?([^?\\s]*)\\?=(\\s+(?==\\?))?");
    private static final Pattern IN_LIST = Pattern.compile("(?:\"(?:[^\"\\\\]|\\\\.)*\"|[^,\"])+");

    /// An attachment.
    ///
    /// @param type with its parameters; empty where the API has none: the provider makes it of the
    ///   name
    /// @param id its Content-ID without angle brackets; empty without one
    /// @param inline whether it is shown where the HTML refers to it
    record File(String name, String type, String id, boolean inline, String base64) {

        byte[] octets() {
            return Base64.getDecoder().decode(base64);
        }

        /// Returns the type alone.
        String bareType() {
            return type.replaceFirst("\\s*;.*", "").toLowerCase(Locale.ROOT);
        }

        /// Returns whether a parameter goes along with the type.
        boolean hasParameter(String name, String value) {
            return type.toLowerCase(Locale.ROOT)
                    .replace("\"", "")
                    .contains((name + "=" + value).toLowerCase(Locale.ROOT));
        }
    }

    /// Returns what those see whom a request mails: once, or for each of its personalizations.
    static List<Posted> by(String type, FakeApi.Request request) {
        JsonNode json = JsonAnswer.read(request.text());
        return switch (type) {
            case "sendgrid" -> sendGrid(json);
            case "resend" -> List.of(resend(json));
            case "brevo" -> List.of(brevo(json));
            case "postmark" -> List.of(postmark(json));
            default -> throw new IllegalArgumentException(type);
        };
    }

    private static List<Posted> sendGrid(JsonNode json) {
        Map<String, String> texts = new LinkedHashMap<>();
        json.path("content")
                .forEach(one -> texts.put(one.path("type").asText(), one.path("value").asText()));
        List<Seen.Person> replyTo = objects(json.path("reply_to_list"));
        if (json.has("reply_to")) {
            replyTo.add(object(json.path("reply_to")));
        }
        List<File> files = new ArrayList<>();
        for (JsonNode file : json.path("attachments")) {
            files.add(
                    new File(
                            file.path("filename").asText(),
                            file.path("type").asText(),
                            file.path("content_id").asText(),
                            file.path("disposition").asText().equals("inline"),
                            file.path("content").asText()));
        }
        List<Posted> all = new ArrayList<>();
        for (JsonNode one : json.path("personalizations")) {
            List<Seen.Field> headers = new ArrayList<>(fields(json.path("headers")));
            headers.addAll(fields(one.path("headers")));
            all.add(
                    new Posted(
                            object(json.path("from")),
                            objects(one.path("to")),
                            objects(one.path("cc")),
                            replyTo,
                            json.path("subject").asText(),
                            texts,
                            files,
                            headers));
        }
        return all;
    }

    private static Posted resend(JsonNode json) {
        List<File> files = new ArrayList<>();
        for (JsonNode file : json.path("attachments")) {
            // What has an id is inline, and nothing else can be.
            files.add(
                    new File(
                            file.path("filename").asText(),
                            file.path("content_type").asText(),
                            file.path("content_id").asText(),
                            file.hasNonNull("content_id"),
                            file.path("content").asText()));
        }
        return new Posted(
                mailbox(json.path("from").asText()),
                mailboxes(json.path("to")),
                mailboxes(json.path("cc")),
                mailboxes(json.path("reply_to")),
                json.path("subject").asText(),
                texts(json, "text", "html"),
                files,
                fields(json.path("headers")));
    }

    private static Posted brevo(JsonNode json) {
        List<File> files = new ArrayList<>();
        for (JsonNode file : json.path("attachment")) {
            files.add(
                    new File(
                            file.path("name").asText(),
                            "",
                            "",
                            false,
                            file.path("content").asText()));
        }
        return new Posted(
                object(json.path("sender")),
                objects(json.path("to")),
                objects(json.path("cc")),
                json.has("replyTo") ? List.of(object(json.path("replyTo"))) : List.of(),
                json.path("subject").asText(),
                texts(json, "textContent", "htmlContent"),
                files,
                fields(json.path("headers")));
    }

    private static Posted postmark(JsonNode json) {
        List<Seen.Field> headers = new ArrayList<>();
        for (JsonNode one : json.path("Headers")) {
            headers.add(
                    new Seen.Field(one.path("Name").asText(), shown(one.path("Value").asText())));
        }
        List<File> files = new ArrayList<>();
        for (JsonNode file : json.path("Attachments")) {
            files.add(
                    new File(
                            file.path("Name").asText(),
                            file.path("ContentType").asText(),
                            file.path("ContentID").asText().replaceFirst("^cid:", ""),
                            file.hasNonNull("ContentID"),
                            file.path("Content").asText()));
        }
        return new Posted(
                mailbox(json.path("From").asText()),
                list(json.path("To").asText()),
                list(json.path("Cc").asText()),
                list(json.path("ReplyTo").asText()),
                json.path("Subject").asText(),
                texts(json, "TextBody", "HtmlBody"),
                files,
                headers);
    }

    private static Map<String, String> texts(JsonNode json, String text, String html) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (json.has(text)) {
            texts.put("text/plain", json.path(text).asText());
        }
        if (json.has(html)) {
            texts.put("text/html", json.path(html).asText());
        }
        return texts;
    }

    private static Seen.Person object(JsonNode one) {
        return new Seen.Person(one.path("name").asText(), one.path("email").asText());
    }

    private static List<Seen.Person> objects(JsonNode array) {
        List<Seen.Person> people = new ArrayList<>();
        array.forEach(one -> people.add(object(one)));
        return people;
    }

    private static List<Seen.Person> mailboxes(JsonNode array) {
        List<Seen.Person> people = new ArrayList<>();
        if (array.isTextual()) {
            people.add(mailbox(array.asText()));
        }
        array.forEach(one -> people.add(mailbox(one.asText())));
        return people;
    }

    private static List<Seen.Person> list(String value) {
        List<Seen.Person> people = new ArrayList<>();
        Matcher one = IN_LIST.matcher(value);
        while (one.find()) {
            people.add(mailbox(one.group()));
        }
        return people;
    }

    /// Returns `address` or `name <address>`, the name as it is or in quotes (RFC 5322 §3.2.4).
    private static Seen.Person mailbox(String value) {
        String text = value.strip();
        if (!text.endsWith(">")) {
            return new Seen.Person("", text);
        }
        int open = text.lastIndexOf('<');
        String name = text.substring(0, open).strip();
        if (name.length() > 1 && name.startsWith("\"") && name.endsWith("\"")) {
            name = name.substring(1, name.length() - 1).replaceAll("\\\\(.)", "$1");
        }
        return new Seen.Person(name, text.substring(open + 1, text.length() - 1));
    }

    private static List<Seen.Field> fields(JsonNode headers) {
        List<Seen.Field> fields = new ArrayList<>();
        headers.properties()
                .forEach(one ->
                        fields.add(new Seen.Field(one.getKey(), shown(one.getValue().asText()))));
        return fields;
    }

    /// Returns a field's value as it is shown: RFC 2047, to the letter, so that each word stands
    /// alone.
    private static String shown(String value) {
        Matcher word = ENCODED_WORD.matcher(value);
        return Seen.spaced(
                word.replaceAll(found ->
                        Matcher.quoteReplacement(
                                word(found.group(1), found.group(2), found.group(3)))));
    }

    private static String word(String charset, String encoding, String text) {
        byte[] octets =
                encoding.equalsIgnoreCase("B") ? Base64.getDecoder().decode(text) : quoted(text);
        return new String(octets, Charset.forName(charset.replaceFirst("\\*.*", "")));
    }

    private static byte[] quoted(String text) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        byte[] all = text.replace('_', ' ').getBytes(ISO_8859_1);
        for (int i = 0; i < all.length; i++) {
            if (all[i] == '=') {
                octets.write(Integer.parseInt(text.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                octets.write(all[i]);
            }
        }
        return octets.toByteArray();
    }
}
