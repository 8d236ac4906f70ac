package dev.postern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.cli.Commands.Forwarding;
import dev.postern.config.EgressConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import dev.postern.submit.ScriptedListener;
import dev.postern.testing.Await;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.logging.LogManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CommandsTest {

    @TempDir private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();
    private final List<Loaded.Valid> served = new ArrayList<>();
    private String input = "";
    private String executed = "";
    private boolean throughTree;

    private final Forwarding forwarding =
            new Forwarding() {
                @Override
                public int serve(Loaded.Valid loaded, ConfigFiles files) {
                    served.add(loaded);
                    return 0;
                }

                @Override
                public int exec(
                        Loaded.Valid loaded,
                        ConfigFiles files,
                        List<String> command,
                        IntFunction<Map<String, String>> changes) {
                    served.add(loaded);
                    executed = command + " with " + new TreeMap<>(changes.apply(2525));
                    return 3;
                }
            };

    @BeforeEach
    void spool() throws IOException {
        Path spool = Files.createDirectory(directory.resolve("spool"));
        environment.put("POSTERN_SPOOL_PATH", spool.toString());
        environment.put("POSTERN_SMTP_HOSTNAME", "mx.test");
    }

    @AfterEach
    void quiet() throws IOException {
        LogManager.getLogManager().reset();
        try (InputStream config = getClass().getResourceAsStream("/logging.properties")) {
            if (config != null) {
                LogManager.getLogManager().readConfiguration(config);
            }
        }
    }

    private int run(String... words) {
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(input.getBytes(UTF_8)),
                        new PrintStream(out, true, UTF_8),
                        new PrintStream(err, true, UTF_8));
        return throughTree
                ? new CommandTree(new Commands(terminal, forwarding), terminal, this::sources)
                        .execute(List.of(words))
                : Commands.run(List.of(words), terminal, this::sources, forwarding);
    }

    private Sources sources(@Nullable Path file) {
        Sources real = Sources.ofProcess(file);
        return new Sources(
                real.file(),
                environment,
                directory,
                real.reader(),
                real.hostname(),
                real.fileSystemType(),
                null);
    }

    private String complaint() {
        String text = err.toString(UTF_8);
        assertEquals(1, text.lines().count(), text);
        assertTrue(text.startsWith("postern: "), text);
        return text;
    }

    private void endpoint(String smtp, String admin) throws IOException {
        Files.writeString(
                directory.resolve("spool/endpoint"),
                "smtp=" + smtp + "\nhealth=127.0.0.1:1\nadmin=" + admin + "\n");
    }

    private static String closedPort() throws IOException {
        try (ServerSocket free = new ServerSocket(0)) {
            return "127.0.0.1:" + free.getLocalPort();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "serve --confg x, --config",
        "srve, serve",
        "queue lst, list",
        "send --too a@example.org, --to"
    })
    void whatIsMistypedIsSuggested(String words, String near) {
        assertEquals(2, run(words.split(" ")));

        assertTrue(complaint().contains(near), err.toString(UTF_8));
    }

    /// What services start by is understood without the tree, where it is plain: it must mean what
    /// the tree makes of it.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "serve",
                "serve --config FILE",
                "serve -c FILE",
                "serve --config=FILE",
                "serve --config",
                "serve --config FILE --config FILE",
                "serve --",
                "serve -- x",
                "serve x",
                "serve --config missing.yaml",
                "exec",
                "exec --",
                "exec -- app",
                "exec -- app -- more",
                "exec -- app --config x",
                "exec -- --adopt",
                "exec app --adopt",
                "exec --adopt -- app -c x",
                "exec --adopt --adopt -- app",
                "exec -c FILE --adopt -- app",
                "exec --adopt app",
                "version",
                "version x",
                "version --help"
            })
    void whatIsPlainMeansTheSameAsTheTreeSays(String line) throws IOException {
        Path file = Files.writeString(directory.resolve("some.yaml"), "smtp: {hostname: of.file}");
        String[] words = line.replace("FILE", file.toString()).split(" ");
        String plain = outcome(run(words));
        throughTree = true;
        assertEquals(outcome(run(words)), plain);
    }

    private String outcome(int status) {
        // Closed, it has written all that was logged.
        LogManager.getLogManager().reset();
        String printed = out.toString(UTF_8) + err.toString(UTF_8);
        String said = status + printed.replaceAll("\"time\":\"[^\"]*\"", "") + executed;
        List<String> hosts = served.stream().map(it -> it.config().smtp().hostname()).toList();
        out.reset();
        err.reset();
        served.clear();
        executed = "";
        return said + hosts;
    }

    /// A lone surrogate is in no charset; it stands for what the locale's charset lacks.
    @Test
    void aFileThatCannotBeNamedIsToldWithTheFix() {
        assertEquals(2, run("config", "check", "--config", "/a/\uD800"));

        assertTrue(complaint().contains("set LC_ALL=C.UTF-8"), err.toString(UTF_8));
    }

    @Test
    void aMissingCommandIsTold() {
        assertEquals(2, run());

        complaint();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "serve --help",
                "send --help",
                "sendmail --help",
                "queue --help",
                "queue list --help",
                "queue show --help",
                "queue retry --help",
                "config --help",
                "config check --help",
                "config show --help",
                "config reference --help",
                "version --help"
            })
    void everyCommandHasHelp(String words) {
        assertEquals(0, run(words.split(" ")));

        assertTrue(out.toString(UTF_8).contains("Usage:"), out.toString(UTF_8));
        assertEquals("", err.toString(UTF_8));
        for (String line : out.toString(UTF_8).lines().toList()) {
            assertTrue(line.length() <= 120, line);
        }
    }

    @Test
    void theRootTeachesTheFirstSteps() {
        run("--help");

        String help = out.toString(UTF_8);
        for (String command : List.of("serve", "send", "sendmail", "queue", "config", "version")) {
            assertTrue(help.contains("  " + command), help);
        }
    }

    @Test
    void theVersionIsTold() {
        assertEquals(0, run("version"));

        assertTrue(out.toString(UTF_8).startsWith("postern "));
        assertFalse(out.toString(UTF_8).contains("${"), out.toString(UTF_8));
    }

    @Test
    void serveGetsTheConfiguration() {
        environment.put("POSTERN_SMTP_LISTEN", "127.0.0.1:0");

        assertEquals(0, run("serve"));

        assertEquals(0, served.getFirst().config().smtp().listen().port());
    }

    @Test
    void serveTellsEveryProblemAndDoesNotRun() {
        environment.put("POSTERN_SMTP_LISTEN", "nonsense");
        environment.put("POSTERN_RETRY_MAX_AGE", "soon");

        assertEquals(2, run("serve"));

        assertEquals(2, err.toString(UTF_8).lines().count(), err.toString(UTF_8));
        assertTrue(err.toString(UTF_8).lines().allMatch(line -> line.startsWith("postern: ")));
        assertTrue(served.isEmpty());
    }

    /// Also a word that begins with @, which may name a file that is there.
    @Test
    void execRunsWhatFollowsTheTwoHyphens() {
        assertEquals(3, run("exec", "--", "app", "--help", "-x", "@file"));

        assertEquals("[app, --help, -x, @file] with {}", executed);
    }

    @Test
    void execWithoutACommandSaysSo() {
        assertEquals(2, run("exec", "--adopt"));

        assertTrue(complaint().contains("CMD"), err.toString(UTF_8));
        assertTrue(served.isEmpty());
    }

    @Test
    void execAdoptsTheAppsSettings() {
        environment.put("SMTP_HOST", "smtp.example.org");
        environment.put("POSTERN_EGRESS", "resend://key@");

        assertEquals(3, run("exec", "--adopt", "--", "app"));

        assertEquals("[app] with {SMTP_HOST=127.0.0.1, SMTP_PORT=2525}", executed);
        assertEquals(
                List.of("resend", "adopted"),
                served.getFirst().config().egress().stream().map(EgressConfig::name).toList());
    }

    @Test
    void execLeavesSettingsAloneThatLeadToItself() {
        environment.put("SMTP_HOST", "localhost");
        environment.put("SMTP_PORT", "2525");

        assertEquals(3, run("exec", "--adopt", "--", "app"));

        assertEquals("[app] with {}", executed);
        assertTrue(served.getFirst().config().egress().isEmpty());
        Await.until("it is said", () -> err.toString(UTF_8).contains("lead to our own listener"));
    }

    @Test
    void configCommandsTalk() {
        assertEquals(0, run("config", "check"));
        assertEquals(0, run("config", "show"));
        assertEquals(0, run("config", "reference"));

        String text = out.toString(UTF_8);
        assertTrue(text.contains("good"), text);
        assertTrue(text.contains("hostname: mx.test"), text);
        assertTrue(text.contains("max-message-size"), text);
    }

    @Test
    void nobodyThereIsSixtyNine() throws IOException {
        endpoint(closedPort(), closedPort());

        assertEquals(69, run("send", "--to", "a@example.org"));
        assertTrue(complaint().contains("not reachable"));
        err.reset();
        assertEquals(69, run("queue", "list"));
        complaint();
        err.reset();
        input = "Subject: x\n\nx\n";
        assertEquals(69, run("sendmail", "a@example.org"));
        complaint();
    }

    @ParameterizedTest
    @CsvSource({
        "'sendmail', 64",
        "'sendmail -Z a@example.org', 64",
        "'sendmail -f', 64",
        "'sendmail -bp', 69",
        "'sendmail -bv a@example.org', 64",
        "'sendmail a@@b', 65",
        "'sendmail -f a@@b c@example.org', 64"
    })
    void sendmailKnowsItsOwnExitCodes(String words, int exit) throws IOException {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(exit, run(words.split(" ")));
            complaint();
        }
    }

    @Test
    void sendmailIsToldOfABadConfiguration() {
        environment.put("POSTERN_SMTP_LISTEN", "nonsense");

        assertEquals(78, run("sendmail", "a@example.org"));
        complaint();
    }

    @Test
    void cronsCallArrives() throws Exception {
        input = "To: root\nSubject: Cron\n\nhello\n.\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(
                    0,
                    run(
                            "sendmail",
                            "-FCronDaemon",
                            "-i",
                            "-B8BITMIME",
                            "-oem",
                            "-f",
                            "cron@x.example",
                            "root"));

            assertEquals(
                    List.of(
                            "EHLO localhost",
                            "MAIL FROM:<cron@x.example> BODY=8BITMIME",
                            "RCPT TO:<root>",
                            "DATA",
                            "From: \"CronDaemon\" <cron@x.example>",
                            "To: root@mx.test",
                            "Subject: Cron",
                            "",
                            "hello",
                            "..",
                            ".",
                            "QUIT"),
                    listener.session());
        }
    }

    /// As Debian's cron writes it: the header is completed, the recipient left to the aliases.
    @Test
    void cronsHeaderGetsAddressesThatProvidersTake() throws Exception {
        environment.put("POSTERN_SENDMAIL_FROM", "vps@x.example");
        environment.put("POSTERN_QUALIFY_DOMAIN", "x.example");
        input = "From: root (Cron Daemon)\nTo: root\nSubject: root\n\nTo: root\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"));

            List<String> said = listener.session();
            assertEquals("MAIL FROM:<vps@x.example> BODY=8BITMIME", said.get(1));
            assertEquals("RCPT TO:<root>", said.get(2));
            assertEquals(
                    List.of(
                            "From: vps@x.example (Cron Daemon)",
                            "To: root@x.example",
                            "Subject: root",
                            "",
                            "To: root"),
                    said.subList(4, 9));
        }
    }

    @ParameterizedTest
    @CsvSource({"root, vps@x.example", "<>, ''", "a@y.example, a@y.example"})
    void onlyALocalSenderIsReplaced(String given, String sender) throws Exception {
        environment.put("POSTERN_SENDMAIL_FROM", "vps@x.example");
        input = "Subject: x\n\nx\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-f", given, "b@x.example"));

            assertEquals("MAIL FROM:<" + sender + "> BODY=8BITMIME", listener.session().get(1));
        }
    }

    @Test
    void theSecretsOfTheEgressesStopNoSendmail() throws Exception {
        environment.put("POSTERN_HTTP_ADMIN_TOKEN_FILE", "/nowhere/token");
        environment.put("POSTERN_CONFIG", directory.resolve("postern.yaml").toString());
        Files.writeString(
                directory.resolve("postern.yaml"),
                "egress: [{name: a, type: sendgrid, api-key: \"${file:/nowhere/key}\"}]\n");
        input = "Subject: x\n\nx\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "a@example.org"), err.toString(UTF_8));
        }
    }

    @Test
    void recipientsComeFromTheHeaderAndADotEnds() throws Exception {
        input =
                "From: a@x.example\n"
                        + "To: B <b@x.example>,\n"
                        + " c@x.example\n"
                        + "Bcc: d@x.example\n\n"
                        + "hello\n"
                        + ".\n"
                        + "not this\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-t", "-f", "<>"));

            List<String> said = listener.session();
            assertTrue(said.contains("MAIL FROM:<> BODY=8BITMIME"), said.toString());
            assertTrue(said.contains("RCPT TO:<b@x.example>"));
            assertTrue(said.contains("RCPT TO:<c@x.example>"));
            assertTrue(said.contains("RCPT TO:<d@x.example>"));
            assertFalse(said.contains("not this"));
        }
    }

    /// A recipient beyond what is read would be neither mailed nor told.
    @Test
    void aHeaderWithoutEndIsRefused() throws Exception {
        input = "To: a@x.example\n" + "X: y\n".repeat(60_000) + "Bcc: b@x.example\n\nx\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(65, run("sendmail", "-t", "-f", "a@x.example"));
            assertTrue(complaint().contains("too long"));
        }
    }

    /// What looks like a line behind a bare CR adds no recipient, here nor at the listener.
    @Test
    void aCarriageReturnInASubjectAddsNobody() throws Exception {
        input = "To: b@x.example\nSubject: s\rBcc: evil@x.example\nX: y\n\nhello\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-t", "-i", "-f", "a@x.example"));

            List<String> said = listener.session();
            assertEquals(
                    List.of("RCPT TO:<b@x.example>"),
                    said.stream().filter(line -> line.startsWith("RCPT")).toList());
            assertTrue(said.contains("Subject: s Bcc: evil@x.example"), said.toString());
        }
    }

    @Test
    void aMessageSentAgainIsForItsNewRecipientsAlone() throws Exception {
        input =
                "Resent-To: new@x.example\nResent-From: me@x.example\nResent-Bcc: hid@x.example\n"
                        + "From: a@x.example\nTo: old@x.example\n\nx\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-t", "-i", "-f", "me@x.example"));

            assertEquals(
                    List.of("RCPT TO:<new@x.example>", "RCPT TO:<hid@x.example>"),
                    listener.session().stream().filter(line -> line.startsWith("RCPT")).toList());
        }
    }

    /// `echo hello | sendmail bob`: the From field that is added does not make a header of it.
    @Test
    void aMessageWithoutFieldsStaysABody() throws Exception {
        input = "hello\n\nTo: body\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-f", "a@x.example", "b@x.example"));

            assertEquals(
                    List.of("From: a@x.example", "", "hello", "", "To: body", "."),
                    listener.session().subList(4, 10));
        }
    }

    @ParameterizedTest
    @CsvSource({"550 5.1.1 no, 65", "451 4.3.0 later, 75"})
    void aRefusalHasItsExitCode(String reply, int exit) throws IOException {
        input = "Subject: x\n\nx\n";
        try (ScriptedListener listener =
                new ScriptedListener(line ->
                        line.startsWith("RCPT") ? reply : ScriptedListener.accepting(line))) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(exit, run("sendmail", "a@example.org"));
            assertTrue(complaint().contains(reply));
        }
    }

    @Test
    void whoCanNotBeMailedStopsNobodyElse() throws Exception {
        input = "Subject: x\n\nx\n";
        try (ScriptedListener listener =
                new ScriptedListener(line ->
                        line.equals("RCPT TO:<root>")
                                ? "550 5.1.3 no alias"
                                : ScriptedListener.accepting(line))) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(65, run("sendmail", "-i", "root,ops@example.net", "a@@b"));

            assertTrue(listener.session().contains("RCPT TO:<ops@example.net>"));
            assertTrue(listener.session().contains("DATA"));
            String told = err.toString(UTF_8);
            assertTrue(told.contains("'a@@b' is no mail address"), told);
            assertTrue(told.contains("root is refused: 550 5.1.3 no alias"), told);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Web App <app@example.org>, app@example.org",
        "app@example.org (Web App), app@example.org",
        "<>, ''",
        "'', ''"
    })
    void theSenderIsTheAddressAmongWhatIsWritten(String given, String sender) throws Exception {
        input = "Subject: x\n\nx\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-f", given, "b@x.example"));

            assertEquals("MAIL FROM:<" + sender + "> BODY=8BITMIME", listener.session().get(1));
        }
    }

    @Test
    void aNameBeyondAsciiIsAnEncodedWord() throws Exception {
        input = "To: b@x.example\n\nx\n";
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("sendmail", "-F", "Jürgen Ö", "-fa@x.example", "b@x.example"));

            assertEquals(
                    "From: =?UTF-8?B?SsO8cmdlbiDDlg==?= <a@x.example>", listener.session().get(4));
        }
    }

    @Test
    void aRefusedTestMessageFailed() throws IOException {
        try (ScriptedListener listener =
                new ScriptedListener(line ->
                        line.startsWith("MAIL")
                                ? "550 5.7.1 no"
                                : ScriptedListener.accepting(line))) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(1, run("send", "--to", "a@example.org"));
        }
    }

    @Test
    void aMessageThatWasSentAtOnceNeedsNoFollowing() throws IOException {
        try (ScriptedListener listener =
                new ScriptedListener(line ->
                        line.equals(".")
                                ? "250 2.0.0 Ok: sent as 0F3Q8M2C7K1A via gmail: 250 ok"
                                : ScriptedListener.accepting(line))) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(0, run("send", "--to", "a@example.org"));
            assertTrue(out.toString(UTF_8).contains("via gmail"));
        }
    }

    @Test
    void acceptedButNotFollowedIsStillQueued() throws IOException {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            endpoint(listener.address().toString(), closedPort());

            assertEquals(75, run("send", "--to", "a@example.org"));
            assertTrue(complaint().contains("can't be followed"));
        }
    }
}
