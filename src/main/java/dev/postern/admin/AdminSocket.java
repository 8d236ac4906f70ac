package dev.postern.admin;

import dev.postern.config.HostPort;
import dev.postern.config.HttpConfig;
import dev.postern.config.SmtpConfig;
import dev.postern.doctor.Report;
import dev.postern.smtp.FailureThrottle;
import dev.postern.spool.Spool;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Clock;
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
            Spool spool,
            ListenerView listener,
            Egresses egresses,
            Submission submission,
            Supplier<Report> doctor,
            Clock clock) {
        this.guard = new Guard(config.adminToken(), config.admin().host());
        this.throttle = new FailureThrottle(clock);
        SubmitApi submit =
                new SubmitApi(submission, smtp.maxMessageSizeBytes(), smtp.maxRecipients());
        QueueApi queue = new QueueApi(spool);
        StatusApi status = new StatusApi(version, listener, spool::status, egresses, clock);
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
}
