import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Makes the AOT caches: short real runs of Postern are recorded, and what they needed is dumped.
///
/// `java Rehearsal.java REQUIRED CACHE COMMAND…` where COMMAND is what starts Postern, without its
/// arguments, and CACHE is the file to write; `-` asks COMMAND, which then is `bin/postern`, for
/// the name that it would look for.
///
/// The run finds mail that an earlier one left, which was killed; takes more over SMTP and forwards
/// it to a mail server and to an HTTP stand-in of this process, both over TLS, while a third way is
/// down; takes up a changed configuration; and health, metrics, page, queue and doctor are asked
/// for once. It needs loopback and neither the network nor root.
///
/// *Diagnostics.* When it fails it says so, with all that Postern printed, and ends with 0: a build
/// without a cache only starts slower. With REQUIRED `true` it ends with 1.
final class Rehearsal implements AutoCloseable {

    private static final int MESSAGES = 6;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String RECORD = "postern.aotconf";
    private static final String COMMANDS_RECORD = "commands.aotconf";

    /// Whose mail takes which way.
    private static final List<String> FROM = List.of("app@example.org", "app@example.net");

    /// A way out that is down.
    private static final String NOWHERE = "smtp://127.0.0.1:1?tls=none#nowhere";

    private static final String CONFIGURATION =
            """
            spool: {path: spool, min-free: 1MiB}
            log: {format: json}
            """;

    private static final Pattern ADDRESS =
            Pattern.compile("\"(smtp|health|admin)\":\"127\\.0\\.0\\.1:(\\d+)\"");

    private final List<String> command;
    private final Path directory;
    private final Path output;
    private final HttpClient http = HttpClient.newHttpClient();

    private Rehearsal(List<String> command) throws IOException {
        this.command = command;
        this.directory = Files.createTempDirectory("postern-aot");
        this.output = directory.resolve("output");
    }

    public static void main(String[] args) throws IOException {
        List<String> left = new ArrayList<>(Arrays.asList(args));
        boolean required = Boolean.parseBoolean(left.removeFirst());
        String wanted = left.removeFirst();
        try (Rehearsal rehearsal = new Rehearsal(List.copyOf(left))) {
            Path cache = Path.of(wanted.equals("-") ? rehearsal.nameOfCache() : wanted);
            rehearsal.make(cache.toAbsolutePath(), wanted.equals("-"));
            System.out.println("AOT cache: " + cache);
        } catch (IOException | RuntimeException | InterruptedException trouble) {
            System.err.println(
                    """
                    **********************************************************************
                    NO AOT CACHE WAS MADE: Postern will start two to three times slower.
                    %s
                    **********************************************************************\
                    """
                            .formatted(trouble.getMessage()));
            if (required) {
                System.exit(1);
            }
        }
    }

    /// @param forCommands where the cache for `sendmail` is written too, by its own name: all of a
    ///   cache is linked at every start, which is more than such a command needs in all
    private void make(Path cache, boolean forCommands) throws IOException, InterruptedException {
        record();
        Files.createDirectories(cache.getParent());
        removeCaches(cache.getParent());
        make(RECORD, cache);
        if (forCommands) {
            String name = cache.getFileName().toString();
            make(COMMANDS_RECORD, cache.resolveSibling(name.replace("postern-", "commands-")));
        }
    }

    private void make(String record, Path cache) throws IOException, InterruptedException {
        Path draft = directory.resolve("draft.aot");
        run(
                "-XX:AOTMode=create -XX:AOTConfiguration=%s -XX:AOTCache=%s"
                        .formatted(record, draft.getFileName()),
                "version");
        run("-XX:AOTMode=on -XX:AOTCache=" + draft.getFileName(), "version");
        move(draft, cache);
        cache.toFile().setReadable(true, false);
    }

    /// Those of earlier builds; who runs on one keeps it.
    private static void removeCaches(Path directory) throws IOException {
        try (DirectoryStream<Path> caches = Files.newDirectoryStream(directory, "*.aot")) {
            for (Path cache : caches) {
                Files.delete(cache);
            }
        }
    }

