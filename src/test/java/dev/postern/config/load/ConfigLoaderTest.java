package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.HostPort;
import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.Acknowledge;
import dev.postern.config.Secret;
import dev.postern.config.SmtpConfig;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLoaderTest {

    @Test
    void nothingGivenIsAConfigurationToo() {
        Loaded.Valid loaded = new Loading().valid();
        PosternConfig config = loaded.config();
        assertNull(loaded.file());
        assertEquals(List.of(), loaded.remarks());
        assertEquals(new HostPort("127.0.0.1", 2525), config.smtp().listen());
        assertEquals(Loading.HOSTNAME, config.smtp().hostname());
        assertEquals(40L << 20, config.smtp().maxMessageSizeBytes());
        assertTrue(config.smtp().allowIsDefault());
        assertEquals(Path.of("./spool"), config.spool().path());
        assertEquals(8, config.retry().schedule().size());
        assertEquals(Duration.ofDays(5), config.retry().maxAge());
        assertEquals(List.of(), config.egress());
    }

    @Test
    void laterSourcesWin() {
        Loading loading = new Loading().yaml("smtp: {max-recipients: 5, max-connections: 6}\n");
        loading.variable("POSTERN_SMTP_MAX_CONNECTIONS", "7");
        SmtpConfig smtp = loading.config().smtp();
        assertEquals(5, smtp.maxRecipients());
        assertEquals(7, smtp.maxConnections());
        assertEquals(Duration.ofMinutes(5), smtp.idleTimeout());
    }

    @Test
    void theFirstFileThatIsNamedOrExistsIsRead() {
        Loading loading = new Loading();
        loading.file("/etc/postern/postern.yaml", "drain-timeout: 1s\n");
        assertEquals(Path.of("/etc/postern/postern.yaml"), loading.valid().file());
        loading.yaml("drain-timeout: 2s\n");
        assertEquals(Duration.ofSeconds(2), loading.config().drainTimeout());
        loading.file("conf/a.yaml", "drain-timeout: 3s\n")
                .variable("POSTERN_CONFIG", "conf/a.yaml");
        assertEquals(Duration.ofSeconds(3), loading.config().drainTimeout());
        loading.file("b.yaml", "drain-timeout: 4s\n").option = Path.of("b.yaml");
        assertEquals(Duration.ofSeconds(4), loading.config().drainTimeout());
        loading.option = Path.of("c.yaml");
        assertEquals("c.yaml: no such file: /work/c.yaml", loading.problems());
    }

    /// A lone surrogate is in no charset; it stands for what the locale's charset lacks.
    @Test
    void aPathThatNoFileCanHaveIsAProblem() {
        String what = ": must be a path in the locale's charset, which is ";
        String remedy = "; set LC_ALL=C.UTF-8";
        List<Loading> wrong =
                List.of(
                        new Loading().yaml("spool: {path: \"/a/\\uD800\"}\n"),
                        new Loading().yaml("http: {admin-token: \"${file:/a/\\uD800}\"}\n"),
                        new Loading().variable("POSTERN_SPOOL_PATH", "/a/\uD800"),
                        new Loading().variable("POSTERN_HTTP_ADMIN_TOKEN_FILE", "/a/\uD800"),
                        new Loading().variable("POSTERN_CONFIG", "/a/\uD800"));
        for (Loading loading : wrong) {
            String problems = loading.problems();
            assertTrue(problems.contains(what), problems);
            assertTrue(problems.endsWith(remedy), problems);
            assertEquals(1, problems.lines().count(), problems);
        }
        assertTrue(wrong.get(0).problems().contains("spool.path"), wrong.get(0)::problems);
        assertTrue(wrong.get(4).problems().startsWith("POSTERN_CONFIG: "), wrong.get(4)::problems);
        String problems = new Loading().yaml("spool: {path: \"/a/\\0\"}\n").problems();
        assertTrue(problems.contains("spool.path: must be a path without NUL"), problems);
    }

    /// Java puts U+FFFD for what it can't read: a password would be sent wrong.
    @ParameterizedTest
    @CsvSource({
        "POSTERN_EGRESS, smtp://me:p\uFFFDss@a.example, egress",
        "POSTERN_HTTP_ADMIN_TOKEN, p\uFFFDss, http.admin-token",
        "POSTERN_SPOOL_PATH, /gr\uFFFDn, spool.path",
        "POSTERN_ALIASES, root=p\uFFFDss@a.example, aliases",
    })
    void aVariableThatJavaCannotReadIsAProblem(String name, String value, String key) {
        assertEquals(
                name
                        + ": "
                        + key
                        + ": is no text in the locale's charset; write it in UTF-8 and"
                        + " set LC_ALL=C.UTF-8",
                new Loading().variable(name, value).problems());
        String problems =
                new Loading()
                        .yaml("aliases: {a: \"${HERE}\"}\n")
                        .variable("HERE", value)
                        .problems();
        assertTrue(problems.contains("HERE is no text in the locale's charset; "), problems);
        assertFalse(problems.contains(value), problems);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing\n", "\uFEFF# nothing\n", "smtp:\n", "---\n", "null\n"})
    void anEmptyFileIsFine(String yaml) {
        assertEquals(2525, new Loading().yaml(yaml).config().smtp().listen().port());
    }

    @Test
    void anEgressListMayBeCommentedOut() {
        Loading loading = new Loading().yaml("egress:\n#  - name: a\n");
        assertEquals(List.of(), loading.config().egress());
        loading.variable("BREVO_API_KEY", "k");
        assertEquals("brevo", loading.egress().name());
    }

    @Test
    void anchorsAndAliasesWork() {
        Loading loading =
                new Loading().yaml("drain-delay: &d 3s\ndrain-timeout: *d\nnotify: {url: null}\n");
        assertEquals(Duration.ofSeconds(3), loading.config().drainTimeout());
    }

    @Test
    void usersAndAliasesComeFromVariables() {
        Loading loading = new Loading();
        loading.variable("POSTERN_SMTP_USERS", "app:a%2Cb%3Ac, cron:x%25");
        loading.variable("POSTERN_ALIASES", "Root=ops@example.org,a%3Db=root");
        PosternConfig config = loading.config();
        assertEquals(
                List.of("app", "cron"),
                config.smtp().users().stream().map(SmtpConfig.User::username).toList());
        assertEquals("a,b:c", config.smtp().users().getFirst().password().reveal());
        assertEquals(Map.of("root", "ops@example.org", "a=b", "root"), config.aliases());
    }

    @Test
    void usersMayStandInAFile() {
        Loading loading = new Loading().file("users", "app:x,cron:y\n");
        loading.variable("POSTERN_SMTP_USERS_FILE", "users");
        assertEquals(2, loading.config().smtp().users().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POSTERN_SERVICE_HOST",
                "POSTERN_SERVICE_PORT",
                "POSTERN_SERVICE_PORT_SMTP",
                "POSTERN_PORT",
                "POSTERN_PORT_2525_TCP",
                "POSTERN_PORT_2525_TCP_PROTO",
                "POSTERN_PORT_2525_UDP_ADDR",
                "POSTERN_MAIL_2_SERVICE_PORT_HTTP_ADMIN",
                "POSTERN_MAIL_PORT_25_SCTP_PORT",
                "POSTERN_JAVA_OPTS",
                "POSTERNX",
                "postern_smtp",
            })
    void othersVariablesAreIgnored(String name) {
        new Loading().variable(name, "tcp://10.0.0.1:2525").valid();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POSTERN_PORT_X_TCP",
                "POSTERN_SERVICE",
                "POSTERN_PORT_25_ICMP",
                "POSTERN_x_PORT",
                "POSTERN_SERVICE_HOSTS",
                "POSTERN_",
                "POSTERN_CONFIG_FILE"
            })
    void whatOnlyLooksLikeKubernetesIsRefused(String name) {
        assertTrue(new Loading().variable(name, "1").problems().startsWith(name + ": unknown"));
    }

    @Test
    void anEmptyVariableCountsAsNotSet() {
        Loading loading = new Loading().yaml("smtp: {hostname: a.example}\n");
        loading.variable("POSTERN_SMTP_HOSTNAME", "").variable("POSTERN_EGRESS", "");
        loading.variable("POSTERN_CONFIG", "").variable("POSTERN_SMTP_HOSTNAME_FILE", "");
        assertEquals("a.example", loading.config().smtp().hostname());
    }

    @Test
    void conventionalVariablesMakeAnEgressEachInOrder() {
        Loading loading = new Loading();
        loading.variable("BREVO_API_KEY", "b").variable("RESEND_API_KEY", "r");
        loading.variable("POSTMARK_SERVER_TOKEN", "p").variable("SENDGRID_API_KEY", "s");
        loading.variable("MAILGUN_API_KEY", "m").variable("MAILGUN_DOMAIN", "mg.example.org");
        Loaded.Valid loaded = loading.valid();
        assertEquals(
                List.of("sendgrid", "mailgun", "postmark", "resend", "brevo"),
                loaded.config().egress().stream().map(EgressConfig::name).toList());
        assertEquals("egress sendgrid comes from SENDGRID_API_KEY", loaded.remarks().getFirst());
        loading.environment.remove("MAILGUN_DOMAIN");
        assertTrue(
                loading.valid()
                        .remarks()
                        .contains("MAILGUN_API_KEY is not used: MAILGUN_DOMAIN is not set"));
        loading.variable("POSTERN_EGRESS", "smtp://a.example");
        assertEquals("smtp", loading.egress().name());
    }

    @ParameterizedTest
    @CsvSource({
        "1, overlay, SENT",
        "1, tmpfs, SENT",
        "1, ext4, SPOOLED",
        "'', overlay, SPOOLED",
    })
    void acknowledgeDependsOnRenderAndTheFileSystem(
            String render, String fileSystem, Acknowledge acknowledge) {
        Loading loading = new Loading().variable("RENDER", render);
        loading.fileSystem = fileSystem;
        assertEquals(acknowledge, loading.config().acknowledge());
        loading.variable("POSTERN_ACKNOWLEDGE", "spooled");
        assertEquals(Acknowledge.SPOOLED, loading.config().acknowledge());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "smtp: {listen: '0.0.0.0:2525', allow: [10.0.0.0/8]}",
                "smtp: {listen: '0.0.0.0:2525', allow: []}",
                "smtp: {listen: '0.0.0.0:2525', users: [{username: a, password: b}]}",
                "smtp: {listen: '0.0.0.0:2525', allow: [0.0.0.0/0], auth: required}",
                "smtp: {listen: 'localhost:2525'}",
                "smtp: {listen: '[::1]:0'}",
                "smtp: {listen: '127.0.0.5:2525'}",
            })
    void whatIsNoOpenRelayIsAccepted(String yaml) {
        new Loading().yaml(yaml + "\n").valid();
    }

    @Test
    void anAllowListIsExplicitWhereverItComesFrom() {
        Loading loading = new Loading().variable("POSTERN_SMTP_ALLOW", "127.0.0.1, ::1");
        SmtpConfig smtp = loading.config().smtp();
        assertFalse(smtp.allowIsDefault());
        assertEquals(new Loading().config().smtp().allow(), smtp.allow());
    }

    @Test
    void whatLooksUnintendedIsRemarked() {
        Loading loading = new Loading().yaml("smtp: {auth: required}\n");
        assertEquals(
                List.of("smtp.auth is required but smtp.users is empty: nobody can submit"),
                loading.valid().remarks());
        loading.yaml("smtp: {listen: '0.0.0.0:25', users: [{username: a, password: b}]}\n");
        assertTrue(loading.valid().remarks().getFirst().contains("over loopback only"));
    }

    @Test
    void anOddMachineNameIsReplaced() {
        Sources sources =
                new Sources(
                        null,
                        Map.of(),
                        Loading.DIRECTORY,
                        path -> {
                            throw new NoSuchFileException(path.toString());
                        },
                        () -> "an odd name",
                        _ -> "",
                        null);
        Loaded.Valid loaded = (Loaded.Valid) ConfigLoader.load(sources);
        assertEquals("localhost", loaded.config().smtp().hostname());
    }

    /// A key that was pasted with its quotes, or made by `echo`, is the key all the same.
    @ParameterizedTest
    @ValueSource(strings = {"\"SG.x\"\n", "'SG.x'", " SG.x ", "SG.x\r\n", "\" SG.x\""})
    void whatStandsRoundAProvidersKeyIsLeftOut(String written) {
        Loading loading = new Loading().variable("SENDGRID_API_KEY", written);

        assertEquals("SG.x", ((EgressConfig.Api) loading.egress()).apiKey().reveal());
        assertTrue(
                loading.valid()
                        .remarks()
                        .contains(
                                "SENDGRID_API_KEY: egress[sendgrid].api-key: quotes, blanks and"
                                        + " line breaks around it are left out"),
                loading.valid().remarks().toString());
    }

    @Test
    void quotesRoundAPasswordAreAPartOfItAndTold() {
        Loading loading =
                new Loading()
                        .yaml(
                                "egress:\n"
                                        + "  - {name: a, type: smtp, host: mx.test, username: me,"
                                        + " password: '${PASSWORD}'}\n")
                        .variable("PASSWORD", "\"p w\"\n");

        Secret password = loading.smtp().smtp().password();
        assertEquals("\"p w\"", password == null ? "" : password.reveal());
        List<String> told = loading.valid().remarks();
        assertEquals(2, told.size(), told.toString());
        assertTrue(
                told.getFirst().endsWith("egress[a].password: line breaks around it are left out"));
        assertTrue(told.getLast().endsWith("the quotes around it are taken as a part of it"));
    }
}
