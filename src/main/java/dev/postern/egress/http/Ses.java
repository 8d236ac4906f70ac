package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.EgressConfig;
import dev.postern.config.Secret;
import dev.postern.egress.CommitGate;
import dev.postern.egress.OutboundMessage;
import dev.postern.egress.Probe;
import dev.postern.egress.http.HttpCall.HttpBody;
import dev.postern.egress.http.HttpCall.HttpBody.Writing;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.egress.http.JsonBody.Base64Stream;
import dev.postern.egress.mime.ContentCursor;
import dev.postern.egress.mime.Fields;
import dev.postern.egress.mime.HeaderText;
import dev.postern.egress.mime.Mailbox;
import dev.postern.egress.mime.ParsedMessage.NotCarried;
import dev.postern.egress.mime.ReadingBudget;
import dev.postern.mail.FieldFilter;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.ReversePath;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.outcome.Outcome.Unsuited;
import dev.postern.outcome.Stage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.http.ContentStreamProvider;
import software.amazon.awssdk.http.ExecutableHttpRequest;
import software.amazon.awssdk.http.HttpExecuteRequest;
import software.amazon.awssdk.http.HttpExecuteResponse;
import software.amazon.awssdk.http.SdkHttpClient;
import software.amazon.awssdk.http.SdkHttpFullResponse;
import software.amazon.awssdk.http.SdkHttpRequest;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.sesv2.SesV2Client;
import software.amazon.awssdk.services.sesv2.model.MessageTag;
import software.amazon.awssdk.services.sesv2.model.SendEmailRequest;

