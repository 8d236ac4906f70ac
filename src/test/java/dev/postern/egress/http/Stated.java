package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.mail.ALabels;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What Brevo and Postmark state of the requests that they take, for want of a description that a
/// program could read.
final class Stated {

    private static final int POSTMARK_LIMIT_BYTES = 10 * 1024 * 1024;
    private static final int POSTMARK_BODY_LIMIT_BYTES = 5 * 1024 * 1024;
    private static final int POSTMARK_RECIPIENTS_LIMIT = 50;
    private static final int POSTMARK_TAG_LIMIT = 1000;
    private static final int BREVO_RECIPIENTS_LIMIT = 99;

    private static final Map<String, Set<String>> MEMBERS =
            Map.of(
                    "brevo",
                    Set.of(
                            "sender",
                            "to",
                            "cc",
                            "bcc",
                            "replyTo",
                            "subject",
                            "htmlContent",
                            "textContent",
                            "attachment",
                            "headers",
                            "tags"),
                    "postmark",
                    Set.of(
                            "From",
                            "To",
                            "Cc",
                            "Bcc",
                            "ReplyTo",
                            "Subject",
                            "TextBody",
                            "HtmlBody",
                            "Headers",
                            "Attachments",
                            "Tag",
                            "Metadata",
                            "MessageStream",
                            "TrackOpens",
                            "TrackLinks"));

    private final String type;
    private final FakeApi.Request request;
    private final JsonNode json;
    private final List<String> violations = new ArrayList<>();

    private Stated(String type, FakeApi.Request request) {
        this.type = type;
        this.request = request;
        this.json = JsonAnswer.read(request.text());
    }

    /// Returns whether a provider's requests are judged here.
    static boolean isOf(String type) {
        return MEMBERS.containsKey(type);
    }

    /// Returns what is wrong with a request.
    static List<String> violations(String type, FakeApi.Request request) {
        Stated stated = new Stated(type, request);
        stated.common();
        if (type.equals("brevo")) {
            stated.brevo();
        } else {
            stated.postmark();
        }
        return stated.violations;
    }

    private void want(boolean held, String rule) {
        if (!held) {
            violations.add("refused: " + rule);
        }
    }

    private void common() {
        want(request.method().equals("POST"), "POST");
        want(request.header("content-type").startsWith("application/json"), "Content-Type is JSON");
        want(request.header("accept").equals("application/json"), "Accept is JSON");
        want(json.isObject(), "the body is a JSON object");
        json.fieldNames()
                .forEachRemaining(name ->
                        want(MEMBERS.get(type).contains(name), "no member is called " + name));
        Set<String> mailed = Set.copyOf(Mailed.by(type, request));
        want(mailed.size() == Mailed.by(type, request).size(), "no address twice");
    }

    private void brevo() {
        want(request.path().equals("/v3/smtp/email"), "the path is /v3/smtp/email");
        want(!request.header("api-key").isEmpty(), "the key is in api-key");
        mailbox(json.path("sender"), "sender");
        want(!json.path("to").isEmpty(), "to has somebody");
        for (String member : List.of("to", "cc", "bcc")) {
            json.path(member).forEach(one -> mailbox(one, member));
        }
        want(Mailed.by(type, request).size() <= BREVO_RECIPIENTS_LIMIT, "at most 99 recipients");
        if (json.has("replyTo")) {
            mailbox(json.path("replyTo"), "replyTo");
        }
        want(!json.path("subject").asText().isEmpty(), "subject is not empty");
        want(!json.path("htmlContent").asText().isEmpty(), "htmlContent is not empty");
        for (Map.Entry<String, JsonNode> header : json.path("headers").properties()) {
            header(header.getKey(), header.getValue());
        }
        json.path("tags").forEach(tag -> want(tag.isTextual(), "tags are texts"));
        for (JsonNode file : json.path("attachment")) {
            want(
                    file.path("name").asText().matches(".+\\.[A-Za-z0-9]{1,8}"),
                    "a file's name has an extension");
            base64(file.path("content"));
        }
    }

    private void mailbox(JsonNode one, String member) {
        want(
                one.path("email").asText().matches("(\"[^\"]+\"|[^\\s@]+)@[^\\s@]+"),
                member + " has an address");
        want(
                !one.has("name") || !one.path("name").asText().isEmpty(),
                member + "'s name is left out or is one");
    }

    private void header(String name, JsonNode value) {
        want(name.matches("[!-9;-~]+"), "header names are RFC 5322's: " + name);
        want(
                value.isTextual() && value.asText().matches("[ -~]*"),
                "header values are ASCII: " + name);
    }

    private void base64(JsonNode content) {
        try {
            want(content.isTextual(), "a file's content is a text");
            Base64.getDecoder().decode(content.asText());
        } catch (IllegalArgumentException wrong) {
            want(false, "a file's content is base64: " + wrong.getMessage());
        }
    }

    private void postmark() {
        want(request.path().equals("/email"), "the path is /email");
        want(!request.header("x-postmark-server-token").isEmpty(), "the token is in its field");
        want(request.length() <= POSTMARK_LIMIT_BYTES, "at most 10 MB");
        want(json.path("From").asText().matches("(.*<)?[!-~]+@[!-~]+>?"), "From is an address");
        want(!json.path("To").asText().isEmpty(), "To has somebody");
        List<String> mailed = Mailed.by(type, request);
        want(mailed.size() <= POSTMARK_RECIPIENTS_LIMIT, "at most 50 recipients");
        want(mailed.stream().allMatch(ALabels::isAscii), "addresses are ASCII");
        String text = json.path("TextBody").asText();
        String html = json.path("HtmlBody").asText();
        want(!text.isEmpty() || !html.isEmpty(), "there is a body");
        want(text.getBytes(UTF_8).length <= POSTMARK_BODY_LIMIT_BYTES, "TextBody: at most 5 MB");
        want(html.getBytes(UTF_8).length <= POSTMARK_BODY_LIMIT_BYTES, "HtmlBody: at most 5 MB");
        want(json.path("Tag").asText().length() <= POSTMARK_TAG_LIMIT, "Tag: at most 1000");
        for (JsonNode header : json.path("Headers")) {
            header(header.path("Name").asText(), header.path("Value"));
        }
        json.path("Metadata").forEach(value -> want(value.isTextual(), "Metadata are texts"));
        for (JsonNode file : json.path("Attachments")) {
            want(!file.path("Name").asText().isEmpty(), "a file has a name");
            want(file.path("ContentType").asText().matches("[!-~]+/[ -~]+"), "a file has a type");
            want(
                    !file.has("ContentID") || file.path("ContentID").asText().startsWith("cid:"),
                    "a ContentID begins with cid:");
            base64(file.path("Content"));
        }
    }
}
