package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.Secret;
import dev.postern.config.load.ClientSettings.ClientConfig;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class ClientSettingsTest {

    private static final String USUAL = "/etc/postern/postern.yaml";
    private static final String PACKAGED =
            """
            smtp: {listen: 127.0.0.1:2600, hostname: vps.example.org}
            http: {admin-token: "${file:/etc/postern/admin-token}"}
            spool: {path: /var/spool/postern}
            qualify-domain: example.org
            sendmail: {from: vps@example.org}
            dkim: [{domain: example.org, selector: s1, key: "${file:/etc/postern/dkim.pem}"}]
            egress:
              - {name: mail, type: smtp, host: mail.example.org, username: me,
                 password: "${file:/run/credentials/postern.service/credentials_mail}"}
              - {name: api, type: sendgrid, api-key: "${SENDGRID_API_KEY}"}
            """;

    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> files = new HashMap<>();

    private ClientSettings load() {
        return ClientSettings.load(
                new Sources(
                        null,
                        environment,
                        Path.of("/home/user"),
                        this::read,
                        () -> "machine",
                        path -> "ext4",
                        null));
    }

    private String read(Path path) throws IOException {
        String name = path.toString();
        if (!files.containsKey(name)) {
            throw new NoSuchFileException(name);
        }
        String text = files.get(name);
        if (text == null) {
            throw new AccessDeniedException(name);
        }
        return text;
    }

    private ClientConfig known() {
        return assertInstanceOf(ClientConfig.class, load());
    }

    @Test
    void secretsOfOthersStopNobody() {
        files.put(USUAL, PACKAGED);
        files.put("/etc/postern/admin-token", null);
        files.put("/etc/postern/dkim.pem", null);
        files.put("/run/credentials/postern.service/credentials_mail", null);

        ClientConfig config = known();

        assertEquals(2600, config.smtp().port());
        assertEquals("vps.example.org", config.hostname());
        assertEquals(Path.of("/var/spool/postern"), config.spool());
        assertEquals("example.org", config.qualifyDomain());
        assertEquals("vps@example.org", config.sendmailFrom());
        assertNull(config.adminToken());
        assertTrue(
                config.unread().getFirst().contains("permission denied: /etc/postern/admin-token"),
                config.unread().toString());
    }

    @Test
    void whoMayReadTheTokenHasIt() {
        files.put(USUAL, PACKAGED);
        files.put("/etc/postern/admin-token", "abc\n");

        Secret token = known().adminToken();

        assertEquals("abc", token == null ? "" : token.reveal());
    }

    @Test
    void aFileForOthersLeavesTheDefaultsAndNoSpool() {
        files.put(USUAL, null);

        ClientConfig config = known();

        assertEquals(2525, config.smtp().port());
        assertEquals("machine", config.hostname());
        assertNull(config.spool());
        assertTrue(config.unread().getFirst().contains(USUAL), config.unread().toString());
    }

    @Test
    void aDirectoryForOthersIsGonePast() {
        files.put("/home/user/postern.yaml", null);
        files.put(USUAL, PACKAGED);

        assertEquals("example.org", known().qualifyDomain());
    }

    @Test
    void withoutAFileTheDefaultsHold() {
        ClientConfig config = known();

        assertEquals(2525, config.smtp().port());
        assertEquals(Path.of("./spool"), config.spool());
        assertTrue(config.unread().isEmpty());
    }

    @Test
    void aFileThatWasNamedMustBeThere() {
        environment.put("POSTERN_CONFIG", "/srv/postern.yaml");

        assertInstanceOf(Loaded.Invalid.class, load());
    }

    @Test
    void whatIsWrongIsStillTold() {
        files.put(USUAL, "qualify-domian: example.org\n");

        Loaded.Invalid unusable = assertInstanceOf(Loaded.Invalid.class, load());

        assertTrue(unusable.lines().getFirst().contains("qualify-domain"), unusable::toString);
    }

    @Test
    void whatIsNeededAndNotReadIsTold() {
        files.put(USUAL, "sendmail: {from: \"${VPS_MAIL}\"}\n");

        Loaded.Invalid unusable = assertInstanceOf(Loaded.Invalid.class, load());

        assertTrue(unusable.lines().getFirst().contains("VPS_MAIL"), unusable::toString);
    }

    /// What a command that the forwarder starts gets of the forwarder's environment.
    @Test
    void ofOurVariablesOnlyThoseThatTellWhereWeAreMayBeSeen() {
        Set<String> seen = new TreeSet<>();
        for (Key<?> key : Keys.ALL) {
            for (String variable : List.of(key.variable(), key.fileVariable())) {
                if (ClientConfig.mayBeSeen(variable)) {
                    assertFalse(key.type().secret(), variable);
                    seen.add(variable);
                }
            }
        }
        assertEquals(
                Set.of(
                        "POSTERN_HTTP_ADMIN",
                        "POSTERN_HTTP_ADMIN_FILE",
                        "POSTERN_QUALIFY_DOMAIN",
                        "POSTERN_QUALIFY_DOMAIN_FILE",
                        "POSTERN_SENDMAIL_FROM",
                        "POSTERN_SENDMAIL_FROM_FILE",
                        "POSTERN_SMTP_HOSTNAME",
                        "POSTERN_SMTP_HOSTNAME_FILE",
                        "POSTERN_SMTP_LISTEN",
                        "POSTERN_SMTP_LISTEN_FILE",
                        "POSTERN_SPOOL_PATH"),
                seen);
        assertFalse(ClientConfig.mayBeSeen("POSTERN_EGRESS"));
        assertFalse(ClientConfig.mayBeSeen("POSTERN_EGRESS_FILE"));
        assertFalse(ClientConfig.mayBeSeen("POSTERN_OF_SOME_LATER_VERSION"));
        assertTrue(ClientConfig.mayBeSeen("POSTERN_CONFIG"));
        assertTrue(ClientConfig.mayBeSeen("POSTERN_MAIL_SERVICE_HOST"));
        assertTrue(ClientConfig.mayBeSeen("POSTERN_PORT_2525_TCP_ADDR"));
        assertTrue(ClientConfig.mayBeSeen("SENDGRID_API_KEY"));
    }
}