/// Amazon SES, API version 2, raw: the octets as they are but for the `X-SES-*-ARN` fields, the
/// envelope as `Destination`. AWS's SDK makes, signs and reads the calls; [SesTransport] carries
/// them, since the SDK's own ways would hold the message several times and post it again unasked.
final class Ses extends Api {

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
        super(http, false);
        this.transport = new SesTransport(http);
        this.maker =
                sdkHttp ->
                        SesV2Client.builder()
                                .region(Region.of(config.region()))
                                .endpointOverride(URI.create(http.endpoint.base()))
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
    Optional<Unsuited> plan(OutboundMessage outbound, ContentCursor content, Predicate<Post> sender)
            throws IOException {
        List<ForwardPath> recipients = outbound.envelope().recipients();
        Optional<FieldFilter> filtered = FieldFilter.of(content, Ses::isArnField);
        MessageContent raw = filtered.<MessageContent>map(filter -> filter).orElse(content);
        if (raw.sizeBytes() > SIZE_LIMIT_BYTES) {
            return Optional.of(new Unsuited("SES takes at most 40 MiB", Unsuitability.SIZE));
        }
        Fields fields =
                Fields.read(content, name -> WANTED.contains(name.toLowerCase(Locale.ROOT)));
        for (Recipients.Batch batch : Recipients.batches(recipients, RECIPIENTS_LIMIT)) {
            NotCarried notCarried = new NotCarried();
            filtered.ifPresent(filter -> notCarried.addAll(filter.removed()));
            Planned planned =
                    new Planned(
                            request(batch, fields, outbound.envelope().sender(), notCarried), raw);
            HttpBody body = new HttpBody(raw.sizeBytes(), planned);
            HttpCall call = new HttpCall("POST", "/v2/email/outbound-emails", Map.of(), body);
            if (!sender.test(new Post(batch.concerned(), call, notCarried.all()))) {
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
            throws IOException {
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

    private static List<MessageTag> tags(Fields fields, NotCarried notCarried) throws IOException {
        List<MessageTag> tags = new ArrayList<>();
        for (Fields.Raw value : fields.values(MESSAGE_TAGS)) {
            Matcher tag = TAG.matcher(HeaderText.decode(value));
            while (tag.find()) {
                String name = tag.group(1);
                String text = tag.group(2).replace('.', '_').replace('@', '_');
                ReadingBudget.check(tags.size() + 1, TAGS_LIMIT, "tags for SES");
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
    private record Planned(SendEmailRequest request, MessageContent message) implements Writing {

        @Override
        public void writeTo(OutputStream out) {
            throw new UnsupportedOperationException("the SDK makes the body");
        }
    }

    @Override
    HttpResult send(Post post, CommitGate gate) {
        if (!(post.call().body().octets() instanceof Planned planned)) {
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
    Optional<String> acceptedAs(HttpAnswer answer, Post post) {
        return JsonAnswer.accepted(answer, SUCCESS, "MessageId");
    }

    /// AWS names its errors in the head or in the body.
    @Override
    boolean isOwn(HttpAnswer answer) {
        JsonNode body = JsonAnswer.read(answer);
        return body.isObject()
                && (answer.header("x-amzn-errortype") != null
                        || JsonAnswer.text(body, "__type").isPresent());
    }

    /// Returns `Code: message`. Whoever is not verified is said to be `sandbox` when it is a
    /// recipient: then it is the account that is restricted, not the sender that is wrong.
    @Override
    String explain(HttpAnswer answer, List<ForwardPath> recipients) {
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
                failed.find() && !Recipients.namedIn(failed.group(1), recipients).isEmpty();
        return (recipient ? "sandbox: " : "") + code + ": " + text;
    }

    /// A key that may only send is refused here, which shows that it is one.
    @Override
    HttpCall probeCall() {
        return new HttpCall("GET", "/v2/email/account", Map.of(), HttpBody.NONE);
    }

    @Override
    HttpResult probe() {
        return transport.carry(null, CommitGate.OPEN, () -> client().getAccount(_ -> {}));
    }

    @Override
    Optional<Probe> probed(HttpAnswer answer) {
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
        String said = explain(answer, List.of()).toLowerCase(Locale.ROOT);
        return answer.status() == 403 && said.startsWith("accessdenied")
                ? Optional.of(new Probe.Unproven("reachable; the key may not ask for the account"))
                : Optional.empty();
    }

    /// Carries AWS's SDK's calls over the [Http] that all egresses share, and puts the message into
    /// the SDK's request as a stream: the SDK's own way needs three times the message in memory.
    static final class SesTransport implements SdkHttpClient {

        /// Stands for the message while the SDK makes the request. Nobody who writes a message can
        /// know it. Its base64 has no padding, since it has a multiple of three octets: so it is
        /// found whole.
        static final byte[] PLACEHOLDER = UUID.randomUUID().toString().getBytes(UTF_8);

        private static final String PLACEHOLDER_BASE64 =
                Base64.getEncoder().encodeToString(PLACEHOLDER);

        /// What the shared client sets itself.
        private static final Set<String> NOT_PASSED_ON =
                Set.of("host", "content-length", "expect", "user-agent", "connection");

        private static final ScopedValue<Carriage> CURRENT = ScopedValue.newInstance();

        private final Http http;

        SesTransport(Http http) {
            this.http = http;
        }

        /// One call on its way through the SDK.
        private static final class Carriage {

            private final @Nullable MessageContent message;
            private final CommitGate gate;
            private @Nullable HttpResult result;

            Carriage(@Nullable MessageContent message, CommitGate gate) {
                this.message = message;
                this.gate = gate;
            }
        }

        /// Has the SDK make a call and returns what came of it, whatever the SDK makes of that.
        ///
        /// @param message what goes in the placeholder's place; null without one
        HttpResult carry(@Nullable MessageContent message, CommitGate gate, Runnable call) {
            Carriage carriage = new Carriage(message, gate);
            Exception failure = null;
            try {
                ScopedValue.where(CURRENT, carriage).run(call);
            } catch (SdkException e) {
                failure = e;
            }
            HttpResult result = carriage.result;
            if (result != null) {
                return result;
            }
            if (failure == null) {
                throw new IllegalStateException("AWS's SDK made no call");
            }
            return new HttpResult.Failed(Stage.PREPARE, failure);
        }

        /// Returns a source of credentials that is waited for apart from the preparation: it may
        /// ask others over the network, in which the message has no part.
        static AwsCredentialsProvider apart(AwsCredentialsProvider source) {
            return () -> {
                CommitGate gate = CURRENT.isBound() ? CURRENT.get().gate : CommitGate.OPEN;
                gate.waiting();
                try {
                    return source.resolveCredentials();
                } finally {
                    gate.preparing();
                }
            };
        }

        @Override
        public ExecutableHttpRequest prepareRequest(HttpExecuteRequest request) {
            return new ExecutableHttpRequest() {
                @Override
                public HttpExecuteResponse call() throws IOException {
                    return exchange(request);
                }

                @Override
                public void abort() {
                    // The SDK aborts when its own time-outs end a call; it has been given none, and
                    // the call itself ends by those of the egress.
                }
            };
        }

        private HttpExecuteResponse exchange(HttpExecuteRequest request) throws IOException {
            Carriage carriage = CURRENT.get();
            HttpResult result = http.exchange(call(request), carriage.gate);
            carriage.result = result;
            return switch (result) {
                case HttpAnswer answer -> response(answer);
                case HttpResult.Failed failed ->
                        throw new IOException(
                                "no answer: " + failed.stage().word(), failed.failure());
            };
        }

        private static HttpCall call(HttpExecuteRequest request) {
            SdkHttpRequest head = request.httpRequest();
            Map<String, String> headers = new LinkedHashMap<>();
            head.forEachHeader((name, values) -> {
                if (!NOT_PASSED_ON.contains(name.toLowerCase(Locale.ROOT))) {
                    headers.put(name, String.join(",", values));
                }
            });
            String query = head.encodedQueryParameters().map(q -> "?" + q).orElse("");
            long length =
                    head.firstMatchingHeader("Content-Length").map(Long::parseLong).orElse(0L);
            HttpBody body =
                    request.contentStreamProvider()
                            .map(content -> new HttpBody(length, out -> write(content, out)))
                            .orElse(HttpBody.NONE);
            return new HttpCall(head.method().name(), head.encodedPath() + query, headers, body);
        }

        private static void write(ContentStreamProvider content, OutputStream out)
                throws IOException {
            try (InputStream in = content.newStream()) {
                in.transferTo(out);
            }
        }

        private static HttpExecuteResponse response(HttpAnswer answer) {
            SdkHttpFullResponse.Builder head =
                    SdkHttpFullResponse.builder().statusCode(answer.status());
            answer.headers().forEach(head::putHeader);
            return HttpExecuteResponse.builder()
                    .response(head.build())
                    .responseBody(
                            AbortableInputStream.create(
                                    new ByteArrayInputStream(answer.body().getBytes(UTF_8))))
                    .build();
        }

        @Override
        public String clientName() {
            return "Postern";
        }

        @Override
        public void close() {
            // The connections are the egress's, which closes them.
        }

        /// Replaces the placeholder in the request that the SDK made by the message.
        static final class Streamed implements ExecutionInterceptor {

            @Override
            public Optional<RequestBody> modifyHttpContent(
                    Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
                return context.requestBody().map(Streamed::streamed);
            }

            @Override
            public SdkHttpRequest modifyHttpRequest(
                    Context.ModifyHttpRequest context, ExecutionAttributes attributes) {
                Optional<RequestBody> body = context.requestBody().map(Streamed::streamed);
                SdkHttpRequest made = context.httpRequest();
                Optional<Long> length = body.flatMap(RequestBody::optionalContentLength);
                return length.isEmpty()
                        ? made
                        : made.toBuilder()
                                .putHeader("Content-Length", length.get().toString())
                                .build();
            }

            private static RequestBody streamed(RequestBody made) {
                try (InputStream in = made.contentStreamProvider().newStream()) {
                    String json = new String(in.readAllBytes(), ISO_8859_1);
                    int at = json.indexOf(PLACEHOLDER_BASE64);
                    MessageContent message = CURRENT.get().message;
                    if (at < 0 || message == null) {
                        return made;
                    }
                    byte[] before = json.substring(0, at).getBytes(ISO_8859_1);
                    byte[] after =
                            json.substring(at + PLACEHOLDER_BASE64.length()).getBytes(ISO_8859_1);
                    long length =
                            before.length
                                    + Base64Stream.encodedLength(message.sizeBytes())
                                    + after.length;
                    return RequestBody.fromContentProvider(
                            () -> spliced(before, message, after), length, made.contentType());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            private static InputStream spliced(
                    byte[] before, MessageContent message, byte[] after) {
                try {
                    return new SequenceInputStream(
                            new ByteArrayInputStream(before),
                            new SequenceInputStream(
                                    new Base64Stream(message.open()),
                                    new ByteArrayInputStream(after)));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}
