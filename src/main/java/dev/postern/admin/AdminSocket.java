package dev.postern.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.postern.config.JsonLists;
import dev.postern.config.PosternConfig.HttpConfig;
import dev.postern.config.SmtpConfig;
import dev.postern.config.TableFile;
import dev.postern.doctor.ReportJson;
import dev.postern.egress.EgressView;
import dev.postern.egress.Probe;
import dev.postern.mail.State;
import dev.postern.smtp.FailureThrottle;
import dev.postern.spool.QueueAdmin.SpoolStatus;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The socket for operators: the page at `/`, the API under `/api/v1`.
///
/// *Diagnostics.* Who may not is answered 401, 403 or 421 by the `Guard`; everything else that goes
/// wrong is a problem document (RFC 9457). Operators' verbs are logged, and wrong tokens, whose
/// answers wait by the [FailureThrottle].
public final class AdminSocket {

    private static final Logger LOG = LoggerFactory.getLogger(AdminSocket.class);

    /// In the order of a message's life.
    private static final List<State> STATES =
            List.of(
                    State.QUEUED,
                    State.SENDING,
                    State.DEFERRED,
                    State.HELD,
                    State.SENT,
                    State.FAILED);

    private final String version;
    private final Stages stages;
    private final Metrics metrics;
    private final InstantSource clock;
    private final Instant started;
    private final Guard guard;
    private final FailureThrottle throttle;
    private final WebPage page = new WebPage();

    private AdminSocket(
            HttpConfig config,
            String version,
            Stages stages,
            Metrics metrics,
            InstantSource clock) {
        this.version = version;
        this.stages = stages;
        this.metrics = metrics;
        this.clock = clock;
        this.started = clock.instant();
        this.guard = new Guard(config.adminToken(), config.admin().host());
        this.throttle = new FailureThrottle(clock);
    }

    /// Makes the socket; nothing is bound yet.
    ///
    /// @param config where it listens, and its token
    /// @param smtp the limits that hold for messages by whatever way
    /// @param version the program's, to be shown
    /// @param metrics knows which egress mail took instead of another
    public static HttpSocket of(
            HttpConfig config,
            SmtpConfig smtp,
            String version,
            Stages stages,
            Metrics metrics,
            InstantSource clock) {
        AdminSocket admin = new AdminSocket(config, version, stages, metrics, clock);
        SubmitApi submit =
                new SubmitApi(
                        stages.submission(), smtp.maxMessageSizeBytes(), smtp.maxRecipients());
        QueueApi queue = new QueueApi(stages.queue());
        return new HttpSocket(
                "admin",
                config.admin(),
                new HttpSocket.Use(smtp.maxMessageSizeBytes(), QueueApi.MESSAGES, true),
                routing -> {
                    admin.routes(routing);
                    queue.routes(routing, submit::submit);
                });
    }

    private void routes(HttpRouting.Builder routing) {
        routing.addFilter(this::admit);
        HttpSocket.resource(routing, Guard.PAGE, (_, response) -> page.send(response));
        HttpSocket.resource(routing, "/api/v1/status", this::status);
        HttpSocket.resource(
                routing, "/api/v1/egress/{name}/probe", Map.of(Method.POST, this::probe));
        HttpSocket.resource(routing, "/api/v1/doctor", this::diagnose);
    }

    /// Examines when it is asked to: the answer is of that moment only.
    private void diagnose(ServerRequest request, ServerResponse response) {
        String report = ReportJson.of(stages.doctor().get());
        response.header(HeaderNames.CONTENT_TYPE, Json.TYPE);
        response.send(report.getBytes(UTF_8));
    }