    /// In one step where both are on one disk; nobody may map half a cache.
    private static void move(Path draft, Path cache) throws IOException {
        try {
            Files.move(draft, cache, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException elsewhere) {
            Path near = cache.resolveSibling(cache.getFileName() + ".new");
            Files.move(draft, near, StandardCopyOption.REPLACE_EXISTING);
            Files.move(near, cache, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private String nameOfCache() throws IOException, InterruptedException {
        ProcessBuilder asking = process("", List.of());
        asking.environment().put("POSTERN_AOT", "where");
        end(asking.start(), "bin/postern");
        return Files.readString(output, UTF_8).strip();
    }

    private void record() throws IOException, InterruptedException {
        try (Stage stage = Stage.open(directory)) {
            Path configuration = directory.resolve("postern.yaml");
            Files.writeString(configuration, CONFIGURATION);
            leaveMail();
            String options = "-XX:AOTMode=record -XX:AOTConfiguration=" + RECORD;
            Process postern = serving(options, egresses(stage)).start();
            try {
                play(stage, ports(postern));
                Files.writeString(
                        configuration, CONFIGURATION + "aliases: {root: ops@example.org}");
                awaitLine(postern, "\"configuration changed, now in use\"");
                postern.toHandle().destroy();
                end(postern, "the rehearsal");
            } finally {
                postern.destroyForcibly().waitFor();
            }
        }
        if (!Files.exists(directory.resolve(RECORD))) {
            throw new IOException("nothing was recorded\n" + Files.readString(output, UTF_8));
        }
    }

    /// Has a run take a message that it can't send, and kills it.
    private void leaveMail() throws IOException, InterruptedException {
        Process postern = serving("", NOWHERE).start();
        try {
            ports(postern);
            String options = "-XX:AOTMode=record -XX:AOTConfiguration=" + COMMANDS_RECORD;
            List<String> sendmail = List.of("sendmail", "-f", FROM.getFirst(), "-t");
            Path log = directory.resolve("output.sendmail");
            Process sending =
                    process(options, sendmail)
                            .redirectOutput(log.toFile())
                            .redirectInput(ProcessBuilder.Redirect.PIPE)
                            .start();
            try (OutputStream in = sending.getOutputStream()) {
                in.write("To: user@example.com\nSubject: Hello\n\nHello\n".getBytes(UTF_8));
            }
            end(sending, "sendmail");
        } finally {
            postern.destroyForcibly().waitFor();
        }
    }

    private ProcessBuilder serving(String options, String egresses) {
        ProcessBuilder builder = process(options, List.of("serve"));
        Map<String, String> environment = builder.environment();
        environment.put("POSTERN_SMTP_LISTEN", "127.0.0.1:0");
        environment.put("POSTERN_SMTP_HOSTNAME", "postern.example.org");
        environment.put("POSTERN_HTTP_HEALTH", "127.0.0.1:0");
        environment.put("POSTERN_HTTP_ADMIN", "127.0.0.1:0");
        environment.put("POSTERN_EGRESS", egresses);
        return builder;
    }

    private static String egresses(Stage stage) {
        return """
        smtps://app:rehearsal@127.0.0.1:%d?ca=%s&senders=@example.org#mail
        mailgun://rehearsal@example.net?endpoint=https://127.0.0.1:%d&ca=%2$s#api
        %4$s\
        """
                .formatted(
                        stage.mailPort(),
                        stage.certificate().getFileName(),
                        stage.httpPort(),
                        NOWHERE);
    }

    private Map<String, Integer> ports(Process postern) throws IOException, InterruptedException {
        Map<String, Integer> ports = new HashMap<>();
        Matcher address = ADDRESS.matcher(awaitLine(postern, "\"message\":\"started\""));
        while (address.find()) {
            ports.put(address.group(1), Integer.valueOf(address.group(2)));
        }
        return ports;
    }

    /// Waits until the log has what is looked for, and returns the log until then.
    private String awaitLine(Process postern, String part)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            String log = Files.readString(output, UTF_8);
            if (log.contains(part) && log.indexOf('\n', log.indexOf(part)) > 0) {
                return log;
            }
            if (postern.waitFor(20, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                throw new IOException("Postern did not say " + part + "\n" + log);
            }
        }
    }

    private void play(Stage stage, Map<String, Integer> ports)
            throws IOException, InterruptedException {
        for (int i = 0; i < MESSAGES; i++) {
            submit(ports.get("smtp"), FROM.get(i % FROM.size()), i);
        }
        for (String path : List.of("live", "ready", "started", "egress")) {
            get(ports.get("health"), "/health/" + path);
        }
        get(ports.get("health"), "/metrics");
        get(ports.get("admin"), "/");
        get(ports.get("admin"), "/api/v1/status");
        get(ports.get("admin"), "/api/v1/messages");
        get(ports.get("admin"), "/api/v1/doctor");
        // One more: that which the killed run left.
        if (!stage.awaitMessages(MESSAGES + 1, PATIENCE)) {
            throw new IOException(
                    "the mail did not come out again\n" + Files.readString(output, UTF_8));
        }
    }

    private static void submit(int port, String from, int number) throws IOException {
        String body = "Hello, this is line %d of a message.\r\n".formatted(number).repeat(100);
        List<String> lines =
                List.of(
                        "EHLO app.example.org",
                        "AUTH PLAIN AGFwcABhcHA=",
                        "MAIL FROM:<%s> BODY=8BITMIME".formatted(from),
                        "RCPT TO:<user@example.com>",
                        "DATA",
                        """
                        From: App <%s>\r
                        To: User <user@example.com>\r
                        Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?= %d\r
                        MIME-Version: 1.0\r
                        Content-Type: text/plain; charset=utf-8\r
                        \r
                        %s\r
                        .\
                        """
                                .formatted(from, number, body),
                        "QUIT");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout((int) PATIENCE.toMillis());
            InputStream in = socket.getInputStream();
            expectSuccess(in);
            for (String line : lines) {
                socket.getOutputStream().write((line + "\r\n").getBytes(UTF_8));
                expectSuccess(in);
            }
        }
    }

    private static void expectSuccess(InputStream in) throws IOException {
        String line;
        do {
            line = Stage.line(in);
            if (line == null || line.charAt(0) > '3') {
                throw new IOException("the listener answered " + line);
            }
        } while (line.charAt(3) == '-');
    }

    private void get(int port, String path) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + port + path);
        HttpRequest request = HttpRequest.newBuilder(uri).timeout(PATIENCE).build();
        http.send(request, HttpResponse.BodyHandlers.discarding());
    }

