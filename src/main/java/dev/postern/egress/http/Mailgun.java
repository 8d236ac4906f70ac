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
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import dev.postern.outcome.Outcome.Unsuitability;
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
final class Mailgun implements Api {

    static final String ENDPOINT = "https://api.mailgun.net";

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
                    Map.entry("X-Mailgun-Tag", "o:tag"),
                    Map.entry("X-Mailgun-Dkim", "o:dkim"),
                    Map.entry("X-Mailgun-Deliver-By", "o:deliverytime"),
                    Map.entry(DROP, "o:testmode"),
                    Map.entry("X-Mailgun-Track", "o:tracking"),
                    Map.entry("X-Mailgun-Track-Clicks", "o:tracking-clicks"),
                    Map.entry("X-Mailgun-Track-Opens", "o:tracking-opens"),
                    Map.entry("X-Mailgun-Require-TLS", "o:require-tls"),
                    Map.entry("X-Mailgun-Skip-Verification", "o:skip-verification"),
                    Map.entry("X-Mailgun-Sending-Ip", "o:sending-ip"),
                    Map.entry("X-Mailgun-Sending-Ip-Pool", "o:sending-ip-pool"),
                    Map.entry("X-Mailgun-Secondary-DKIM", "o:secondary-dkim"));

    private static final String VARIABLES = "X-Mailgun-Variables";

    /// It would put other recipients' data into the message, so it is left alone.
    private static final String RECIPIENT_VARIABLES = "X-Mailgun-Recipient-Variables";

    private final EgressConfig.Mailgun config;
    private final Http http;

    Mailgun(EgressConfig.Mailgun config, Http http) {
        this.config = config;
        this.http = http;
    }

    @Override
    public Http http() {
        return http;
    }

    @Override
    public String type() {
        return "mailgun";
    }

    @Override
    public boolean takesAnyLocalPart() {
        return true;
    }

    @Override
    public Optional<Unfit> plan(
            OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException, MessageLimitException {
        if (content.sizeBytes() > SIZE_LIMIT_BYTES) {
            return Optional.of(new Unfit("Mailgun takes at most 52 MiB", Unsuitability.SIZE));
        }
        Fields fields =
                Fields.read(
                        content, name -> name.toLowerCase(Locale.ROOT).startsWith("x-mailgun-"));
        NotCarried notCarried = new NotCarried();
        if (fields.values(DROP).stream().map(HeaderText::decode).anyMatch(Mailgun::isYes)) {
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

    private static boolean isYes(String value) {
        return value.equalsIgnoreCase("yes") || value.equalsIgnoreCase("true");
    }

    private static void options(Fields fields, Form form) throws MessageLimitException {
        for (Fields.Field field : fields.all()) {
            for (Map.Entry<String, String> option : OPTIONS.entrySet()) {
                if (field.isNamed(option.getKey())) {
                    form.option(option.getValue(), HeaderText.decode(field.value()));
                }
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
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put(
                "Authorization",
                "Basic " + Base64.getEncoder().encodeToString(login.getBytes(UTF_8)));
        headers.put("Accept", "application/json");
        headers.put("Content-Type", "multipart/form-data; boundary=" + form.boundary);
        return new HttpCall("POST", "/v3/" + config.domain() + "/messages.mime", headers, body);
    }

    @Override
    public Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return JsonAnswer.accepted(answer, SUCCESS, "id");
    }

    /// To a wrong key it says one word, which is no JSON.
    @Override
    public boolean isOwn(HttpAnswer answer) {
        return JsonAnswer.text(JsonAnswer.read(answer), "message").isPresent()
                || (answer.status() == 401 && answer.body().strip().equals("Forbidden"));
    }

    @Override
    public String explain(HttpAnswer answer, Post post) {
        return JsonAnswer.text(JsonAnswer.read(answer), "message").orElse("");
    }

    /// A sending key may do nothing but send, so a message is begun that can't be sent: it is for
    /// nobody.
    @Override
    public HttpCall probeCall() {
        Form form = new Form();
        form.field("o:testmode", "yes");
        return call(form, form.without());
    }

    @Override
    public Optional<Probe> probed(HttpAnswer answer) {
        String text = explain(answer, new Post(List.of(), probeCall(), List.of()));
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
        void option(String name, String value) throws MessageLimitException {
            options++;
            if (options > OPTIONS_LIMIT) {
                throw new MessageLimitException(
                        "more than " + OPTIONS_LIMIT + " options for Mailgun");
            }
            field(name, value);
        }

        /// Adds a field. Nothing that a message says can end its name or its part.
        void field(String name, String value) {
            write(head, "--" + boundary + "\r\nContent-Disposition: form-data; name=\"");
            write(head, escaped(name) + "\"\r\n\r\n");
            write(head, value.replace('\r', ' ').replace('\n', ' ') + "\r\n");
        }

        /// What browsers escape in a field's name, and how they do (RFC 7578 §2 leaves it open).
        private static String escaped(String name) {
            return name.replace("\"", "%22").replace("\r", "%0D").replace("\n", "%0A");
        }

        HttpBody without() {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            all.writeBytes(head.toByteArray());
            write(all, "--" + boundary + "--\r\n");
            return HttpBody.of(all.toByteArray());
        }

        HttpBody withMessage(ContentCursor content) {
            write(head, "--" + boundary + "\r\nContent-Disposition: form-data; name=\"message\"; ");
            write(head, "filename=\"message.mime\"\r\nContent-Type: message/rfc822\r\n\r\n");
            byte[] tail = ("\r\n--" + boundary + "--\r\n").getBytes(UTF_8);
            byte[] before = head.toByteArray();
            return HttpBody.of(
                    before.length + content.sizeBytes() + tail.length,
                    out -> {
                        out.write(before);
                        content.open().transferTo(out);
                        out.write(tail);
                    });
        }

        private static void write(ByteArrayOutputStream to, String text) {
            to.writeBytes(text.getBytes(UTF_8));
        }
    }
}
