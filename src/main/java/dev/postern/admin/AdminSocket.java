package dev.postern.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.HostPort;
import dev.postern.config.HttpConfig;
import dev.postern.config.SmtpConfig;
import dev.postern.doctor.Report;
import dev.postern.doctor.ReportJson;
import dev.postern.smtp.FailureThrottle;
import dev.postern.spool.QueueAdmin;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.Base64;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The socket for operators: the page at `/`, the API under `/api/v1`.
///
/// *Diagnostics.* Who may not is answered 401, 403 or 421 by the `Guard`; everything else that goes
/// wrong is a problem document (RFC 9457). Operators' verbs are logged, and wrong tokens, whose
/// answers wait by the [FailureThrottle].
public final class AdminSocket {

    private static final Logger LOG = LoggerFactory.getLogger(AdminSocket.class);

    private final Guard guard;
    private final FailureThrottle throttle;
    private final WebPage page = new WebPage();
    private final HttpSocket socket;

    /// Makes the socket; nothing is bound yet.
    ///
    /// @param config where it listens, and its token
    /// @param smtp the limits that hold for messages by whatever way
    /// @param version the program's, to be shown
    /// @param submission takes messages that are posted
    /// @param doctor examines every way out; blocks
    public AdminSocket(
            HttpConfig config,
            SmtpConfig smtp,
            String version,
            QueueAdmin queueAdmin,
            ListenerView listener,
            Egresses egresses,
            Submission submission,
            Supplier<Report> doctor,
            Clock clock) {
        this.guard = new Guard(config.adminToken(), config.admin().host());
        this.throttle = new FailureThrottle(clock);
        SubmitApi submit =
                new SubmitApi(submission, smtp.maxMessageSizeBytes(), smtp.maxRecipients());
        QueueApi queue = new QueueApi(queueAdmin);
        StatusApi status = new StatusApi(version, listener, queueAdmin::status, egresses, clock);
        DoctorApi diagnosis = new DoctorApi(doctor);
        this.socket =
                new HttpSocket(
                        "admin",
                        config.admin(),
                        new HttpSocket.Use(smtp.maxMessageSizeBytes(), QueueApi.MESSAGES, true),
                        routing -> {
                            routing.addFilter(this::admit);
                            HttpSocket.resource(
                                    routing,
                                    Guard.PAGE,
                                    Map.of(Method.GET, (_, response) -> page.send(response)));
                            status.routes(routing);
                            diagnosis.routes(routing);
                            queue.routes(routing, submit::submit);
                        });
    }

    /// Binds and serves.
    ///
    /// @throws IOException when the address can't be bound
    public void start() throws IOException {
        socket.start();
    }

    /// Returns the real address, once started.
    public HostPort address() {
        return socket.address();
    }

    /// Ends serving.
    public void stop() {
        socket.stop();
    }

    private void admit(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Method method = request.prologue().method();
        String host = request.headers().first(HeaderNames.HOST).orElse("");
        Guard.Verdict verdict = guard.judge(method, request.path().path(), host, request.headers());
        if (verdict == Guard.Verdict.ADMITTED) {
            chain.proceed();
            return;
        }
        if (guard.hasWrongToken(request.headers())) {
            holdBack(request);
        }
        if (verdict == Guard.Verdict.UNAUTHENTICATED) {
            response.header(HeaderNames.WWW_AUTHENTICATE, Guard.CHALLENGE);
        }
        Guard.problem(verdict).send(response);
    }

    /// Makes who tries tokens wait, longer each time, without taking a place from anybody else.
    private void holdBack(RoutingRequest request) {
        if (request.remotePeer().address() instanceof InetSocketAddress client) {
            LOG.atWarn()
                    .addKeyValue("client", client.getAddress().getHostAddress())
                    .log("wrong admin token");
            Connections.current().hold(throttle.failed(client.getAddress()));
        }
    }

    /// The diagnosis, made when it is asked for.
    static final class DoctorApi {

        private final Supplier<Report> doctor;

        /// @param doctor examines every way out; blocks for as long as that takes
        DoctorApi(Supplier<Report> doctor) {
            this.doctor = doctor;
        }

        void routes(HttpRouting.Builder routing) {
            HttpSocket.resource(
                    routing,
                    "/api/v1/doctor",
                    Map.of(
                            Method.GET,
                            (_, response) -> {
                                Report report = doctor.get();
                                // It is of this moment only.
                                response.header(HeaderNames.CACHE_CONTROL, "no-store");
                                Json.send(
                                        response,
                                        Status.OK_200,
                                        json -> ReportJson.write(json, report));
                            }));
        }
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
            String style = resource("page.css");
            String script = resource("page.js");
            this.body =
                    resource("page.html")
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

        private static String resource(String name) {
            try (InputStream in = WebPage.class.getResourceAsStream(name)) {
                if (in == null) {
                    throw new IllegalStateException("not in the jar: " + name);
                }
                return new String(in.readAllBytes(), UTF_8);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
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
