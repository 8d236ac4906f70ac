package dev.postern.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The `sendmail` programs of Postfix and Exim, which put a message into a queue that nobody works
/// off, and what they put there.
public final class Sendmails {

    private static final String POSTFIX =
            """
            compatibility_level = 3.6
            queue_directory = @HOME@/queue
            data_directory = @HOME@/data
            myhostname = postfix.example.com
            mydestination =
            """;

    private static final String EXIM =
            """
            primary_hostname = exim.example.com
            exim_path = @HOME@/exim4
            spool_directory = @HOME@/spool
            log_file_path = @HOME@/spool/%slog
            queue_only
            keep_environment =
            begin routers
            all:
              driver = accept
              transport = files
            begin transports
            files:
              driver = appendfile
              directory = @HOME@/mail
            """;

    private Sendmails() {}

    /// Returns an outcome as one word for each fact.
    ///
    /// @param sender empty: the null sender
    public static String outcome(int status, String sender, List<String> recipients) {
        String to = recipients.stream().sorted().collect(Collectors.joining(","));
        return status + " " + (sender.isEmpty() ? "<>" : sender) + (to.isEmpty() ? "" : " " + to);
    }

    /// Runs Postfix's, and reads what it left for the pickup service.
    public static String postfix(Path directory, List<String> words, String message)
            throws IOException {
        Access.needsRoot();
        Path program = Programs.POSTFIX.require().resolveSibling("sendmail");
        Access.passableByAll(directory);
        Path home = directory.resolve("postfix");
        Path maildrop = home.resolve("queue/maildrop");
        if (!Files.exists(home)) {
            Files.createDirectories(home.resolve("etc"));
            Files.createDirectories(home.resolve("queue"));
            Access.directoryOf("postfix", home.resolve("data"));
            Access.directoryOf("postfix", maildrop);
            Files.writeString(
                    home.resolve("etc/main.cf"), POSTFIX.replace("@HOME@", home.toString()));
            Files.writeString(home.resolve("etc/master.cf"), "");
        }
        int status = run(program, List.of("-C", home.resolve("etc").toString()), words, message);
        List<Path> queued = filesIn(maildrop);
        if (queued.isEmpty()) {
            return String.valueOf(status);
        }
        Path file = queued.getFirst();
        List<String> to = new ArrayList<>();
        String from = "";
        Path reader = program.resolveSibling("postcat");
        ProcessBuilder builder =
                new ProcessBuilder(
                        reader.toString(),
                        "-c",
                        home.resolve("etc").toString(),
                        "-e",
                        file.toString());
        for (String line : Commands.run(builder).expect(0).output().lines().toList()) {
            if (line.startsWith("sender: ")) {
                from = line.substring("sender: ".length());
            } else if (line.startsWith("recipient: ")) {
                to.add(line.substring("recipient: ".length()));
            }
        }
        Files.delete(file);
        return outcome(status, from, to);
    }

    /// Runs Exim, and reads the envelope that it wrote beside the message.
    public static String exim(Path directory, List<String> words, String message)
            throws IOException {
        Access.needsRoot();
        Path binary = Programs.EXIM.require();
        Access.passableByAll(directory);
        Path home = directory.resolve("exim");
        Path configuration = home.resolve("exim.conf");
        if (!Files.exists(home)) {
            Access.directoryOf("Debian-exim", home);
            Access.directoryOf("Debian-exim", home.resolve("spool"));
            Files.copy(binary, home.resolve("exim4"), StandardCopyOption.COPY_ATTRIBUTES);
            Files.writeString(configuration, EXIM.replace("@HOME@", home.toString()));
        }
        int status =
                run(home.resolve("exim4"), List.of("-C", configuration.toString()), words, message);
        List<Path> queued = filesIn(home.resolve("spool/input"));
        Path envelope =
                queued.stream()
                        .filter(file -> file.toString().endsWith("-H"))
                        .findFirst()
                        .orElse(null);
        if (envelope == null) {
            return String.valueOf(status);
        }
        List<String> lines = Files.readAllLines(envelope, ISO_8859_1);
        // The count of recipients stands on a line of its own, and they are behind it.
        int count = 0;
        while (!lines.get(count).matches("\\d+")) {
            count++;
        }
        int end = count + 1 + Integer.parseInt(lines.get(count));
        List<String> to =
                lines.subList(count + 1, end).stream().map(line -> line.split(" ", 2)[0]).toList();
        for (Path file : queued) {
            Files.delete(file);
        }
        return outcome(status, lines.get(2).replaceAll("[<>]", ""), to);
    }

    private static int run(Path program, List<String> options, List<String> words, String message)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(options);
        command.addAll(words);
        return Commands.run(new ProcessBuilder(command), message.getBytes(ISO_8859_1)).status();
    }

    private static List<Path> filesIn(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }
}
