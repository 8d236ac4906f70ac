package dev.postern.egress.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressConfig;
import dev.postern.config.Secret;
import dev.postern.egress.CommitGate;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.egress.mime.ReadingBudget.MessageLimitException;
import dev.postern.mail.FieldFilter;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.ReversePath;
import dev.postern.outcome.Fault;
import dev.postern.outcome.Unsuitability;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.sesv2.SesV2Client;
import software.amazon.awssdk.services.sesv2.model.MessageTag;
import software.amazon.awssdk.services.sesv2.model.SendEmailRequest;

/// Amazon SES, API version 2, raw: the octets as they are but for the `X-SES-*-ARN` fields, the
/// envelope as `Destination`. AWS's SDK makes, signs and reads the calls; [SesTransport] carries
/// them, since the SDK's own ways would hold the message several times and post it again unasked.
final class Ses implements Api {

    private static final int RECIPIENTS_LIMIT = 50;
    private static final int TAG_LIMIT_CHARACTERS = 256;
    private static final int TAGS_LIMIT = 1000;

    /// With the attachments in base64, as they are in a message.
    private static final long SIZE_LIMIT_BYTES = 40L * 1024 * 1024;

    private static final int SUCCESS = 200;
    private static final String CONFIGURATION_SET = "X-SES-CONFIGURATION-SET";
    private static final String MESSAGE_TAGS = "X-SES-MESSAGE-TAGS";

    private static final Set<String> WANTED =
            Set.of(
                    "from",
                    CONFIGURATION_SET.toLowerCase(Locale.ROOT),
                    MESSAGE_TAGS.toLowerCase(Locale.ROOT));

    private static final Pattern NOT_VERIFIED =
            Pattern.compile("failed the check in region \\S+: (.*)");
    private static final Pattern TAG =
            Pattern.compile("(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)=([A-Za-z0-9_.@-]++)");

    private final SesTransport transport;
    private final Function<SesTransport, SesV2Client> maker;
    private @Nullable SesV2Client client;

    Ses(EgressConfig.Ses config, Http http) {
        this.transport = new SesTransport(http);
        this.maker =
                sdkHttp ->
                        SesV2Client.builder()
                                .region(Region.of(config.region()))
                                .endpointOverride(URI.create(http.endpoint().base()))
                                .credentialsProvider(SesTransport.apart(credentials(config)))
                                .httpClient(sdkHttp)
                                .overrideConfiguration(o ->
                                        o.retryStrategy(DefaultRetryStrategy.doNotRetry())
                                                .addExecutionInterceptor(
                                                        new SesTransport.Streamed()))
                                .build();
    }