    private void admit(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Method method = request.prologue().method();
        String host = request.headers().first(HeaderNames.HOST).orElse("");
        Problem refusal = guard.refusal(method, request.path().path(), host, request.headers());
        if (refusal == null) {
            chain.proceed();
            return;
        }
        if (guard.hasWrongToken(request.headers())) {
            holdBack(request);
        }
        if (refusal.status().equals(Status.UNAUTHORIZED_401)) {
            response.header(HeaderNames.WWW_AUTHENTICATE, Guard.CHALLENGE);
        }
        refusal.send(response);
    }

    /// Makes who tries tokens wait, longer each time, without taking a slot from anybody else.
    private void holdBack(RoutingRequest request) {
        if (request.remotePeer().address() instanceof InetSocketAddress client) {
            LOG.atWarn()
                    .addKeyValue("client", client.getAddress().getHostAddress())
                    .log("wrong admin token");
            Connections.current().hold(throttle.failed(client.getAddress()));
        }
    }

    private void status(ServerRequest request, ServerResponse response) {
        SpoolStatus figures = stages.queue().status();
        List<EgressView> views = stages.egresses().get();
        Json.send(response, Status.OK_200, json -> write(json, figures, views));
    }

    private void write(JsonGenerator json, SpoolStatus figures, List<EgressView> views)
            throws IOException {
        json.writeStringField("version", version);
        json.writeNumberField("uptime-seconds", ageSeconds(started));
        Json.text(json, "listener", stages.listener().get().address());
        json.writeObjectFieldStart("spool");
        json.writeStringField("path", figures.path().toString());
        json.writeNumberField("bytes", figures.bytes());
        json.writeNumberField("free", figures.freeBytes());
        Json.text(json, "trouble", figures.trouble());
        json.writeEndObject();
        json.writeObjectFieldStart("messages");
        for (State state : STATES) {
            json.writeNumberField(state.word(), figures.messages().getOrDefault(state, 0));
        }
        json.writeEndObject();
        Instant oldest = figures.oldest();
        json.writeNumberField("oldest-seconds", oldest == null ? 0 : ageSeconds(oldest));
        Json.egresses(json, views, (_, words) -> words);
        JsonLists.texts(json, "fallbacks", metrics.fallbacks(views));
    }

    private void probe(ServerRequest request, ServerResponse response) {
        String name = request.path().pathParameters().get("name");
        Probe probe =
                stages.probe()
                        .apply(name)
                        .orElseThrow(() -> Problem.notFound("There is no egress of that name."))
                        .toCompletableFuture()
                        .join();
        Json.send(response, Status.OK_200, json -> Json.write(json, name, probe));
    }

    private long ageSeconds(Instant since) {
        return Math.max(0, Duration.between(since, clock.instant()).toSeconds());
    }

    /// The one page: its style and script are put into it, so that it is one answer, and the only
    /// script that the browser runs is the one whose hash the policy names (CSP Level 3 §8.4).
    ///
    /// It holds no fact about any mail: it asks the API for them. So whoever lacks the token gets
    /// it too, and it asks for the token.
    static final class WebPage {

        private static final String STYLE_MARK = "/*style*/";
        private static final String SCRIPT_MARK = "/*script*/";

        private final byte[] body;
        private final String policy;

        WebPage() {
            String style = TableFile.text(WebPage.class, "page.css");
            String script = TableFile.text(WebPage.class, "page.js");
            this.body =
                    TableFile.text(WebPage.class, "page.html")
                            .replace(STYLE_MARK, style)
                            .replace(SCRIPT_MARK, script)
                            .getBytes(UTF_8);
            this.policy =
                    "default-src 'none'; connect-src 'self'; img-src data:; script-src '"
                            + hash(script)
                            + "'; style-src '"
                            + hash(style)
                            + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        }

        void send(ServerResponse response) {
            response.header(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8");
            response.header("Content-Security-Policy", policy);
            response.header("Cross-Origin-Opener-Policy", "same-origin");
            response.send(body);
        }

        private static String hash(String text) {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
                return "sha256-" + Base64.getEncoder().encodeToString(digest);
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError("every JDK has SHA-256", e);
            }
        }
    }
}
