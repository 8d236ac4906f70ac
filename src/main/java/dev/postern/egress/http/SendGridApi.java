package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sendgrid.Client;
import com.sendgrid.Method;
import com.sendgrid.Request;
import com.sendgrid.Response;
import com.sendgrid.SendGrid;
import com.sendgrid.helpers.mail.Mail;
import com.sendgrid.helpers.mail.objects.Attachments;
import com.sendgrid.helpers.mail.objects.Content;
import com.sendgrid.helpers.mail.objects.Email;
import com.sendgrid.helpers.mail.objects.Personalization;
import dev.postern.config.EgressConfig;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.MimeLeaf;
import dev.postern.egress.mime.ParsedMessage;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.mail.ALabels;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.apache.http.impl.client.CloseableHttpClient;
import org.jspecify.annotations.Nullable;

/// SendGrid, `mail/send`, through its SDK: the SDK makes the message and the call, [Streaming]
/// carries it over the [Http] that all egresses share, with the long texts streamed.
final class SendGridApi extends RebuildingApi {

    private static final int RECIPIENTS_LIMIT = 1000;

    /// 30 MB, in base64; whether that is meant before or after is for SendGrid to say.
    private static final long SIZE_LIMIT_BYTES = 40L * 1024 * 1024;

    private static final int SUCCESS = 202;

    /// What it answers to a message that it was asked to look at only.
    private static final int SANDBOX_SUCCESS = 200;

    private static final String SMTPAPI = "x-smtpapi";

    /// What it writes itself into what it sends, and takes from nobody.
    private static final Set<String> ITS_OWN = Set.of("x-sg-id", "x-sg-eid");

    SendGridApi(EgressConfig.Api config, Http http) {
        super(config, http, true, RECIPIENTS_LIMIT, SIZE_LIMIT_BYTES);
    }

    /// Blind ones that are alone go together: here each has a personalization of its own, which the
    /// others don't see.
    @Override
    List<List<Recipients.Split>> grouped(List<Recipients.Split> splits) {
        Stream<Recipients.Split> alone = splits.stream().filter(SendGridApi::isAlone);
        return Stream.concat(
                        splits.stream().filter(split -> !isAlone(split)).map(List::of),
                        alone.gather(Gatherers.windowFixed(RECIPIENTS_LIMIT)))
                .toList();
    }

    private static boolean isAlone(Recipients.Split split) {
        return split.to().size() + split.cc().size() + split.bcc().size() == 1;
    }

    @Override
    Post post(Draft draft) throws IOException {
        Mail mail = new Mail();
        mail.setFrom(email(draft.from()));
        mail.setSubject(draft.subject());
        for (Recipients.Split split : draft.splits()) {
            Personalization personalization = shown(split);
            // At the top SendGrid's own description wants a text instead.
            personalization.addCustomArg("postern_id", draft.outbound().id().toString());
            mail.addPersonalization(personalization);
        }
        contents(draft, mail);
        for (ParsedMessage.Attachment attachment : attachments(draft)) {
            mail.addAttachments(attached(draft, attachment));
        }
        List<Mailbox> replyTo = distinct(draft, draft.message().replyTo());
        if (replyTo.size() == 1) {
            mail.setReplyTo(email(replyTo.getFirst()));
        }
        for (Fields.Field field : draft.message().fields().all()) {
            if (ITS_OWN.contains(field.name().toLowerCase(Locale.ROOT))) {
                draft.lose(field.name());
            }
        }
        draft.customOnce(name -> name.equals(SMTPAPI) || ITS_OWN.contains(name))
                .forEach(mail::addHeader);
        ObjectNode json = (ObjectNode) JsonAnswer.read(mail.build());
        if (replyTo.size() > 1) {
            putObjects(json, "reply_to_list", replyTo);
        }
        SmtpApiField.apply(
                draft.message().fields().first(SMTPAPI).map(HeaderText::decode).orElse(""),
                json,
                draft.notCarried());
        if (json.at("/mail_settings/sandbox_mode/enable").asBoolean(false)) {
            // It decides what an acceptance is.
            draft.notCarried().addFirst(SANDBOX);
        }
        return draft.post("/v3/mail/send", Map.of(), json);
    }

