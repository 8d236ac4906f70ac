package dev.postern.submit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.postern.config.HostPort;
import dev.postern.config.Secret;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webclient.http1.Http1Client;
import io.helidon.webclient.http1.Http1ClientRequest;
import io.helidon.webclient.http1.Http1ClientResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Asks the admin socket of a running forwarder.
///
/// *Diagnostics.* `IOException`: not reachable, or not a forwarder's admin socket.
public final class AdminClient {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration READ_TIMEOUT = Duration.ofSeconds(30);
    private static final int OK_BELOW = 300;
    private static final String API = "/api/v1";

    private final ObjectMapper mapper = new ObjectMapper();
    private final Http1Client client;
    private final @Nullable Secret token;

    /// What was answered.
    ///
    /// @param status the HTTP status
    /// @param body the JSON body; missing without one
    public record Answer(int status, JsonNode body) {

        /// Returns whether the request was granted.
        public boolean isOk() {
            return status < OK_BELOW;
        }

        /// Returns what a problem document says is wrong.
        public String detail() {
            return body.path("detail").asText("HTTP status " + status);
        }
    }

    /// @param listening where the admin socket listens
    /// @param token `http.admin-token`; null without
    public AdminClient(HostPort listening, @Nullable Secret token) {
        this.token = token;
        this.client =
                Http1Client.builder()
                        .baseUri("http://" + Endpoint.reachable(listening))
                        .followRedirects(false)
                        .connectTimeout(CONNECT_TIMEOUT)
                        .readTimeout(READ_TIMEOUT)
                        .servicesDiscoverServices(false)
                        .build();
    }

    /// Asks with GET.
    ///
    /// @param path below `/api/v1`
    /// @param query parameters; empty ones are left out
    public Answer get(String path, Map<String, String> query) throws IOException {
        // A plus sign is a plus sign there, hence the blanks of forms are written out.
        String parameters =
                query.entrySet().stream()
                        .filter(one -> !one.getValue().isEmpty())
                        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), UTF_8))
                        .collect(Collectors.joining("&"))
                        .replace("+", "%20");
        return ask(Method.GET, parameters.isEmpty() ? path : path + "?" + parameters);
    }

    /// Asks with POST and no body.
    public Answer post(String path) throws IOException {
        return ask(Method.POST, path);
    }

    /// Asks with DELETE.
    public Answer delete(String path) throws IOException {
        return ask(Method.DELETE, path);
    }

    private Answer ask(Method method, String target) throws IOException {
        Http1ClientRequest request = client.method(method).uri(API + target).skipUriEncoding(true);
        if (token != null) {
            request.header(HeaderNames.AUTHORIZATION, "Bearer " + token.reveal());
        }
        try (Http1ClientResponse response = request.request()) {
            return new Answer(response.status().code(), body(response));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw new IOException("the admin socket's answer can't be read", e);
        }
    }

    private JsonNode body(Http1ClientResponse response) throws IOException {
        if (!response.entity().hasEntity()) {
            return MissingNode.getInstance();
        }
        try (InputStream in = response.inputStream()) {
            JsonNode body = mapper.readTree(in);
            return body == null ? MissingNode.getInstance() : body;
        }
    }
}
