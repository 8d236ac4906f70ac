package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a request says that is to be sent, read back from its JSON as the provider's documents say.
///
/// @param from the author's address
/// @param replyTo addresses
/// @param texts the bodies by media type
/// @param headers the fields, names as spelled
record Posted(
        String from,
        List<String> replyTo,
        String subject,
        Map<String, String> texts,
        List<File> files,
        List<CustomFields.Custom> headers) {

    /// An attachment.
    ///
    /// @param id its Content-ID without angle brackets; empty without one, or where the API has
    ///   none
    /// @param base64 its octets
    record File(String name, String type, String id, boolean inline, String base64) {

        byte[] octets() {
            return Base64.getDecoder().decode(base64);
        }
    }

    Posted {
        replyTo = List.copyOf(replyTo);
        texts = Map.copyOf(texts);
        files = List.copyOf(files);
        headers = List.copyOf(headers);
    }

    static Posted by(String type, FakeApi.Request request) {
        JsonNode json = Json.read(request.text());
        return switch (type) {
            case "sendgrid" -> sendGrid(json);
            case "resend" -> resend(json);
            case "brevo" -> brevo(json);
            case "postmark" -> postmark(json);
            default -> throw new IllegalArgumentException(type);
        };
    }

    private static Posted sendGrid(JsonNode json) {
        Map<String, String> texts = new LinkedHashMap<>();
        json.path("content")
                .forEach(one -> texts.put(one.path("type").asText(), one.path("value").asText()));
        List<String> replyTo = new ArrayList<>();
        json.path("reply_to_list").forEach(one -> replyTo.add(one.path("email").asText()));
        if (json.has("reply_to")) {
            replyTo.add(json.path("reply_to").path("email").asText());
        }
        return new Posted(
                json.path("from").path("email").asText(),
                replyTo,
                json.path("subject").asText(),
                texts,
                files(json.path("attachments"), "filename", "content", "content_id"),
                object(json.path("headers")));
    }

    private static Posted resend(JsonNode json) {
        List<String> replyTo = new ArrayList<>();
        json.path("reply_to").forEach(one -> replyTo.addAll(bare(one.asText())));
        return new Posted(
                bare(json.path("from").asText()).getFirst(),
                replyTo,
                json.path("subject").asText(),
                texts(json, "text", "html"),
                files(json.path("attachments"), "filename", "content", "content_id"),
                object(json.path("headers")));
    }

    private static Posted brevo(JsonNode json) {
        JsonNode replyTo = json.path("replyTo").path("email");
        return new Posted(
                json.path("sender").path("email").asText(),
                replyTo.isMissingNode() ? List.of() : List.of(replyTo.asText()),
                json.path("subject").asText(),
                texts(json, "textContent", "htmlContent"),
                files(json.path("attachment"), "name", "content", ""),
                object(json.path("headers")));
    }

    private static Posted postmark(JsonNode json) {
        List<CustomFields.Custom> headers = new ArrayList<>();
        json.path("Headers")
                .forEach(one ->
                        headers.add(
                                new CustomFields.Custom(
                                        one.path("Name").asText(), one.path("Value").asText())));
        return new Posted(
                bare(json.path("From").asText()).getFirst(),
                bare(json.path("ReplyTo").asText()),
                json.path("Subject").asText(),
                texts(json, "TextBody", "HtmlBody"),
                files(json.path("Attachments"), "Name", "Content", "ContentID"),
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

    private static List<File> files(JsonNode array, String name, String content, String id) {
        List<File> files = new ArrayList<>();
        for (JsonNode file : array) {
            files.add(
                    new File(
                            file.path(name).asText(),
                            file.path("ContentType")
                                    .asText(
                                            file.path("type")
                                                    .asText(file.path("content_type").asText())),
                            file.path(id).asText().replaceFirst("^cid:", ""),
                            file.path("disposition").asText("inline").equals("inline")
                                    && file.hasNonNull(id),
                            file.path(content).asText()));
        }
        return files;
    }

    private static List<CustomFields.Custom> object(JsonNode headers) {
        List<CustomFields.Custom> fields = new ArrayList<>();
        headers.properties()
                .forEach(one ->
                        fields.add(new CustomFields.Custom(one.getKey(), one.getValue().asText())));
        return fields;
    }

    /// Returns the addresses of a list such as `"Doe, Jane" <jane@example.org>, x@example.org`.
    private static List<String> bare(String list) {
        List<String> addresses = new ArrayList<>();
        for (String one : list.split(",(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")) {
            String text = one.strip();
            if (!text.isEmpty()) {
                addresses.add(text.replaceFirst("^.*<([^<>]*)>$", "$1"));
            }
        }
        return addresses;
    }
}