    private static Email email(Mailbox mailbox) {
        return mailbox.name().isEmpty()
                ? new Email(mailbox.address())
                : new Email(mailbox.address(), mailbox.name());
    }

    private static List<Mailbox> distinct(Draft draft, List<Mailbox> mailboxes) {
        Map<String, Mailbox> distinct = new LinkedHashMap<>();
        for (Mailbox mailbox : mailboxes) {
            if (distinct.putIfAbsent(Recipients.key(mailbox.address()), mailbox) != null) {
                draft.lose("second Reply-To: " + mailbox.address());
            }
        }
        return List.copyOf(distinct.values());
    }

    private static Personalization shown(Recipients.Split split) {
        Personalization shown = new Personalization();
        split.to().forEach(to -> shown.addTo(email(to)));
        split.cc().forEach(cc -> shown.addCc(email(cc)));
        split.bcc().forEach(bcc -> shown.addBcc(email(bcc)));
        return shown;
    }

    /// Text comes first, then HTML, then the rest: in another order it is refused.
    private static void contents(Draft draft, Mail mail) throws IOException {
        String text = draft.text();
        String html = draft.html();
        if (text != null) {
            mail.addContent(new Content("text/plain", text));
        }
        if (html != null) {
            mail.addContent(new Content("text/html", html));
        }
        addAlternative(draft, mail, "text/x-amp-html", draft.message().amp());
        ParsedMessage.Attachment calendar = draft.message().calendar();
        addAlternative(draft, mail, "text/calendar", calendar == null ? null : calendar.leaf());
    }

    private static void addAlternative(
            Draft draft, Mail mail, String type, @Nullable MimeLeaf leaf) {
        if (leaf != null) {
            mail.addContent(new Content(type, draft.streamed().text(List.of(leaf))));
        }
    }

    /// A calendar's method can't be given, so one that has one goes along as a file as well.
    private static List<ParsedMessage.Attachment> attachments(Draft draft) {
        List<ParsedMessage.Attachment> all = new ArrayList<>(draft.message().attachments());
        ParsedMessage.Attachment calendar = draft.message().calendar();
        if (calendar != null && calendar.parameters().containsKey("method")) {
            draft.lose("text/calendar as an alternative alone");
            all.add(calendar);
        } else if (calendar != null) {
            loseOfContent(draft, calendar);
        }
        return all;
    }

    /// Content goes under its bare type, as UTF-8.
    private static void loseOfContent(Draft draft, ParsedMessage.Attachment calendar) {
        calendar.parameters()
                .forEach((name, value) -> {
                    if (!name.equals("charset")) {
                        draft.loseParameter(calendar, name, value);
                    }
                });
        if (calendar.isNamed()) {
            draft.lose("name of " + calendar.name());
        }
    }

    private static Attachments attached(Draft draft, ParsedMessage.Attachment attachment) {
        String name = attachment.name().replaceAll("[;,\\r\\n]", "_");
        String type = attachment.type().replaceAll("[;,\\r\\n]", "");
        if (!type.equals(attachment.type())) {
            draft.loseType(attachment);
        }
        draft.loseParameters(attachment);
        draft.loseUnknown(attachment);
        Attachments attached = new Attachments();
        attached.setContent(draft.streamed().base64(attachment.leaf()));
        attached.setType(type);
        attached.setFilename(draft.named(attachment, name));
        attached.setDisposition(
                attachment.isInline()
                        ? ParsedMessage.Attachment.INLINE
                        : ParsedMessage.Attachment.ATTACHED);
        String id = attachment.contentId();
        if (id != null) {
            String taken = id.replaceAll("[;,\\r\\n]", "_");
            if (!taken.equals(id)) {
                draft.lose("Content-ID of " + attachment.label());
            }
            attached.setContentId(taken);
        }
        return attached;
    }