    /// Returns the base address of a region.
    static String endpoint(String region) {
        String domain = region.startsWith("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
        return "https://email." + region + domain;
    }

    private static AwsCredentialsProvider credentials(EgressConfig.Ses config) {
        Secret id = config.accessKeyId();
        Secret key = config.secretAccessKey();
        if (id == null || key == null) {
            return DefaultCredentialsProvider.builder().build();
        }
        return () -> AwsBasicCredentials.create(id.reveal(), key.reveal());
    }

    @Override
    public String type() {
        return "ses";
    }

    @Override
    public Optional<Unfit> plan(
            OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException, MessageLimitException {
        List<ForwardPath> recipients = outbound.envelope().recipients();
        Optional<FieldFilter> filtered = FieldFilter.of(content, Ses::isArnField);
        MessageContent raw = filtered.<MessageContent>map(filter -> filter).orElse(content);
        if (raw.sizeBytes() > SIZE_LIMIT_BYTES) {
            return Optional.of(new Unfit("SES takes at most 40 MiB", Unsuitability.SIZE));
        }
        Fields fields =
                Fields.read(content, name -> WANTED.contains(name.toLowerCase(Locale.ROOT)));
        for (Recipients.Batch batch : Recipients.batches(recipients, RECIPIENTS_LIMIT)) {
            NotCarried notCarried = new NotCarried();
            filtered.ifPresent(filter -> notCarried.addAll(filter.removed()));
            SendEmailRequest request =
                    request(batch, fields, outbound.envelope().sender(), notCarried);
            if (!sender.test(new SesPost(request, raw).as(batch, notCarried.all()))) {
                break;
            }
        }
        return Optional.empty();
    }

    /// Returns whether a field would let the app send in the name of another account's identity.
    private static boolean isArnField(String name) {
        String small = name.toLowerCase(Locale.ROOT);
        return small.equals("x-ses-arn") || (small.startsWith("x-ses-") && small.endsWith("-arn"));
    }

    private static SendEmailRequest request(
            Recipients.Batch batch, Fields fields, ReversePath sender, NotCarried notCarried)
            throws MessageLimitException {
        SendEmailRequest.Builder request =
                SendEmailRequest.builder()
                        .destination(d ->
                                d.toAddresses(
                                        batch.mailed().stream().map(ForwardPath::address).toList()))
                        .content(c ->
                                c.raw(r ->
                                        r.data(SdkBytes.fromByteArray(SesTransport.PLACEHOLDER))));
        Mailbox author = Mailbox.author(fields);
        boolean hasAddress = author != null && author.hasDomain();
        if (!hasAddress && !sender.address().isEmpty()) {
            // It would replace the From of a message that has one.
            String name = author == null ? "" : author.name();
            request.fromEmailAddress(new Mailbox(sender.address(), name).inHeader());
            if (author != null) {
                notCarried.add("From: " + author);
            }
        }
        fields.first(CONFIGURATION_SET)
                .map(HeaderText::decode)
                .filter(set -> !set.isBlank())
                .ifPresent(request::configurationSetName);
        List<MessageTag> tags = tags(fields, notCarried);
        if (!tags.isEmpty()) {
            request.emailTags(tags);
        }
        return request.build();
    }

    private static List<MessageTag> tags(Fields fields, NotCarried notCarried)
            throws MessageLimitException {
        List<MessageTag> tags = new ArrayList<>();
        for (Fields.Raw value : fields.values(MESSAGE_TAGS)) {
            Matcher tag = TAG.matcher(HeaderText.decode(value));
            while (tag.find()) {
                String name = tag.group(1);
                String text = tag.group(2).replace('.', '_').replace('@', '_');
                if (tags.size() >= TAGS_LIMIT) {
                    throw new MessageLimitException("more than " + TAGS_LIMIT + " tags for SES");
                }
                if (Math.max(name.length(), text.length()) <= TAG_LIMIT_CHARACTERS) {
                    tags.add(MessageTag.builder().name(name).value(text).build());
                } else {
                    notCarried.add(
                            MESSAGE_TAGS + " " + name + " (over " + TAG_LIMIT_CHARACTERS + ")");
                }
            }
        }
        return tags;
    }

    /// A planned call: the SDK makes the HTTP call of it when it is sent.
    private record SesPost(SendEmailRequest request, MessageContent message) implements HttpBody {

        Post as(Recipients.Batch batch, List<String> notCarried) {
            return new Post(
                    batch.concerned(),
                    new HttpCall("POST", "/v2/email/outbound-emails", Map.of(), this),
                    notCarried);
        }

        @Override
        public long lengthBytes() {
            throw new UnsupportedOperationException("the SDK makes the body");
        }

        @Override
        public void writeTo(OutputStream out) {
            throw new UnsupportedOperationException("the SDK makes the body");
        }
    }

    @Override
    public HttpResult send(Post post, CommitGate gate) {
        if (!(post.call().body() instanceof SesPost planned)) {
            throw new IllegalArgumentException("not planned here: " + post.call());
        }
        return transport.carry(
                planned.message(), gate, () -> client().sendEmail(planned.request()));
    }

    private synchronized SesV2Client client() {
        SesV2Client made = client;
        if (made == null) {
            made = maker.apply(transport);
            client = made;
        }
        return made;
    }

    @Override
    public Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return answer.status() == SUCCESS
                ? JsonAnswer.text(JsonAnswer.read(answer), "MessageId")
                : Optional.empty();
    }

    /// AWS names its errors in the head or in the body.
    @Override
    public boolean isOwn(HttpAnswer answer) {
        JsonNode body = JsonAnswer.read(answer);
        return body.isObject()
                && (answer.header("x-amzn-errortype") != null
                        || JsonAnswer.text(body, "__type").isPresent());
    }

    /// Returns `Code: message`. Whoever is not verified is said to be `sandbox` when it is a
    /// recipient: then it is the account that is restricted, not the sender that is wrong.
    @Override
    public String explain(HttpAnswer answer, Post post) {
        JsonNode body = JsonAnswer.read(answer);
        String named = answer.header("x-amzn-errortype");
        String type = named == null ? JsonAnswer.text(body, "__type").orElse("") : named;
        int colon = type.indexOf(':');
        String code = colon < 0 ? type : type.substring(0, colon);
        code = code.substring(code.lastIndexOf('#') + 1);
        String text =
                JsonAnswer.text(body, "message")
                        .or(() -> JsonAnswer.text(body, "Message"))
                        .orElse("");
        if (code.isEmpty() && text.isEmpty()) {
            return "";
        }
        Matcher failed = NOT_VERIFIED.matcher(text);
        boolean recipient =
                failed.find() && !Recipients.namedIn(failed.group(1), post.recipients()).isEmpty();
        return (recipient ? "sandbox: " : "") + code + ": " + text;
    }

    /// A key that may only send is refused here, which shows that it is one.
    @Override
    public HttpCall probeCall() {
        return new HttpCall("GET", "/v2/email/account", Map.of(), HttpBody.NONE);
    }

    @Override
    public HttpResult probe() {
        return transport.carry(null, CommitGate.OPEN, () -> client().getAccount(_ -> {}));
    }

    @Override
    public Optional<Probe> probed(HttpAnswer answer) {
        JsonNode account = JsonAnswer.read(answer);
        if (answer.status() == SUCCESS && account.path("SendingEnabled").asBoolean(false)) {
            String access =
                    account.path("ProductionAccessEnabled").asBoolean(true)
                            ? "production access"
                            : "sandbox: verified recipients only";
            return Optional.of(new Probe.Passed("sending is enabled, " + access));
        }
        if (answer.status() == SUCCESS && account.has("SendingEnabled")) {
            return Optional.of(
                    new Probe.Failed(
                            "sending is not enabled for this account", Fault.ACCOUNT, null));
        }
        String said =
                explain(answer, new Post(List.of(), probeCall(), List.of()))
                        .toLowerCase(Locale.ROOT);
        return answer.status() == 403 && said.startsWith("accessdenied")
                ? Optional.of(new Probe.Unproven("reachable; the key may not ask for the account"))
                : Optional.empty();
    }
}
