package dev.postern.egress.http;

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
import dev.postern.mail.ForwardPath;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Brevo, `smtp/email`. It wants HTML, so a text goes as preformatted HTML too; it knows no inline
/// parts and one Reply-To.
final class Brevo extends RebuildingApi {

    private static final int RECIPIENTS_LIMIT = 99;

    /// What it takes is documented nowhere that we know; it says so itself, with 413.
    private static final long SIZE_LIMIT_BYTES = Long.MAX_VALUE;

    private static final int SUCCESS = 201;
    private static final String TAG = "x-mailin-tag";
    private static final String DATE = "date";
    private static final String SANDBOX_FIELD = "x-sib-sandbox";
    private static final Set<String> OTHERWISE = Set.of(TAG, DATE);

    Brevo(EgressConfig.Api config, Http http) {
        super(config, http, true, RECIPIENTS_LIMIT, SIZE_LIMIT_BYTES);
    }

    @Override
    Post post(Draft draft) throws IOException {
        ObjectNode json = JsonAnswer.MAPPER.createObjectNode();
        putObject(json.putObject("sender"), draft.from());
        putObjects(json, "to", draft.split().to());
        putObjects(json, "cc", draft.split().cc());
        putObjects(json, "bcc", draft.split().bcc());
        List<Mailbox> replyTo = draft.message().replyTo();
        if (!replyTo.isEmpty()) {
            putObject(json.putObject("replyTo"), replyTo.getFirst());
        }
        if (replyTo.size() > 1) {
            draft.lose("Reply-To: other addresses");
        }
        json.put("subject", draft.subject());
        bodies(draft, json);
        Map<String, String> custom = draft.customOnce(OTHERWISE::contains);
        if (draft.message().fields().has(DATE)) {
            // It writes its own.
            draft.lose("Date");
        }
        if (draft.message().fields().values(SANDBOX_FIELD).stream()
                .map(HeaderText::decode)
                .anyMatch("drop"::equalsIgnoreCase)) {
            draft.notCarried().addFirst(SANDBOX);
        }
        custom.forEach((name, value) -> json.withObject("/headers").put(name, value));
        for (Fields.Raw tag : draft.message().fields().values(TAG)) {
            json.withArray("tags").add(HeaderText.decode(tag));
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
        for (ParsedMessage.Attachment attachment : draft.attachments()) {
            draft.loseInline(attachment);
            draft.loseParameters(attachment);
            String name = nameOf(attachment);
            if (!name.equals(FileNames.withExtension(attachment)) || !FileNames.tells(attachment)) {
                draft.loseType(attachment);
            }
            json.withArray("attachment")
                    .addObject()
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
    Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return JsonAnswer.accepted(answer, SUCCESS, "messageId");
    }

    @Override
    boolean isOwn(HttpAnswer answer) {
        return JsonAnswer.hasTexts(answer, "code", "message");
    }

    @Override
    String explain(HttpAnswer answer, List<ForwardPath> recipients) {
        return JsonAnswer.refusal(answer, "code");
    }

    @Override
    HttpCall probeCall() {
        return HttpCall.get("/v3/account", "api-key", key());
    }

    @Override
    Optional<Probe> probed(HttpAnswer answer) {
        return answer.status() == 200 && JsonAnswer.read(answer).has("email")
                ? Optional.of(new Probe.Passed("the key is good"))
                : Optional.empty();
    }
}