    @Override
    HttpResult send(Post post, CommitGate gate) {
        try (Streaming client = new Streaming(post.call(), gate)) {
            SendGrid sendGrid = new SendGrid(key(), client);
            Request request = new Request();
            request.setMethod(Method.POST);
            request.setEndpoint("mail/send");
            sendGrid.api(request);
            return client.result;
        } catch (IOException e) {
            return new HttpResult.Failed(Stage.PREPARE, e);
        }
    }

    /// The SDK's client, for one call: takes the SDK's header fields and the planned body.
    private static final HttpResult NO_CALL =
            new HttpResult.Failed(Stage.PREPARE, new IOException("SendGrid's SDK made no call"));

    private final class Streaming extends Client {

        private final HttpCall planned;
        private final CommitGate gate;
        private HttpResult result = NO_CALL;

        Streaming(HttpCall planned, CommitGate gate) {
            super((CloseableHttpClient) null);
            this.planned = planned;
            this.gate = gate;
        }

        @Override
        public Response api(Request request) {
            Map<String, String> headers = new LinkedHashMap<>(request.getHeaders());
            headers.remove("User-Agent");
            headers.putAll(planned.headers());
            String path = "/" + request.getEndpoint().replaceFirst("^/+", "");
            String method = request.getMethod().name();
            result = http.exchange(new HttpCall(method, path, headers, planned.body()), gate);
            return result instanceof HttpAnswer answer
                    ? new Response(answer.status(), answer.body(), answer.headers())
                    : new Response();
        }

        @Override
        public void close() {
            // The connections are the egress's, which closes them.
        }
    }

