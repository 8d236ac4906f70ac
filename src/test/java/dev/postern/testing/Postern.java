package dev.postern.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// The program itself, as a process: `bin/postern serve` on free ports, with its spool and its
/// configuration under the test's directory. It can be ended, killed, and started again on the same
/// spool.
public final class Postern implements AutoCloseable {

    private static final Path HOME = Path.of(System.getProperty("postern.home"));
    private static final Set<String> FOREIGN_SETTINGS =
            Set.of(
                    "SENDGRID_API_KEY",
                    "MAILGUN_API_KEY",
                    "MAILGUN_DOMAIN",
                    "POSTMARK_SERVER_TOKEN",
                    "RESEND_API_KEY",
                    "BREVO_API_KEY",
                    "RENDER",
                    "HTTPS_PROXY",
                    "https_proxy",
                    "ALL_PROXY",
                    "all_proxy",
                    "NO_PROXY",
                    "no_proxy",
                    "JAVA_TOOL_OPTIONS");

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path directory;
    private final HttpClient http = HttpClient.newHttpClient();
    private Path home = HOME;
    private final List<String> earlierLines = new ArrayList<>();
    private Path spool;
    private String egress = "";
    private String settings = "";
    private String smtp = "";
    private String javaOptions = "";
    private Map<String, String> variables = Map.of();
    private List<String> wrapper = List.of();
    private Netns netns;
    private Daemon daemon;
    private Map<String, Integer> ports = Map.of();

    private Postern(Path directory) {
        this.directory = directory;
        this.spool = directory.resolve("spool");
    }

    /// Prepares a Postern that isn't started yet.
    public static Postern in(Path directory) {
        return new Postern(directory);
    }

    /// Sets the items under `egress:`, as YAML; they count from the next start.
    public Postern egress(String items) {
        this.egress = items;
        return this;
    }

    /// Sets further top-level keys, as YAML; they count from the next start.
    public Postern settings(String yaml) {
        this.settings = yaml;
        return this;
    }

    /// Sets further keys of `smtp:`, as items of a YAML flow mapping; they count from the next
    /// start.
    public Postern smtp(String items) {
        this.smtp = items;
        return this;
    }

    /// Sets where the spool is.
    public Postern spool(Path path) {
        this.spool = path;
        return this;
    }

    /// Sets where `bin/postern` is, when it is not the checkout's.
    public Postern home(Path path) {
        this.home = path;
        return this;
    }

    /// Sets options for java, such as `-Xmx64m`.
    public Postern javaOptions(String options) {
        this.javaOptions = options;
        return this;
    }

    /// Sets environment variables; they count from the next command.
    public Postern environment(Map<String, String> environment) {
        this.variables = environment;
        return this;
    }

    /// Has SIGHUP and SIGINT reach the program, also where whoever runs the tests ignores them (as
    /// nohup and a script's background jobs do), which a process inherits.
    public Postern hearingSignals() {
        return wrapper(List.of("env", "--default-signal=HUP,INT"));
    }

    /// Sets a command that is to run the program, as its last arguments.
    public Postern wrapper(List<String> command) {
        this.wrapper = command;
        return this;
    }

    /// Runs it in a network namespace; the ports that this class tells of lead there.
    public Postern within(Netns network) {
        this.netns = network;
        return this;
    }

    /// Returns where the spool is.
    public Path spool() {
        return spool;
    }

    /// Starts it and returns once it listens.
    ///
    /// @throws AssertionError that has its output, when it ends instead
    public Postern start() throws IOException {
        launch();
        try {
            Await.until("Postern listens", this::listens);
        } catch (AssertionError silent) {
            throw new AssertionError(silent.getMessage() + "\n" + daemon.output(), silent);
        }
        return this;
    }

    /// Starts it without waiting for anything.
    public Postern launch() throws IOException {
        if (daemon != null) {
            earlierLines.addAll(daemon.lines());
        }
        ports = Map.of();
        Files.deleteIfExists(endpoint());
        Path configuration = writeConfiguration();
        daemon = Daemon.start(command("serve", "--config", configuration.toString()));
        return this;
    }

