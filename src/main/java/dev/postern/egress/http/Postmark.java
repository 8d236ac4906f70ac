package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.config.EgressConfig;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.mail.ForwardPath;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Postmark, `email`. Its own error numbers decide, not the HTTP status; and a success can name
/// recipients that it will not mail.
final class Postmark extends RebuildingApi {

    private static final int RECIPIENTS_LIMIT = 50;

    /// 10 MB, counted after base64.
    private static final long SIZE_LIMIT_BYTES = 10L * 1024 * 1024;

    private static final int SUCCESS = 200;
    private static final String TAKEN = "Message accepted";
    private static final String TEST_TOKEN = "POSTMARK_API_TEST";
    private static final String METADATA = "x-pm-metadata-";
    private static final String KEEP_ID = "X-PM-KeepID";

    /// The header fields that mean something over Postmark's SMTP, and what they are called here.
    private static final Map<String, String> MEMBERS =
            Map.of(
                    "x-pm-tag", "Tag",
                    "x-pm-message-stream", "MessageStream",
                    "x-pm-tracklinks", "TrackLinks",
                    "x-pm-track-links", "TrackLinks",
                    "x-pm-trackopens", "TrackOpens",
                    "x-pm-track-opens", "TrackOpens");

    Postmark(EgressConfig.Api config, Http http) {
        super(config, http, false, RECIPIENTS_LIMIT, SIZE_LIMIT_BYTES);
    }

    @Override
    Post post(Draft draft) throws IOException {
        ObjectNode json = JsonAnswer.MAPPER.createObjectNode();
        json.put("From", draft.from().toString());
        putList(json, "To", draft.split().to());
        putList(json, "Cc", draft.split().cc());
        putList(json, "Bcc", draft.split().bcc());
        putList(json, "ReplyTo", draft.message().replyTo());
        json.put("Subject", draft.subject());
        String text = draft.text();
        if (text != null) {
            json.put("TextBody", text);
        }
        String html = draft.html();
        if (html != null) {
            json.put("HtmlBody", html);
        }
        fields(draft, json);
        attachments(draft, json);
        return draft.post("/email", Map.of("X-Postmark-Server-Token", key()), json);
    }

    private static void putList(ObjectNode json, String member, List<Mailbox> mailboxes) {
        if (!mailboxes.isEmpty()) {
            json.put(
                    member,
                    mailboxes.stream().map(Mailbox::toString).collect(Collectors.joining(", ")));
        }
    }

    private static void fields(Draft draft, ObjectNode json) {
        Fields fields = draft.message().fields();
        Set<String> seen = new HashSet<>();
        for (Fields.Field field : fields.all()) {
            String name = field.name().toLowerCase(Locale.ROOT);
            String value = HeaderText.decode(field.value());
            String member = MEMBERS.get(name);
            boolean isMetadata = name.startsWith(METADATA) && name.length() > METADATA.length();
            if ((isMetadata || member != null) && !seen.add(isMetadata ? name : member)) {
                draft.lose("second " + field.name());
            } else if (isMetadata) {
                json.withObject("/Metadata").put(name.substring(METADATA.length()), value);
            } else if ("TrackOpens".equals(member)) {
                json.put(member, value.equalsIgnoreCase("true"));
            } else if (member != null) {
                json.put(member, value);
            }
        }
        draft.custom(n -> MEMBERS.containsKey(n) || n.startsWith(METADATA))
                .forEach(field -> putHeader(json, field.name(), field.value()));
        if (fields.has("Message-ID") && !fields.has(KEEP_ID)) {
            // Else it gets another, and answers to it start a thread of their own.
            putHeader(json, KEEP_ID, "true");
        }
    }

    private static void putHeader(ObjectNode json, String name, String value) {
        json.withArray("Headers").addObject().put("Name", name).put("Value", value);
    }

    private static void attachments(Draft draft, ObjectNode json) {
        for (ParsedMessage.Attachment attachment : draft.attachments()) {
            ObjectNode attached =
                    json.withArray("Attachments")
                            .addObject()
                            .put("Name", draft.named(attachment, attachment.name()))
                            .put("Content", draft.streamed().base64(attachment.leaf()))
                            .put("ContentType", draft.typeWithParameters(attachment));
            String id = draft.idOfInline(attachment);
            if (id != null) {
                attached.put("ContentID", "cid:" + id);
            }
        }
    }

    /// What it takes when it is behind has no number, and an id.
    @Override
    Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        JsonNode body = JsonAnswer.read(answer);
        JsonNode code = body.path("ErrorCode");
        boolean taken =
                code.isInt()
                        ? code.intValue() == 0
                        : (code.isMissingNode() || code.isNull())
                                && JsonAnswer.text(body, "Message").orElse("").startsWith(TAKEN);
        return answer.status() == SUCCESS && taken
                ? JsonAnswer.text(body, "MessageID")
                : Optional.empty();
    }

    @Override
    boolean isOwn(HttpAnswer answer) {
        JsonNode body = JsonAnswer.read(answer);
        return body.path("ErrorCode").isInt() && JsonAnswer.text(body, "Message").isPresent();
    }

    @Override
    String explain(HttpAnswer answer, List<ForwardPath> recipients) {
        JsonNode body = JsonAnswer.read(answer);
        String code = body.path("ErrorCode").isInt() ? body.path("ErrorCode").asText() + ": " : "";
        return code + JsonAnswer.text(body, "Message").orElse("");
    }

    /// It names those that it will not mail, because they bounced or complained before.
    @Override
    List<ForwardPath> refused(HttpAnswer answer, List<ForwardPath> recipients) {
        String said = explain(answer, recipients);
        int from = said.toLowerCase(Locale.ROOT).indexOf("inactive address");
        return from < 0 ? List.of() : Recipients.namedIn(said.substring(from), recipients);
    }

    @Override
    HttpCall probeCall() {
        return HttpCall.get("/server", "X-Postmark-Server-Token", key());
    }

    @Override
    Optional<Probe> probed(HttpAnswer answer) {
        if (key().equals(TEST_TOKEN)) {
            // It is no server's, and good for sending to nobody only.
            return Optional.of(new Probe.Unproven("the token for tests: nothing is delivered"));
        }
        return answer.status() == 200 && JsonAnswer.read(answer).has("ID")
                ? Optional.of(new Probe.Passed("the token is good"))
                : Optional.empty();
    }
}
