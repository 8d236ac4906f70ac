package dev.postern.admin;

import dev.postern.config.HostPort;
import dev.postern.spool.SpoolStatus;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Supplier;

/// The socket for orchestrators: `/health/*` and `/metrics`, and nothing that tells of any message.
/// It may be open to a whole cluster.
///
/// It answers at once whatever comes to it or to the admin socket: it has [ConnectionSlots] of its own, and
/// no operator's work is on the carriers of its virtual threads.
public final class HealthSocket {

    /// Nothing is sent to it.
    private static final HttpSocket.Use USE = new HttpSocket.Use(1024, null, false);

    private final Metrics metrics;
    private final HttpSocket socket;

    /// Makes the socket; nothing is bound yet.
    ///
    /// @param configured where to listen; port 0 picks a free one
    /// @param spool asked at most twice a second
    public HealthSocket(
            HostPort configured,
            ListenerView listener,
            Supplier<SpoolStatus> spool,
            Egresses egresses,
            Metrics metrics) {
        this.metrics = metrics;
        Health health = new Health(listener, spool, egresses);
        this.socket = new HttpSocket("health", configured, USE, routing -> routes(routing, health));
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

    private void routes(HttpRouting.Builder routing, Health health) {
        HttpSocket.resource(routing, "/health/live", Map.of(Method.GET, health::live));
        HttpSocket.resource(routing, "/health/ready", Map.of(Method.GET, health::ready));
        HttpSocket.resource(routing, "/health/started", Map.of(Method.GET, health::started));
        HttpSocket.resource(routing, "/health/egress", Map.of(Method.GET, health::egress));
        HttpSocket.resource(routing, "/metrics", Map.of(Method.GET, this::scrape));
    }

    private void scrape(ServerRequest request, ServerResponse response) {
        String accept = String.join(",", request.headers().values(HeaderNames.ACCEPT));
        ExpositionFormatWriter writer = Metrics.writer(accept);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            metrics.write(writer, body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        response.header(HeaderNames.CONTENT_TYPE, writer.getContentType());
        response.send(body.toByteArray());
    }
}