    /// Writes the configuration and returns where it is.
    public Path writeConfiguration() throws IOException {
        String list = egress.isEmpty() ? "egress: []\n" : "egress:\n" + egress;
        String section = settings.contains("spool:") ? "" : "spool: {path: %s, min-free: 1MiB}\n";
        return Files.writeString(
                directory.resolve("postern.yaml"),
                """
                smtp: {listen: "127.0.0.1:0", hostname: postern.example.com%s}
                http: {health: "127.0.0.1:0", admin: "127.0.0.1:0"}
                log: {format: text}
                """
                                .formatted(smtp.isEmpty() ? "" : ", " + smtp)
                        + section.formatted(spool)
                        + settings
                        + list);
    }

    /// Returns a command of the program, ready to be run in the test's directory with an
    /// environment that sets nothing of Postern's, and no locale, as cron's.
    public ProcessBuilder command(String... arguments) {
        List<String> command = new ArrayList<>(wrapper);
        command.add(home.resolve("bin/postern").toString());
        command.addAll(Arrays.asList(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(netns == null ? command : netns.command(command))
                        .directory(directory.toFile());
        Map<String, String> environment = builder.environment();
        environment.keySet().removeIf(name -> name.startsWith("POSTERN"));
        environment.keySet().removeIf(name -> name.startsWith("AWS_"));
        environment.keySet().removeAll(FOREIGN_SETTINGS);
        environment.keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("LANG"));
        environment.putAll(variables);
        if (!javaOptions.isEmpty()) {
            environment.put("POSTERN_JAVA_OPTS", javaOptions);
        }
        return builder;
    }

    /// Runs a command of the program to its end.
    public Commands.Result run(String... arguments) throws IOException {
        return Commands.run(command(arguments));
    }

    private boolean listens() {
        if (!daemon.isAlive()) {
            throw new AssertionError("Postern ended: " + daemon.output());
        }
        Map<String, Integer> told = EndpointFile.ports(endpoint());
        boolean complete = told.keySet().containsAll(EndpointFile.NAMES);
        if (complete) {
            told.replaceAll((_, port) -> netns == null ? port : netns.passage(port));
            ports = told;
        }
        return complete;
    }

    private Path endpoint() {
        Path shared = Path.of("/run/postern");
        return Files.isWritable(shared) ? shared.resolve("endpoint") : spool.resolve("endpoint");
    }

    /// Returns the listener's port.
    public int smtpPort() {
        return ports.get(EndpointFile.SMTP);
    }

    /// Returns the port of a socket by its name in the endpoint file.
    public int port(String socket) {
        return ports.get(socket);
    }

    /// Returns everything that it printed, in all its lives.
    public List<String> log() {
        return Stream.concat(earlierLines.stream(), daemon.lines().stream()).toList();
    }

    /// Returns what it printed in this life.
    public List<String> lines() {
        return daemon.lines();
    }

    /// Returns the first line of this life that contains all the words, once there is one.
    ///
    /// @throws AssertionError that has all the lines, when there is none within a minute
    public String awaitLine(String... words) {
        try {
            return Await.value("a line with " + List.of(words), () -> line(words));
        } catch (AssertionError missing) {
            throw new AssertionError(missing.getMessage() + "\n" + daemon.output(), missing);
        }
    }

    private Optional<String> line(String... words) {
        return lines().stream()
                .filter(line -> Arrays.stream(words).allMatch(line::contains))
                .findFirst();
    }

    /// Asks the health socket.
    public HttpResponse<String> health(String path) throws IOException {
        return get(EndpointFile.HEALTH, path);
    }

    /// Asks the admin socket and returns its JSON.
    ///
    /// @throws AssertionError when the status is not 200
    public JsonNode admin(String path) throws IOException {
        HttpResponse<String> response = get(EndpointFile.ADMIN, path);
        if (response.statusCode() != 200) {
            throw new AssertionError(path + ": " + response.statusCode() + response.body());
        }
        return JSON.readTree(response.body());
    }

    /// Returns the state of each egress, as the status has it.
    public List<String> egressStates() {
        try {
            return admin("/api/v1/status").path("egress").findValuesAsText("state");
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    /// Asks the admin socket for anything.
    public HttpResponse<String> page(String path) throws IOException {
        return get(EndpointFile.ADMIN, path);
    }

    /// Asks the admin socket for a message's bytes.
    public HttpResponse<String> raw(String id) throws IOException {
        return get(EndpointFile.ADMIN, "/api/v1/messages/" + id + "/raw");
    }

    /// Gives the admin socket an order and returns its JSON.
    ///
    /// @throws AssertionError when the answer is no success
    public JsonNode post(String path) throws IOException {
        HttpRequest.Builder order = HttpRequest.newBuilder(uri(EndpointFile.ADMIN, path));
        HttpResponse<String> response = ask(order.POST(BodyPublishers.noBody()).build());
        if (response.statusCode() / 100 != 2) {
            throw new AssertionError(path + ": " + response.statusCode() + response.body());
        }
        return JSON.readTree(response.body());
    }

    /// Gives the admin socket a message whose envelope is in its header.
    public HttpResponse<String> submit(byte[] message) throws IOException {
        return ask(
                HttpRequest.newBuilder(uri(EndpointFile.ADMIN, "/api/v1/messages"))
                        .header("Content-Type", "message/rfc822")
                        .POST(BodyPublishers.ofByteArray(message))
                        .build());
    }

    /// Returns what is known of a message once that fits.
    ///
    /// @throws AssertionError that has it as it is, when it doesn't fit within a minute
    public JsonNode awaitMessage(String id, String what, Predicate<JsonNode> fits) {
        AtomicReference<JsonNode> last = new AtomicReference<>();
        try {
            return Await.value(id + " " + what, () -> Optional.of(read(id, last)).filter(fits));
        } catch (AssertionError missing) {
            throw new AssertionError(missing.getMessage() + "\n" + last.get(), missing);
        }
    }

    private JsonNode read(String id, AtomicReference<JsonNode> last) {
        try {
            last.set(admin("/api/v1/messages/" + id));
            return last.get();
        } catch (IOException broken) {
            throw new AssertionError(id + ": " + broken, broken);
        }
    }

    private HttpResponse<String> get(String socket, String path) throws IOException {
        return ask(HttpRequest.newBuilder(uri(socket, path)).build());
    }

    private URI uri(String socket, String path) {
        return URI.create("http://127.0.0.1:" + ports.get(socket) + path);
    }

    private HttpResponse<String> ask(HttpRequest request) throws IOException {
        try {
            return http.send(
                    request, HttpResponse.BodyHandlers.ofString(StandardCharsets.ISO_8859_1));
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }

    /// Returns how many messages are in the state.
    public int count(String state) {
        try {
            return admin("/api/v1/status").path("messages").path(state).asInt(-1);
        } catch (IOException broken) {
            throw new AssertionError("status: " + broken, broken);
        }
    }

    /// Returns once no message waits or is on its way.
    public void awaitEmpty() {
        Await.until(
                "nothing waits any more",
                () ->
                        Stream.of("queued", "sending", "deferred", "held")
                                .allMatch(it -> count(it) == 0));
    }

    /// Ends it by SIGTERM and returns its exit status.
    public int stop() {
        daemon.terminate();
        return daemon.awaitExit();
    }

    /// Returns the exit status of a Postern that ends by itself.
    public int awaitExit() {
        return daemon.awaitExit();
    }

    /// Kills it (SIGKILL).
    public void kill9() {
        daemon.kill();
        daemon.awaitExit();
    }

    /// Returns its process id.
    public long pid() {
        return daemon.pid();
    }

    /// Returns whether it still runs.
    public boolean isAlive() {
        return Optional.ofNullable(daemon).map(Daemon::isAlive).orElse(false);
    }

    @Override
    public void close() {
        if (daemon != null) {
            daemon.close();
        }
        http.close();
    }
}