    @Override
    Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        String id = answer.header("x-message-id");
        if (post.notCarried().contains(SANDBOX) && answer.status() == SANDBOX_SUCCESS) {
            // Nothing is delivered, so an id is nowhere promised.
            return Optional.of(id == null || id.isBlank() ? "sandbox" : id);
        }
        return Optional.ofNullable(id).filter(it -> answer.status() == SUCCESS && !it.isBlank());
    }

    @Override
    boolean isOwn(HttpAnswer answer) {
        return JsonAnswer.text(JsonAnswer.read(answer).at("/errors/0"), "message").isPresent();
    }

    @Override
    String explain(HttpAnswer answer, List<ForwardPath> recipients) {
        List<String> said = new ArrayList<>();
        for (JsonNode error : JsonAnswer.read(answer).path("errors")) {
            String field = JsonAnswer.text(error, "field").map(f -> " (" + f + ")").orElse("");
            said.add(JsonAnswer.text(error, "message").orElse("") + field);
        }
        return String.join("; ", said);
    }

    @Override
    List<ForwardPath> refused(HttpAnswer answer, List<ForwardPath> recipients) {
        return answer.isSuccess()
                ? List.of()
                : Recipients.namedIn(explain(answer, recipients), recipients);
    }

    /// What a key may do, which every key may ask.
    @Override
    HttpCall probeCall() {
        return HttpCall.get("/v3/scopes", "Authorization", "Bearer " + key());
    }

    @Override
    Optional<Probe> probed(HttpAnswer answer) {
        JsonNode scopes = JsonAnswer.read(answer).path("scopes");
        if (answer.status() == 200 && scopes.isArray()) {
            for (JsonNode scope : scopes) {
                if (scope.asText().equals("mail.send")) {
                    return Optional.of(new Probe.Passed("the key may send"));
                }
            }
            return Optional.of(
                    new Probe.Failed(
                            "the API key lacks the scope mail.send", Fault.CREDENTIALS, null));
        }
        return answer.status() == 403 && isOwn(answer)
                ? Optional.of(new Probe.Unproven("reachable; the key may not ask for its scopes"))
                : Optional.empty();
    }

    /// The field `X-SMTPAPI`, by which apps steer SendGrid over SMTP, as members of its web API.
    /// Its `to` would mail others than the envelope's recipients, so it is never followed.
    static final class SmtpApiField {

        private static final int CATEGORIES_LIMIT = 10;
        private static final int CATEGORY_LIMIT_CHARACTERS = 255;

        /// Filters, and where their switch is in the web API.
        private static final Map<String, List<String>> SWITCHES =
                Map.of(
                        "clicktrack", List.of("tracking_settings", "click_tracking"),
                        "opentrack", List.of("tracking_settings", "open_tracking"),
                        "subscriptiontrack", List.of("tracking_settings", "subscription_tracking"),
                        "bypass_list_management",
                                List.of("mail_settings", "bypass_list_management"),
                        "sandbox_mode", List.of("mail_settings", "sandbox_mode"));

        private SmtpApiField() {}

        /// Adds to a request what the field says, and that the message shall not be changed for
        /// tracking where it says nothing.
        ///
        /// @param value the field's, decoded; empty without one
        /// @param notCarried is told what of it has no place
        static void apply(String value, ObjectNode json, NotCarried notCarried) {
            for (String name : List.of("clicktrack", "opentrack", "subscriptiontrack")) {
                flip(json, name, false);
            }
            JsonNode field = JsonAnswer.read(value);
            if (!value.isEmpty() && !field.isObject()) {
                notCarried.add("X-SMTPAPI (not JSON)");
            }
            for (Map.Entry<String, JsonNode> member : field.properties()) {
                if (!member(member.getKey(), member.getValue(), json, notCarried)) {
                    notCarried.add("X-SMTPAPI " + member.getKey());
                }
            }
        }

        private static boolean member(
                String name, JsonNode value, ObjectNode json, NotCarried notCarried) {
            switch (name) {
                case "category" -> categories(value, json, notCarried);
                case "unique_args" ->
                        value.properties()
                                .forEach(
                                        arg -> customArg(arg.getKey(), text(arg.getValue()), json));
                case "send_at" -> json.put("send_at", value.asLong());
                case "asm_group_id" -> json.withObject("/asm").put("group_id", value.asLong());
                case "asm_groups_to_display" ->
                        json.withObject("/asm").set("groups_to_display", value);
                case "ip_pool" -> json.put("ip_pool_name", value.asText());
                case "filters" ->
                        value.properties()
                                .forEach(filter ->
                                        filter(
                                                filter.getKey(),
                                                filter.getValue(),
                                                json,
                                                notCarried));
                default -> {
                    return false;
                }
            }
            return true;
        }

        private static void customArg(String name, String value, ObjectNode json) {
            for (JsonNode personalization : json.path("personalizations")) {
                ((ObjectNode) personalization).withObject("/custom_args").put(name, value);
            }
        }

        private static String text(JsonNode value) {
            return value.isValueNode() ? value.asText() : value.toString();
        }

        private static void categories(JsonNode value, ObjectNode json, NotCarried notCarried) {
            Set<String> categories = new LinkedHashSet<>();
            if (value.isArray()) {
                value.forEach(category -> categories.add(category.asText()));
            } else {
                categories.add(value.asText());
            }
            ArrayNode array = json.putArray("categories");
            categories.remove("");
            for (String category : categories) {
                if (array.size() < CATEGORIES_LIMIT
                        && category.length() <= CATEGORY_LIMIT_CHARACTERS
                        && ALabels.isAscii(category)) {
                    array.add(category);
                } else {
                    notCarried.add("X-SMTPAPI category " + category);
                }
            }
        }

        private static void filter(
                String name, JsonNode filter, ObjectNode json, NotCarried notCarried) {
            JsonNode enable = filter.path("settings").path("enable");
            if (SWITCHES.containsKey(name)) {
                flip(json, name, enable.asInt(0) == 1 || enable.asBoolean(false));
            } else {
                notCarried.add("X-SMTPAPI filter " + name);
            }
        }

        private static void flip(ObjectNode json, String filter, boolean on) {
            List<String> path = SWITCHES.getOrDefault(filter, List.of());
            json.withObject("/" + String.join("/", path)).put("enable", on);
        }
    }
}
