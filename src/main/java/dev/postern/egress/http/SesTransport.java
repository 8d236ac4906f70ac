package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.egress.CommitGate;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Stage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
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

/// Carries AWS's SDK's calls over the [Http] that all egresses share, and puts the message into the
/// SDK's request as a stream: the SDK's own way needs three times the message in memory.
final class SesTransport implements SdkHttpClient {

    /// Stands for the message while the SDK makes the request. Nobody who writes a message can know
    /// it. Its base64 has no padding, since it has a multiple of three octets: so it is found
    /// whole.
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
        SdkException[] thrown = new SdkException[1];
        ScopedValue.where(CURRENT, carriage)
                .run(() -> {
                    try {
                        call.run();
                    } catch (SdkException e) {
                        thrown[0] = e;
                    }
                });
        HttpResult result = carriage.result;
        if (result != null) {
            return result;
        }
        if (thrown[0] == null) {
            throw new IllegalStateException("AWS's SDK made no call");
        }
        return new HttpResult.Failed(Stage.PREPARE, thrown[0]);
    }

    /// Returns a source of credentials that is waited for apart from the preparation: it may ask
    /// others over the network, in which the message has no part.
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
            case HttpResult.Answered answered -> response(answered.answer());
            case HttpResult.Failed failed ->
                    throw new IOException("no answer: " + failed.stage().word(), failed.failure());
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
        HttpBody body =
                request.contentStreamProvider()
                        .map(content -> body(content, length(head)))
                        .orElse(HttpBody.NONE);
        return new HttpCall(head.method().name(), head.encodedPath() + query, headers, body);
    }

    private static long length(SdkHttpRequest head) {
        return head.firstMatchingHeader("Content-Length").map(Long::parseLong).orElse(0L);
    }

    private static HttpBody body(ContentStreamProvider content, long length) {
        return new HttpBody() {
            @Override
            public long lengthBytes() {
                return length;
            }

            @Override
            public void writeTo(OutputStream out) throws IOException {
                try (InputStream in = content.newStream()) {
                    in.transferTo(out);
                }
            }
        };
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
                    : made.toBuilder().putHeader("Content-Length", length.get().toString()).build();
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

        private static InputStream spliced(byte[] before, MessageContent message, byte[] after) {
            try {
                return new SequenceInputStream(
                        new ByteArrayInputStream(before),
                        new SequenceInputStream(
                                new Base64Stream(message.open()), new ByteArrayInputStream(after)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
