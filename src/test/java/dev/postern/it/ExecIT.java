package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Access;
import dev.postern.testing.Arrival;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Daemon;
import dev.postern.testing.Postern;
import dev.postern.testing.Programs;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.Sink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `postern exec`: the forwarder and an app in one container.
class ExecIT {

    /// Sends a message by the settings that Django has in its environment, as its very first act.
    private static final String APP =
            """
            import os, smtplib, sys
            with smtplib.SMTP(os.environ["EMAIL_HOST"], int(os.environ["EMAIL_PORT"])) as server:
                if os.environ["EMAIL_USE_TLS"] == "True":
                    server.starttls()
                server.login(os.environ["EMAIL_HOST_USER"], os.environ["EMAIL_HOST_PASSWORD"])
                text = "Subject: hi\\r\\n\\r\\nHi."
                server.sendmail("app@example.org", ["user@example.com"], text)
            print("the app's own output")
            sys.exit(7)
            """;

    /// Writes each signal that it gets into a file, and ends with the number of them at TERM.
    private static final String SIGNALLED =
            """
            import os, signal, sys, time
            got = []
            def note(number, frame):
                got.append(signal.Signals(number).name[3:])
                with open(sys.argv[1], "w") as out:
                    out.write(" ".join(sorted(got)))
                if number == signal.SIGTERM:
                    sys.exit(len(got))
            for name in ("TERM", "INT", "HUP", "USR1", "USR2", "TTIN", "TTOU", "WINCH"):
                signal.signal(getattr(signal, "SIG" + name), note)
            print("ready", flush=True)
            while True:
                time.sleep(60)
            """;

    @TempDir private Path directory;

    private ProcessBuilder exec(Postern postern, List<String> options, String... command)
            throws IOException {
        List<String> words = new ArrayList<>(List.of("exec"));
        words.addAll(options);
        words.addAll(List.of("--config", postern.writeConfiguration().toString(), "--"));
        words.addAll(List.of(command));
        return postern.command(words.toArray(String[]::new));
    }

    private Commands.Result run(String... command) throws IOException {
        try (Postern postern = Postern.in(directory)) {
            return Commands.run(exec(postern, List.of(), command));
        }
    }

