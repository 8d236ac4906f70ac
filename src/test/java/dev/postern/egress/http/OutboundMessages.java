package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.Secret;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.Mailbox;
import dev.postern.mail.ALabels;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.mail.ReversePath;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Outbound messages and egresses for tests.
public final class OutboundMessages {

    static final String KEY = "SG.kEyThatNobodyMaySee.0123456789";
    public static final List<String> TYPES =
            Arrays.stream(EgressType.values())
                    .filter(type -> type != EgressType.SMTP)
                    .map(EgressType::word)
                    .toList();

    /// The recipient of what names nobody.
    static final String SOMEONE = "someone@example.net";

    private OutboundMessages() {}

    static Common common(URI endpoint) {
        return common(endpoint, Common.Fidelity.BEST_EFFORT, Duration.ofSeconds(10));
    }

    static Common common(URI endpoint, Common.Fidelity fidelity, Duration timeout) {
        return common(endpoint, null, fidelity, timeout);
    }

    /// @param ca a file of more trust anchors; null: none
    static Common common(
            URI endpoint, @Nullable Path ca, Common.Fidelity fidelity, Duration timeout) {
        return new Common(
                "test",
                endpoint,
                ca,
                16,
                timeout,
                timeout,
                timeout,
                timeout,
                List.of(),
                null,
                null,
                Common.WhenLimited.WAIT,
                fidelity,
                false);
    }

    static EgressConfig config(String type, Common common) {
        return switch (type) {
            case "ses" ->
                    new EgressConfig.Ses(
                            common, "eu-west-1", Secret.of("AKIATEST"), Secret.of(KEY));
            case "mailgun" -> new EgressConfig.Mailgun(common, "mg.example.org", Secret.of(KEY));
            default -> new EgressConfig.Api(common, type, Secret.of(KEY));
        };
    }

    static Egress egress(String type, Common common) {
        return HttpEgresses.of(config(type, common), _ -> null);
    }

    static Egress egress(String type, URI endpoint) {
        return egress(type, common(endpoint));
    }

    static OutboundMessage of(String message, String... recipients) {
        return of(content(message.getBytes(ISO_8859_1)), recipients);
    }

    static OutboundMessage of(MessageContent content, String... recipients) {
        return new OutboundMessage(
                new QueueId(4711),
                new Envelope(
                        new ReversePath("sender@example.org"),
                        Arrays.stream(recipients).map(ForwardPath::new).toList(),
                        false),
                content);
    }

    /// Returns a message to whom the message names, as an app would send it, but for those that no
    /// mail gets to over the Internet: `greg@inbucket`.
    static OutboundMessage toThoseNamed(byte[] octets) throws IOException {
        Fields fields;
        try (ContentCursor cursor = new ContentCursor(content(octets), CommitGate.OPEN)) {
            fields = Fields.read(cursor, _ -> true);
        }
        Map<String, String> named = new TreeMap<>();
        for (String field : List.of("To", "Cc")) {
            for (Fields.Raw value : fields.values(field)) {
                Mailbox.list(value).mailboxes().stream()
                        .map(Mailbox::address)
                        .filter(to -> ALabels.isAscii(to) && to.matches(".+@.+\\..+"))
                        .forEach(to -> named.putIfAbsent(Recipients.key(to), to));
            }
        }
        return of(
                content(octets),
                named.isEmpty() ? new String[] {SOMEONE} : named.values().toArray(String[]::new));
    }

    /// Returns what is particular to a type, of an egress that is never used.
    static Api api(String type) {
        EgressConfig config = config(type, common(URI.create("http://127.0.0.1:1")));
        ApiEndpoint endpoint = HttpEgresses.endpoint(config);
        return HttpEgresses.api(config, new Http(config.common(), endpoint, _ -> null));
    }

    public static MessageContent content(byte[] octets) {
        return new MessageContent() {
            @Override
            public long sizeBytes() {
                return octets.length;
            }

            @Override
            public ContentTraits traits() {
                return new ContentTraits(false, false, 998);
            }

            @Override
            public InputStream open() {
                return new ByteArrayInputStream(octets);
            }
        };
    }

    /// Returns what each type takes for an acceptance.
    public static FakeApi.Answer acceptance(String type) {
        return switch (type) {
            case "sendgrid" -> new FakeApi.Answer.Said(202, Map.of("X-Message-Id", "sg-1"), "");
            case "ses" -> FakeApi.said(200, "{\"MessageId\":\"ses-1\"}");
            case "mailgun" ->
                    FakeApi.said(200, "{\"id\":\"<mg-1@x>\",\"message\":\"Queued. Thank you.\"}");
            case "resend" -> FakeApi.said(200, "{\"id\":\"rs-1\"}");
            case "brevo" -> FakeApi.said(201, "{\"messageId\":\"<bv-1@x>\"}");
            case "postmark" ->
                    FakeApi.said(
                            200, "{\"ErrorCode\":0,\"Message\":\"OK\",\"MessageID\":\"pm-1\"}");
            default -> throw new IllegalArgumentException(type);
        };
    }
}
