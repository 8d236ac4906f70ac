package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressConfig;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpCall.HttpBody;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.egress.mime.ReadingBudget;
import dev.postern.mail.ForwardPath;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.outcome.Outcome.Unsuited;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/// Mailgun, `messages.mime`: the octets as they are, the envelope as `to`.
final class Mailgun extends Api {

    private static final int RECIPIENTS_LIMIT = 1000;

    /// The request may have 52.4 MiB; that a message may have 25 MB is for Mailgun to say.
    private static final long SIZE_LIMIT_BYTES = 52L * 1024 * 1024;

    private static final int SUCCESS = 200;

    /// Options, tags and variables of one message.
    private static final int OPTIONS_LIMIT = 1000;

    private static final String DROP = "X-Mailgun-Drop-Message";

    /// The header fields that mean something over Mailgun's SMTP, and what they are called here.
    private static final Map<String, String> OPTIONS =
            Map.ofEntries(
                    Map.entry("x-mailgun-tag", "o:tag"),
                    Map.entry("x-mailgun-dkim", "o:dkim"),
                    Map.entry("x-mailgun-deliver-by", "o:deliverytime"),
                    Map.entry("x-mailgun-drop-message", "o:testmode"),
                    Map.entry("x-mailgun-track", "o:tracking"),
                    Map.entry("x-mailgun-track-clicks", "o:tracking-clicks"),
                    Map.entry("x-mailgun-track-opens", "o:tracking-opens"),
                    Map.entry("x-mailgun-require-tls", "o:require-tls"),
                    Map.entry("x-mailgun-skip-verification", "o:skip-verification"),
                    Map.entry("x-mailgun-sending-ip", "o:sending-ip"),
                    Map.entry("x-mailgun-sending-ip-pool", "o:sending-ip-pool"),
                    Map.entry("x-mailgun-secondary-dkim", "o:secondary-dkim"));

    private static final String VARIABLES = "X-Mailgun-Variables";

    /// It would put other recipients' data into the message, so it is left alone.
    private static final String RECIPIENT_VARIABLES = "X-Mailgun-Recipient-Variables";

    private final EgressConfig.Mailgun config;

    Mailgun(EgressConfig.Mailgun config, Http http) {
        super(http, true);
        this.config = config;
    }

    @Override
    Optional<Unsuited> plan(OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException {
        if (content.sizeBytes() > SIZE_LIMIT_BYTES) {
            return Optional.of(new Unsuited("Mailgun takes at most 52 MiB", Unsuitability.SIZE));
        }
        Fields fields =
                Fields.read(
                        content, name -> name.toLowerCase(Locale.ROOT).startsWith("x-mailgun-"));
        NotCarried notCarried = new NotCarried();
        if (fields.values(DROP).stream()
                .map(HeaderText::decode)
                .anyMatch(value -> value.matches("(?i)yes|true"))) {
            notCarried.add(SANDBOX);
        }
        if (fields.has(RECIPIENT_VARIABLES)) {
            notCarried.add(RECIPIENT_VARIABLES);
        }
        for (Recipients.Batch batch :
                Recipients.batches(outbound.envelope().recipients(), RECIPIENTS_LIMIT)) {
            Form form = new Form();
            batch.mailed().forEach(to -> form.field("to", to.address()));
            options(fields, form);
            HttpCall call = call(form, form.withMessage(content));
            if (!sender.test(new Post(batch.concerned(), call, notCarried.all()))) {
                break;
            }
        }
        return Optional.empty();
    }

    private static void options(Fields fields, Form form) throws IOException {
        for (Fields.Field field : fields.all()) {
            String option = OPTIONS.get(field.name().toLowerCase(Locale.ROOT));
            if (option != null) {
                form.option(option, HeaderText.decode(field.value()));
            }
        }
        for (Fields.Raw json : fields.values(VARIABLES)) {
            JsonNode variables = JsonAnswer.read(HeaderText.decode(json));
            for (Map.Entry<String, JsonNode> variable : variables.properties()) {
                JsonNode value = variable.getValue();
                form.option(
                        "v:" + variable.getKey(),
                        value.isTextual() ? value.textValue() : value.toString());
            }
        }
    }

    private HttpCall call(Form form, HttpBody body) {
        String login = "api:" + config.apiKey().reveal();
        String basic = "Basic " + Base64.getEncoder().encodeToString(login.getBytes(UTF_8));
        String type = "multipart/form-data; boundary=" + form.boundary;
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Authorization", basic);
        headers.put("Accept", HttpCall.JSON);
        headers.put("Content-Type", type);
        return new HttpCall("POST", "/v3/" + config.domain() + "/messages.mime", headers, body);
    }

    @Override
    Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return JsonAnswer.accepted(answer, SUCCESS, "id");
    }

    /// To a wrong key it says one word, which is no JSON.
    @Override
    boolean isOwn(HttpAnswer answer) {
        return JsonAnswer.text(JsonAnswer.read(answer), "message").isPresent()
                || (answer.status() == 401 && answer.body().strip().equals("Forbidden"));
    }

    @Override
    String explain(HttpAnswer answer, List<ForwardPath> recipients) {
        return JsonAnswer.text(JsonAnswer.read(answer), "message").orElse("");
    }

    /// A sending key may do nothing but send, so a message is begun that can't be sent: it is for
    /// nobody.
    @Override
    HttpCall probeCall() {
        Form form = new Form();
        form.field("o:testmode", "yes");
        return call(form, form.without());
    }

    @Override
    Optional<Probe> probed(HttpAnswer answer) {
        String text = explain(answer, List.of());
        return answer.status() == 400 && text.contains("parameter is missing")
                ? Optional.of(new Probe.Passed("the key may send for " + config.domain()))
                : Optional.empty();
    }

    /// A form as multipart/form-data (RFC 7578 §4).
    private static final class Form {

        private final String boundary = "postern-" + UUID.randomUUID();
        private final ByteArrayOutputStream head = new ByteArrayOutputStream();
        private int options;

        /// Adds what a message says.
        void option(String name, String value) throws IOException {
            ReadingBudget.check(++options, OPTIONS_LIMIT, "options for Mailgun");
            field(name, value);
        }

        /// Adds a field. Nothing that a message says can end its name or its part.
        void field(String name, String value) {
            write("--" + boundary + "\r\nContent-Disposition: form-data; name=\"");
            write(escaped(name) + "\"\r\n\r\n");
            write(value.replace('\r', ' ').replace('\n', ' ') + "\r\n");
        }

        /// What browsers escape in a field's name, and how they do (RFC 7578 §2 leaves it open).
        private static String escaped(String name) {
            return name.replace("\"", "%22").replace("\r", "%0D").replace("\n", "%0A");
        }

        HttpBody without() {
            write("--" + boundary + "--\r\n");
            return new HttpBody(head.size(), head::writeTo);
        }

        HttpBody withMessage(ContentCursor content) {
            write("--" + boundary + "\r\nContent-Disposition: form-data; name=\"message\"; ");
            write("filename=\"message.mime\"\r\nContent-Type: message/rfc822\r\n\r\n");
            byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(UTF_8);
            return new HttpBody(
                    head.size() + content.sizeBytes() + tail.length,
                    out -> {
                        head.writeTo(out);
                        content.open().transferTo(out);
                        out.write(tail);
                    });
        }

        private void write(String text) {
            head.writeBytes(text.getBytes(UTF_8));
        }
    }
}