    @Test
    void theAppsFirstMailGoesOutAndItsStatusStays() throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).egress(sink.egress())) {
            ProcessBuilder builder = exec(postern, List.of("--adopt"), python(), "-c", APP);
            builder.environment()
                    .putAll(
                            Map.of(
                                    "EMAIL_HOST", "smtp.example.invalid",
                                    "EMAIL_PORT", "587",
                                    "EMAIL_USE_TLS", "True",
                                    "EMAIL_HOST_USER", "me@example.org",
                                    "EMAIL_HOST_PASSWORD", "not-for-the-log"));

            Commands.Result result = Commands.run(builder).expect(7);

            assertEquals("the app's own output\n", result.output());
            Arrival arrival = sink.await("app@example.org");
            assertEquals(Set.of("user@example.com"), arrival.recipients());
            assertTrue(result.errors().contains("egress adopted comes from EMAIL_HOST"));
            assertFalse(result.errors().contains("not-for-the-log"), result.errors());
        }
    }

    /// They are the app's, and would not go with ours.
    @Test
    void javasOwnVariablesReachTheCommandAlone() throws IOException {
        try (Postern postern = Postern.in(directory)) {
            ProcessBuilder builder =
                    exec(postern, List.of(), "sh", "-c", "echo $JAVA_TOOL_OPTIONS; env");
            builder.environment().put("JAVA_TOOL_OPTIONS", "-XX:+UseG1GC");
            Commands.Result result = Commands.run(builder).expect(0);
            assertTrue(result.output().startsWith("-XX:+UseG1GC\n"), result.output());
            assertFalse(result.output().contains("KEPT"), result.output());
        }
    }

    /// What the shell of `bin/postern` can't say is the app's too.
    @Test
    void theAppsVariablesReachTheCommandAsTheyAre() throws IOException {
        Map<String, String> own =
                Map.of(
                        "spring.mail.host", "mail.example.org",
                        "with-dash", "two\nlines = one value\n ",
                        "with-return", "first\rX_INVENTED=no\r",
                        "spring.first", "a".repeat(100_000),
                        "spring.second", "b".repeat(100_000),
                        "BASH_FUNC_f%%", "() { :; }",
                        "SENDGRID_API_KEY", "SG.the-apps",
                        "POSTERN_SERVICE_HOST", "10.0.0.1",
                        "POSTERN_PORT_2525_TCP_ADDR", "10.0.0.1",
                        "LAST", "ümlaut");
        try (Postern postern = Postern.in(directory).environment(own)) {
            String seen = Commands.run(exec(postern, List.of(), "env", "-0")).expect(0).output();
            List<String> entries = List.of(seen.split("\0"));
            own.forEach((name, value) -> {
                assertTrue(entries.contains(name + "=" + value), name + ": " + entries);
            });
            assertFalse(seen.contains("UNSPEAKABLE"), seen);
        }
    }

    /// Slim images, cron and systemd have no locale, and ssh brings one along that isn't installed.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "NOTHING=",
                "LC_ALL=",
                "LC_ALL=C",
                "LANG=POSIX",
                "LANG=xx_XX.UTF-8",
                "LC_ALL=xx_XX.ISO-8859-1",
                "LC_ALL=C.UTF-8"
            })
    void wordsBeyondAsciiNeedNoLocale(String locale) throws IOException {
        String[] set = locale.split("=", -1);
        String password = "pässwört";
        Map<String, String> own = Map.of(set[0], set[1], "APPS", "größe");
        String script =
                "printf '%s\\n' \"$1\" \"$APPS\" \"${LC_ALL-unset}\" \"${LANG-unset}\"; env >&2;"
                        + " while [ ! -e go ]; do sleep 0.1; done";
        try (ScriptedServer next = ScriptedServer.start().offering("AUTH PLAIN");
                Postern postern =
                        Postern.in(directory)
                                .environment(own)
                                .spool(directory.resolve("größe/spool"))) {
            ProcessBuilder builder = exec(postern, List.of(), "sh", "-c", script, "sh", "gruß");
            builder.environment()
                    .put(
                            "POSTERN_EGRESS",
                            "smtp://me:" + password + "@127.0.0.1:" + next.port() + "?tls=none");
            try (Daemon daemon = Daemon.start(builder)) {
                Await.until("the probe logs in", () -> next.count("AUTH") == 1);
                Files.createFile(directory.resolve("go"));
                assertEquals(0, daemon.awaitExit(), daemon::output);
                String lcAll = own.getOrDefault("LC_ALL", "unset");
                String lang = own.getOrDefault("LANG", "unset");
                int first = daemon.lines().indexOf("gruß");
                assertTrue(first >= 0, daemon::output);
                assertEquals(
                        List.of("gruß", "größe", lcAll, lang),
                        daemon.lines().subList(first, first + 4));
                assertFalse(daemon.output().contains("_POSTERN"), daemon::output);
            }
            String said = "\0me\0" + password;
            assertEquals(
                    List.of(
                            "AUTH PLAIN "
                                    + Base64.getEncoder()
                                            .encodeToString(said.getBytes(StandardCharsets.UTF_8))),
                    next.commands().stream().filter(it -> it.startsWith("AUTH")).toList());
            assertTrue(Files.isDirectory(directory.resolve("größe/spool")));
        }
    }

    /// Octets that are no UTF-8 would not reach the command as they are.
    @Test
    void anArgumentThatCannotBePassedOnIsRefused() throws IOException {
        try (Postern postern = Postern.in(directory)) {
            ProcessBuilder builder = exec(postern, List.of(), "touch", "started");
            String program = String.join(" ", builder.command()) + " \"$(printf 'gr\\374n')\"";
            builder.command(List.of("sh", "-c", program));
            Commands.Result refused = Commands.run(builder).expect(2);
            assertTrue(
                    refused.errors().contains("CMD can't be given \"gr\uFFFDn\""),
                    refused.errors());
            assertFalse(Files.exists(directory.resolve("started")));
        }
    }

    /// Linux takes 128 KiB in a variable, and on its way this one would need more.
    @Test
    void aVariableThatCannotBePassedOnIsNamed() throws IOException {
        Map<String, String> own = Map.of("spring.huge", "x".repeat(131_040), "spring.small", "y");
        try (Postern postern = Postern.in(directory).environment(own)) {
            Commands.Result result = Commands.run(exec(postern, List.of(), "env", "-0")).expect(0);
            assertTrue(List.of(result.output().split("\0")).contains("spring.small=y"));
            assertTrue(result.errors().contains("lack spring.huge:"), result.errors());
            assertFalse(result.errors().contains("xxx"), "its value is not for the log");
        }
    }

    private static final Map<String, String> SECRETS =
            Map.of(
                    "POSTERN_EGRESS", "smtp://me:hush-1@127.0.0.1:9?tls=none",
                    "POSTERN_SMTP_USERS", "app:hush-2",
                    "POSTERN_HTTP_ADMIN_TOKEN", "hush-3-hush-3-hush-3-hush-3-hush-3");

    /// Looks where a secret could be seen. Tracing is refused to all but a root with every right.
    private static final String SPY =
            """
            env
            ls /proc/self/fd
            echo --- && tr '\\0' '\\n' <"/proc/$PPID/environ" && printf '%s read\\n' environ
            head -c 1 "/proc/$PPID/mem" && printf '%s read\\n' mem
            ls "/proc/$PPID/fd" >/dev/null && printf '%s read\\n' fd
            tr '\\0' ' ' <"/proc/$PPID/cmdline"
            """;

    /// Returns the program, run by a user without rights.
    private Postern asStranger() throws IOException {
        return Postern.in(directory)
                .home(Access.distributionIn(directory))
                .wrapper(Access.asStranger(directory));
    }

    private Commands.Result spied(Postern by) throws IOException {
        try (Postern postern = by.environment(SECRETS)) {
            Commands.Result spied = Commands.run(exec(postern, List.of(), "sh", "-c", SPY));
            assertFalse(spied.output().contains("hush"), spied.output());
            assertFalse(spied.output().contains("KEPT"), spied.output());
            assertTrue(spied.output().contains("\n0\n1\n2\n3\n---"), spied.output());
            return spied;
        }
    }

    @Test
    void noSecretReachesTheCommand() throws IOException {
        spied(Postern.in(directory));
    }

    /// As a user without rights, the command can look at nothing of ours.
    @Test
    void aCommandOfTheSameUserCannotLookAtUs() throws IOException {
        String seen = spied(asStranger()).output();
        for (String what : List.of("environ", "mem", "fd")) {
            assertFalse(seen.contains(what + " read"), seen);
        }
    }

    /// As PHP's `sendmail_path` has it.
    @Test
    void sendmailWithinTheCommandFindsTheForwarder() throws IOException {
        String program = System.getProperty("postern.home") + "/bin/postern";
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory)) {
            ProcessBuilder builder =
                    exec(
                            postern,
                            List.of(),
                            "sh",
                            "-c",
                            "printf 'Subject: hi\\n\\nHi.\\n' | \"$0\" sendmail -f app@example.org"
                                    + " user@example.com",
                            program);
            builder.environment().putAll(SECRETS);
            builder.environment()
                    .put("POSTERN_EGRESS", "smtp://127.0.0.1:" + sink.port() + "?tls=none");
            builder.environment().remove("POSTERN_SMTP_USERS");
            builder.environment().put("POSTERN_CONFIG", directory + "/postern.yaml");
            Commands.run(builder).expect(0);
            assertEquals(Set.of("user@example.com"), sink.await("app@example.org").recipients());
        }
    }

    /// Says that it was told, once it was.
    private static final String TOLD =
            "trap 'echo told; exit' TERM; echo ready; while :; do sleep 0.1; done";

    @Test
    void theCommandIsToldWhenWeAreKilled() throws IOException {
        killed(Postern.in(directory));
    }

    @Test
    void theCommandOfAUserWithoutRightsIsToldWhenWeAreKilled() throws IOException {
        killed(asStranger());
    }

    private void killed(Postern postern) throws IOException {
        try (postern;
                Daemon daemon = Daemon.start(exec(postern, List.of(), "sh", "-c", TOLD))) {
            Await.until("the command runs", () -> daemon.lines().contains("ready"));
            signal(daemon.pid(), "KILL");
            Await.until("the command is told", () -> daemon.lines().contains("told"));
            assertEquals(137, daemon.awaitExit());
        }
    }

    @Test
    void withoutSetprivTheCommandRunsAllTheSame() throws IOException {
        try (Postern postern = Postern.in(directory)) {
            Path empty = Files.createDirectory(directory.resolve("empty"));
            for (String status : List.of("0", "3")) {
                ProcessBuilder builder =
                        exec(postern, List.of(), "/bin/sh", "-c", "exit " + status);
                builder.environment().put("PATH", empty.toString());
                builder.environment().put("POSTERN_AOT", "off");
                Commands.Result result = Commands.run(builder).expect(Integer.parseInt(status));
                assertTrue(result.errors().contains("no setpriv"), result.errors());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"exit 0, 0", "exit 3, 3", "kill -9 $$, 137", "kill -TERM $$, 143"})
    void theCommandsStatusIsOurs(String script, int status) throws IOException {
        run("sh", "-c", script).expect(status);
    }

    @Test
    void whatCannotBeStartedIsToldInOneLine() throws IOException {
        Commands.Result missing = run("no-such-program", "x").expect(127);
        assertTrue(missing.errors().contains("postern: no-such-program: not found"));
        Path plain = Files.writeString(directory.resolve("plain"), "no program");
        Commands.Result forbidden = run(plain.toString()).expect(126);
        assertTrue(forbidden.errors().contains("can't be executed"), forbidden.errors());
        Path script = Files.writeString(directory.resolve("script"), "#!/no/such/shell -e\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        Commands.Result orphaned = run(script.toString()).expect(126);
        assertTrue(orphaned.errors().contains("/no/such/shell"), orphaned.errors());
        run(directory.toString()).expect(126);
    }

    @Test
    void beforeTheCommandStartsItIsOurStatus() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Postern postern = Postern.in(directory)) {
            ProcessBuilder builder = exec(postern, List.of(), "touch", "started");
            builder.environment().put("POSTERN_SMTP_LISTEN", "127.0.0.1:" + taken.getLocalPort());
            Commands.run(builder).expect(1);
            builder.environment().put("POSTERN_SMTP_LISTEN", "nonsense");
            Commands.run(builder).expect(2);
            assertFalse(Files.exists(directory.resolve("started")));
        }
    }

    @Test
    void everySignalReachesTheCommand() throws IOException {
        Path got = directory.resolve("got");
        try (Postern postern = Postern.in(directory).hearingSignals();
                Daemon daemon =
                        Daemon.start(
                                exec(
                                        postern,
                                        List.of(),
                                        python(),
                                        "-c",
                                        SIGNALLED,
                                        got.toString()))) {
            Await.until("the command runs", () -> daemon.lines().contains("ready"));
            List<String> sent = new ArrayList<>();
            for (String name : List.of("HUP", "INT", "TTIN", "TTOU", "USR1", "USR2", "WINCH")) {
                signal(daemon.pid(), name);
                sent.add(name);
                Await.until(name + " arrives", () -> text(got).equals(String.join(" ", sent)));
            }
            signal(daemon.pid(), "TERM");
            assertEquals(8, daemon.awaitExit(), daemon::output);
        }
    }

    @Test
    void whatIsDueLeavesAfterTheCommandEnded() throws IOException {
        String many =
                """
                import os, smtplib
                with smtplib.SMTP("127.0.0.1", int(os.environ["SMTP_PORT"])) as server:
                    for n in range(200):
                        server.sendmail("app@example.org", ["user@example.com"], "\\r\\nHi.")
                """;
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).egress(sink.egress())) {
            ProcessBuilder builder = exec(postern, List.of("--adopt"), python(), "-c", many);
            builder.environment().put("SMTP_HOST", "smtp.example.invalid");
            Commands.run(builder).expect(0);
            assertEquals(200, sink.taken().size());
        }
    }

    /// A process that its parent left behind belongs to the first process, which must reap it.
    @ParameterizedTest
    @ValueSource(ints = {1, 50})
    void asTheFirstProcessItReapsOrphans(int count) throws IOException {
        List<String> alone = Access.unshare("--pid", "--fork", "--mount-proc");
        String script =
                """
                for i in $(seq %d); do (sh -c 'sleep 0.1 &' &); done
                sleep 1
                grep -l '^State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l
                ls -d /proc/[0-9]* | wc -l >&2
                """
                        .formatted(count);
        try (Postern postern = Postern.in(directory)) {
            ProcessBuilder builder = exec(postern, List.of(), "sh", "-c", script);
            builder.command().addAll(0, alone);
            Commands.Result result = Commands.run(builder).expect(0);
            assertEquals("0", result.output().strip(), result.errors());
        }
    }

    private static String python() {
        return Programs.PYTHON.require().toString();
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException beingWritten) {
            return "";
        }
    }

    private static void signal(long pid, String name) throws IOException {
        Commands.run(new ProcessBuilder("kill", "-" + name, String.valueOf(pid))).expect(0);
    }
}
