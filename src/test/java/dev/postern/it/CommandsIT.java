package dev.postern.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Arrival;
import dev.postern.testing.Commands;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The commands as users and scripts call them: what they print, and their exit statuses.
class CommandsIT {

    private static final Pattern QUEUE_ID = Pattern.compile("queued as (\\w+)");

    @TempDir private Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "serve",
                "send",
                "sendmail",
                "queue",
                "doctor",
                "config",
                "version",
                "config check"
            })
    void everyCommandHasHelp(String command) throws IOException {
        Commands.Result result = run((command + " --help").strip().split(" ")).expect(0);
        assertTrue(result.output().contains("Usage:"), result.output());
        assertEquals("", result.errors());
    }

    @Test
    void versionTellsVersionCommitAndJava() throws IOException {
        String output = run("version").expect(0).output();
        assertTrue(output.contains("postern") && output.contains("java"), output);
        assertTrue(output.contains("25"), output);
    }

    @Test
    void aMistakeIsOneLineOnStandardErrorAndStatus2() throws IOException {
        for (String[] mistake :
                List.of(
                        new String[] {"serv"},
                        new String[] {"serve", "--confg", "x"},
                        new String[] {"serve", "--config", "missing.yaml"},
                        new String[] {"send"})) {
            Commands.Result result = run(mistake).expect(2);
            assertEquals("", result.output());
            assertFalse(result.errors().isBlank());
            assertFalse(result.errors().contains("\tat "), result.errors());
        }
    }

    @Test
    void aCertificateWithoutItsKeyIsABadConfiguration() throws IOException {
        Path files = Path.of(System.getProperty("postern.home"), "src/test/resources/tls");
        String tls =
                "tls: {certificate: %s, key: %s}"
                        .formatted(
                                files.resolve("listener-chain.pem"),
                                files.resolve("listener-sec1.pem"));
        try (Postern postern = Postern.in(directory).smtp(tls)) {
            String configuration = postern.writeConfiguration().toString();
            Commands.Result result = postern.run("serve", "--config", configuration).expect(2);
            assertTrue(result.errors().contains("the key is not the certificate's"));
        }
    }

    @Test
    void theConfigurationIsCheckedShownAndExplained() throws IOException {
        Path good =
                write(
                        "good.yaml",
                        """
                        egress:
                          - {name: relay, type: smtp, host: relay.example.com, username: app,
                             password: "${THE_PASSWORD}"}
                        """);
        ProcessBuilder show = postern().command("config", "show", "--config", good.toString());
        show.environment().put("THE_PASSWORD", "hunter22");
        String shown = Commands.run(show).expect(0).output();
        assertTrue(shown.contains("relay.example.com"), shown);
        assertFalse(shown.contains("hunter22"), shown);

        ProcessBuilder check = postern().command("config", "check", "--config", good.toString());
        check.environment().put("THE_PASSWORD", "hunter22");
        Commands.run(check).expect(0);

        String reference = run("config", "reference").expect(0).output();
        assertTrue(reference.contains("smtp.listen"), reference);
        assertTrue(reference.contains("retry.max-age"), reference);
    }

    @Test
    void allProblemsOfAConfigurationAreToldAtOnce() throws IOException {
        Path bad =
                write(
                        "bad.yaml",
                        """
                        smtp:
                          lisen: 127.0.0.1:2525
                        retry: {max-age: soon}
                        """);
        for (String command : List.of("config check", "serve")) {
            List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
            arguments.addAll(List.of("--config", bad.toString()));
            String errors = run(arguments.toArray(String[]::new)).expect(2).errors();
            assertTrue(errors.contains("bad.yaml:2") && errors.contains("listen"), errors);
            assertTrue(errors.contains("bad.yaml:3") && errors.contains("max-age"), errors);
        }
    }

    @Test
    void withoutAForwarderTheOthersSaySo() throws IOException {
        Path nobody =
                write(
                        "postern.yaml",
                        "smtp: {listen: \"127.0.0.1:1\"}\n"
                                + "http: {admin: \"127.0.0.1:3\", health: \"127.0.0.1:2\"}\n");
        String config = nobody.toString();
        assertOneLine(run("send", "--to", "a@example.com", "--config", config).expect(69));
        assertOneLine(run("queue", "list", "--config", config).expect(69));
        assertOneLine(Commands.run(postern().command("sendmail", "a@example.com")).expect(69));
    }

    @Test
    void sendFollowsItsMessageToTheEnd() throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = postern().egress(sink.egress()).start()) {
            Path attachment = write("report.txt", "figures\n");
            send(
                    postern,
                    0,
                    "--to",
                    "a@example.com",
                    "--subject",
                    "Grüße",
                    "--attach",
                    attachment.toString());
            Arrival arrival = sink.arrivals().getFirst();
            assertEquals(Set.of("a@example.com"), arrival.recipients());
            assertTrue(arrival.content().toString().contains("report.txt"));
            send(postern, 1, "--to", "refused@example.com");
        }
        try (Postern postern = postern().egress("").start()) {
            Commands.Result held = send(postern, 75, "--to", "a@example.com", "--wait", "1s");
            assertTrue(held.errors().contains("no egress"), held.errors());
        }
    }

    @Test
    void sendmailTakesWhatCronAndPhpGiveIt() throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = postern().egress(sink.egress()).start()) {
            sendmail(
                    postern,
                    0,
                    "-t -i -f app@example.org",
                    """
                    To: Somebody <a@example.com>
                    Bcc: b@example.com
                    Subject: Hello

                    .
                    a line of one dot was above
                    """);
            Arrival arrival = sink.await("app@example.org");
            assertEquals(Set.of("a@example.com", "b@example.com"), arrival.recipients());
            assertFalse(arrival.content().toString().contains("b@example.com"));
            assertTrue(arrival.content().rest().startsWith("\r\n.\r\na line"));

            sendmail(
                    postern,
                    0,
                    "-FCronDaemon -i -B8BITMIME -oem -f cron@example.org c@example.com",
                    "Subject: cron\n\nran\n");
            assertEquals(Set.of("c@example.com"), sink.await("cron@example.org").recipients());
            sendmail(postern, 64, "-t -f app@example.org", "Subject: to nobody\n\n");

            Path link = directory.resolve("sendmail");
            Files.createSymbolicLink(link, Path.of(postern.command().command().getFirst()));
            ProcessBuilder byName = postern.command();
            byName.command(link.toString(), "-f", "named@example.org", "d@example.com");
            Commands.run(byName, "Subject: by name\n\nx\n".getBytes(UTF_8)).expect(0);
            assertEquals(Set.of("d@example.com"), sink.await("named@example.org").recipients());
        }
    }

    @Test
    void theQueueIsShownAndSteered() throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = postern().start()) {
            String first = held(postern, "a@example.com");
            String second = held(postern, "b@example.com");
            String listed = queue(postern, 0, "list");
            assertTrue(listed.contains(first) && listed.contains(second), listed);
            assertTrue(queue(postern, 0, "show", first).contains("a@example.com"));

            queue(postern, 0, "hold", first);
            queue(postern, 0, "delete", second);
            queue(postern, 1, "show", second);
            queue(postern, 1, "retry", "NOSUCHID");
            assertFalse(queue(postern, 0, "list").contains(second));

            assertEquals(0, postern.stop());
            postern.egress(sink.egress()).start();
            assertEquals(1, postern.count("held"), "an operator's hold outlives a restart");
            queue(postern, 0, "release", first);
            postern.awaitEmpty();
            assertEquals(1, sink.arrivals().size());
        }
    }

    private String held(Postern postern, String recipient) throws IOException {
        String said = send(postern, 75, "--to", recipient, "--wait", "0s").output();
        Matcher id = QUEUE_ID.matcher(said);
        assertTrue(id.find(), said);
        return id.group(1);
    }

    private Postern postern() {
        return Postern.in(directory);
    }

    private Commands.Result run(String... arguments) throws IOException {
        return postern().run(arguments);
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static Commands.Result send(Postern postern, int status, String... options)
            throws IOException {
        return with(postern, "send", options).expect(status);
    }

    private static String queue(Postern postern, int status, String... words) throws IOException {
        return with(postern, "queue", words).expect(status).output();
    }

    private static Commands.Result with(Postern postern, String command, String... more)
            throws IOException {
        List<String> words = new ArrayList<>(List.of(command));
        words.addAll(List.of(more));
        words.addAll(List.of("--config", postern.writeConfiguration().toString()));
        return postern.run(words.toArray(String[]::new));
    }

    private static void sendmail(Postern postern, int status, String options, String message)
            throws IOException {
        List<String> words = new ArrayList<>(List.of("sendmail"));
        words.addAll(List.of(options.split(" ")));
        Commands.run(postern.command(words.toArray(String[]::new)), message.getBytes(UTF_8))
                .expect(status);
    }

    private static void assertOneLine(Commands.Result result) {
        assertEquals(1, result.errors().lines().count(), result.errors());
        assertTrue(result.errors().contains("not reachable"), result.errors());
    }
}
