package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Await;
import dev.postern.testing.Daemon;
import dev.postern.testing.Ports;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A provider as others play it: Prism, which holds each request against the provider's own
/// description, or aws-ses-v2-local. A [FakeApi] stands before it, since Prism keeps nothing. Where
/// nobody plays a provider, requests are held against what its pages state: [Stated].
final class Emulator implements AutoCloseable {

    /// What Prism refuses whatever it says: such requests it does not see.
    private static final long PRISM_LIMIT_BYTES = 10L * 1024 * 1024;

    private static final Duration LIMIT = Duration.ofSeconds(60);

    /// Header fields that belong to one connection, or that the client makes itself.
    private static final Set<String> NOT_FORWARDED =
            Set.of("host", "connection", "content-length", "transfer-encoding", "expect");

    private final String type;
    private final URI uri;
    private final @Nullable Daemon daemon;
    private final FakeApi recorder;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<String> refusals = new CopyOnWriteArrayList<>();

    private Emulator(String type, int port, @Nullable Daemon daemon) throws IOException {
        this.type = type;
        this.uri = URI.create("http://127.0.0.1:" + port);
        this.daemon = daemon;
        this.recorder = FakeApi.start(this::answer);
    }

    /// Starts what plays the provider; the test is skipped where it is missing.
    static Emulator start(String type, Path directory) throws IOException {
        if (Stated.isOf(type)) {
            return new Emulator(type, 0, null);
        }
        int port = Ports.free(1).getFirst();
        String node = Programs.NODE.require().toString();
        String[] command =
                Description.isOf(type)
                        ? prism(node, port, Description.written(type, directory))
                        : new String[] {
                            node, program("aws-ses-v2-local"), "--host=127.0.0.1", "--port=" + port
                        };
        Daemon daemon = Daemon.start(command);
        try {
            Await.until(type + " is played", () -> isUp(daemon));
            return new Emulator(type, port, daemon);
        } catch (AssertionError | IOException trouble) {
            daemon.close();
            throw trouble;
        }
    }

    /// Returns a program from npm; the test is skipped where it is missing.
    private static String program(String name) {
        Path program = Programs.NODE_MODULES.require().resolve(".bin").resolve(name);
        Programs.needs(Files.exists(program), name + " not found: .ci/run takes it from npm");
        return program.toString();
    }

    private static String[] prism(String node, int port, Path description) {
        return new String[] {
            node,
            program("prism"),
            "mock",
            "--errors",
            "--host=127.0.0.1",
            "--port=" + port,
            description.toString()
        };
    }

    private static boolean isUp(Daemon daemon) {
        if (!daemon.isAlive()) {
            throw new AssertionError("the emulator ended: " + daemon.output());
        }
        return daemon.output().contains("listening on") || daemon.output().contains("running at");
    }

    /// Returns where an egress sends to.
    URI uri() {
        return recorder.uri();
    }

    /// Returns what was asked so far.
    List<FakeApi.Request> requests() {
        return recorder.requests();
    }

    /// Returns the refusals so far, each in the emulator's words.
    List<String> refusals() {
        return List.copyOf(refusals);
    }

    /// Returns what aws-ses-v2-local has taken.
    JsonNode store() throws IOException {
        HttpRequest.Builder store = HttpRequest.newBuilder(uri.resolve("/store"));
        return JsonAnswer.read(said(store.GET()).body()).path("emails");
    }

    private FakeApi.Answer answer(FakeApi.Request request) {
        if (Stated.isOf(type)) {
            List<String> violations = Stated.violations(type, request);
            refusals.addAll(violations);
            return violations.isEmpty()
                    ? OutboundMessages.acceptance(type)
                    : FakeApi.said(400, "{\"message\":\"see the test\"}");
        }
        if (Description.isOf(type) && request.length() > PRISM_LIMIT_BYTES) {
            return OutboundMessages.acceptance(type);
        }
        try {
            HttpRequest.Builder same =
                    HttpRequest.newBuilder(URI.create(uri + request.path()))
                            .method(
                                    request.method(),
                                    BodyPublishers.ofByteArray(request.raw().getBytes(ISO_8859_1)));
            request.headers()
                    .forEach((name, value) -> {
                        if (!NOT_FORWARDED.contains(name)) {
                            same.header(name, value);
                        }
                    });
            return passedOn(said(same));
        } catch (IOException broken) {
            refusals.add(broken.toString());
            return new FakeApi.Answer.Closed();
        }
    }

    private HttpResponse<String> said(HttpRequest.Builder request) throws IOException {
        try {
            return client.send(request.timeout(LIMIT).build(), BodyHandlers.ofString(UTF_8));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", interrupted);
        }
    }

    /// Prism makes no `X-Message-Id`, since SendGrid's description has none.
    private FakeApi.Answer passedOn(HttpResponse<String> said) {
        String violations = said.headers().firstValue("sl-violations").orElse("");
        JsonAnswer.read(violations).forEach(violation -> refusals.add(inWords(violation)));
        if (violations.isEmpty() && said.statusCode() >= 300) {
            refusals.add("refused: " + said.statusCode() + " " + said.body());
        }
        Map<String, String> headers = new HashMap<>();
        said.headers()
                .firstValue("content-type")
                .ifPresent(value -> headers.put("Content-Type", value));
        if (type.equals("sendgrid")) {
            headers.put("X-Message-Id", "sg-" + requests().size());
        }
        return new FakeApi.Answer.Said(said.statusCode(), headers, said.body());
    }

    private static String inWords(JsonNode violation) {
        List<String> location = new ArrayList<>();
        violation.path("location").forEach(step -> location.add(step.asText()));
        return "refused " + String.join(" ", location) + ": " + violation.path("message").asText();
    }

    @Override
    public void close() {
        try {
            recorder.close();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        } finally {
            client.close();
            if (daemon != null) {
                daemon.close();
            }
        }
    }
}