    private void run(String options, String argument) throws IOException, InterruptedException {
        end(process(options, List.of(argument)).start(), options);
    }

    private ProcessBuilder process(String options, List<String> arguments) {
        List<String> whole = new ArrayList<>(command);
        whole.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(whole);
        builder.directory(directory.toFile());
        builder.redirectErrorStream(true).redirectOutput(output.toFile());
        Map<String, String> environment = builder.environment();
        environment
                .keySet()
                .removeIf(name -> name.startsWith("POSTERN") || name.contains("JAVA_OPTIONS"));
        // Nobody of this machine is to find the Postern that rehearses.
        String all = options + " -Dpostern.run=" + directory;
        if (command.getFirst().endsWith("bin/postern")) {
            environment.put("POSTERN_AOT", "off");
            environment.put("POSTERN_JAVA_OPTS", all);
        } else {
            environment.put("JDK_JAVA_OPTIONS", all);
        }
        return builder;
    }

    private void end(Process process, String what) throws IOException, InterruptedException {
        boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly().waitFor();
        }
        if (!ended || process.exitValue() != 0) {
            throw new IOException(
                    "%s %s\n%s"
                            .formatted(
                                    what,
                                    ended ? "ended with " + process.exitValue() : "did not end",
                                    Files.readString(output, UTF_8)));
        }
    }

    @Override
    public void close() throws IOException {
        http.shutdownNow();
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
