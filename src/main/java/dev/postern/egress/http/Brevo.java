package dev.postern.egress.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.config.EgressConfig;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.MimeLeaf;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.egress.mime.ParsedMessage.FileNames;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Brevo, `smtp/email`. It wants HTML, so a text goes as preformatted HTML too; it knows no inline
/// parts and one Reply-To.
final class Brevo extends RebuildingApi {

    static final String ENDPOINT = "https://api.brevo.com";

    private static final int RECIPIENTS_LIMIT = 99;
    private static final int SUCCESS = 201;
    private static final String TAG = "x-mailin-tag";
    private static final String DATE = "date";
    private static final String SANDBOX_FIELD = "x-sib-sandbox";
    private static final Set<String> OTHERWISE = Set.of(TAG, DATE);

    Brevo(EgressConfig.Api config, Http http) {
        super(config, http, RECIPIENTS_LIMIT);
    }

    @Override
    long sizeLimitBytes() {
        // What it takes is documented nowhere that we know; it says so itself, with 413.
        return Long.MAX_VALUE;
    }

    @Override
    public boolean takesAnyLocalPart() {
        return true;
    }

    @Override
    Post post(Draft draft) throws IOException {
        ObjectNode json = JsonAnswer.MAPPER.createObjectNode();
        putObject(json.putObject("sender"), draft.from());
        Recipients.Split placement = draft.placement();
        putObjects(json, "to", placement.to());
        putObjects(json, "cc", placement.cc());
        putObjects(json, "bcc", placement.bcc());
        List<Mailbox> replyTo = draft.message().replyTo();
        if (!replyTo.isEmpty()) {
            putObject(json.putObject("replyTo"), replyTo.getFirst());
        }
        if (replyTo.size() > 1) {
            draft.lose("Reply-To: other addresses");
        }
        json.put("subject", draft.subject());
        bodies(draft, json);
        Map<String, String> custom = draft.custom(OTHERWISE::contains).once(draft.notCarried());
        if (draft.message().fields().has(DATE)) {
            // It writes its own.
            draft.lose("Date");
        }
        if (draft.message().fields().values(SANDBOX_FIELD).stream()
                .map(HeaderText::decode)
                .anyMatch("drop"::equalsIgnoreCase)) {
            draft.notCarried().addFirst(SANDBOX);
        }
        if (!custom.isEmpty()) {
            custom.forEach(json.putObject("headers")::put);
        }
        List<Fields.Raw> tags = draft.message().fields().values(TAG);
        if (!tags.isEmpty()) {
            ArrayNode array = json.putArray("tags");
            tags.forEach(tag -> array.add(HeaderText.decode(tag)));
        }
        attachments(draft, json);
        return draft.post("/v3/smtp/email", Map.of("api-key", key()), json);
    }

    private static void bodies(Draft draft, ObjectNode json) throws IOException {
        String html = draft.html();
        String text = draft.text();
        if (html == null) {
            draft.lose("a message without HTML (it is made of the text)");
            List<MimeLeaf> leaves = draft.message().text();
            html =
                    BLANK.equals(text)
                            ? BLANK
                            : draft.streamed()
                                    .html(
                                            leaves.stream()
                                                    .map(leaf ->
                                                            new ParsedMessage.Shown(leaf, false))
                                                    .toList());
        }
        json.put("htmlContent", html.isBlank() ? "<pre> </pre>" : html);
        if (text != null) {
            json.put("textContent", text);
        }
    }

    /// It derives the type of each file from its name.
    private static void attachments(Draft draft, ObjectNode json) {
        List<ParsedMessage.Attachment> attachments = draft.attachments();
        if (attachments.isEmpty()) {
            return;
        }
        ArrayNode array = json.putArray("attachment");
        for (ParsedMessage.Attachment attachment : attachments) {
            draft.loseInline(attachment);
            draft.loseParameters(attachment);
            String name = nameOf(attachment);
            if (!name.equals(FileNames.withExtension(attachment)) || !FileNames.tells(attachment)) {
                draft.loseType(attachment);
            }
            array.addObject()
                    .put("name", draft.named(attachment, name))
                    .put("content", draft.streamed().base64(attachment.leaf()));
        }
    }

    /// It takes the extensions that it knows only: what has no name and can be read as text is one.
    private static String nameOf(ParsedMessage.Attachment attachment) {
        String name = FileNames.withExtension(attachment);
        boolean readable = attachment.type().startsWith("message/");
        return attachment.isNamed() || !readable
                ? name
                : name.substring(0, name.lastIndexOf('.')) + ".txt";
    }

    @Override
    public Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return JsonAnswer.accepted(answer, SUCCESS, "messageId");
    }

    @Override
    public boolean isOwn(HttpAnswer answer) {
        return JsonAnswer.hasTexts(answer, "code", "message");
    }

    @Override
    public String explain(HttpAnswer answer, Post post) {
        return JsonAnswer.refusal(answer, "code");
    }

    @Override
    public HttpCall probeCall() {
        return HttpCall.get("/v3/account", "api-key", key());
    }

    @Override
    public Optional<Probe> probed(HttpAnswer answer) {
        return answer.status() == 200 && JsonAnswer.read(answer).has("email")
                ? Optional.of(new Probe.Passed("the key is good"))
                : Optional.empty();
    }
}
