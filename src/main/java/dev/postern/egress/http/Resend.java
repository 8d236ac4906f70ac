package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.config.EgressConfig;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.egress.mime.ParsedMessage.FileNames;
import dev.postern.mail.ForwardPath;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Resend, `emails`. Each call has an idempotency key, so that one whose answer was lost can be
/// repeated without mailing twice.
final class Resend extends RebuildingApi {

    private static final int RECIPIENTS_LIMIT = 50;

    /// 40 MB, with its attachments in base64.
    private static final long SIZE_LIMIT_BYTES = 40L * 1024 * 1024;

    private static final int SUCCESS = 200;
    private static final int KEY_HASH_CHARACTERS = 32;

    Resend(EgressConfig.Api config, Http http) {
        super(config, http, false, RECIPIENTS_LIMIT, SIZE_LIMIT_BYTES);
    }

    @Override
    Post post(Draft draft) throws IOException {
        ObjectNode json = JsonAnswer.MAPPER.createObjectNode();
        json.put("from", draft.from().toString());
        putTexts(json, "to", draft.split().to());
        putTexts(json, "cc", draft.split().cc());
        putTexts(json, "bcc", draft.split().bcc());
        putTexts(json, "reply_to", draft.message().replyTo());
        json.put("subject", draft.subject());
        String html = draft.html();
        if (html != null) {
            json.put("html", html);
        }
        String text = draft.text();
        // Where it is told nothing it makes a text of the HTML.
        json.put("text", text == null ? "" : text);
        draft.customOnce(_ -> false)
                .forEach((name, value) -> json.withObject("/headers").put(name, value));
        for (ParsedMessage.Attachment attachment : draft.attachments()) {
            attach(draft, attachment, json.withArray("attachments").addObject());
        }
        return draft.post(
                "/emails",
                Map.of("Authorization", "Bearer " + key(), "Idempotency-Key", once(draft)),
                json);
    }

    private static void putTexts(ObjectNode json, String member, List<Mailbox> mailboxes) {
        mailboxes.forEach(mailbox -> json.withArray(member).add(mailbox.toString()));
    }

    /// A type that contradicts the name makes Resend drop the message without a word, so then the
    /// name alone speaks.
    private static void attach(Draft draft, ParsedMessage.Attachment attachment, ObjectNode json) {
        json.put("content", draft.streamed().base64(attachment.leaf()));
        json.put("filename", draft.named(attachment, attachment.name()));
        if (FileNames.agrees(attachment)) {
            json.put("content_type", draft.typeWithParameters(attachment));
        } else {
            draft.loseType(attachment);
            draft.loseParameters(attachment);
        }
        String id = draft.idOfInline(attachment);
        if (id != null) {
            json.put("content_id", id);
        }
    }

    /// Returns the key of this message for these recipients: the same when it is tried again, also
    /// after a restart, and another for others. Queue ids alone are unique in one spool only.
    private static String once(Draft draft) {
        Stream<String> recipients =
                draft.split().concerned().stream().map(ForwardPath::address).sorted();
        String messageId =
                draft.message().fields().first("Message-ID").map(HeaderText::decode).orElse("");
        String all = messageId + "\n" + String.join("\n", recipients.toList());
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(all.getBytes(UTF_8));
            String digits = HexFormat.of().formatHex(hash).substring(0, KEY_HASH_CHARACTERS);
            return "postern-" + draft.outbound().id() + "-" + digits;
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java has SHA-256", e);
        }
    }

    @Override
    Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return JsonAnswer.accepted(answer, SUCCESS, "id");
    }

    @Override
    boolean isOwn(HttpAnswer answer) {
        return JsonAnswer.hasTexts(answer, "name", "message");
    }

    @Override
    String explain(HttpAnswer answer, List<ForwardPath> recipients) {
        return JsonAnswer.refusal(answer, "name");
    }

    /// A key that may only send is refused here with the words that say so.
    @Override
    HttpCall probeCall() {
        return HttpCall.get("/domains", "Authorization", "Bearer " + key());
    }

    @Override
    Optional<Probe> probed(HttpAnswer answer) {
        JsonNode body = JsonAnswer.read(answer);
        boolean sendOnly = body.path("name").asText().equals("restricted_api_key");
        boolean all = answer.status() == SUCCESS && body.path("data").isArray();
        return sendOnly || all
                ? Optional.of(new Probe.Passed("the key may " + (all ? "do all" : "send only")))
                : Optional.empty();
    }
}
