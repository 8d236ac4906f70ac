package dev.postern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.config.DkimConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import dev.postern.testing.NameServer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DkimCommandTest {

    private static final String SERVERS = "postern.name-servers";

    @TempDir private Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Map<String, String> environment = new HashMap<>();

    @AfterEach
    void usualServers() {
        System.clearProperty(SERVERS);
    }

    private int run(String... words) {
        Terminal terminal =
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        new PrintStream(out, true, UTF_8),
                        new PrintStream(err, true, UTF_8));
        return Commands.run(List.of(words), terminal, this::sources, new NoForwarding());
    }

    private Sources sources(Path file) {
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

    /// No command here runs a forwarder.
    private static final class NoForwarding implements Commands.Forwarding {
        @Override
        public int serve(Loaded.Valid loaded, ConfigFiles files) {
            throw new AssertionError("serve");
        }

        @Override
        public int exec(
                Loaded.Valid loaded,
                ConfigFiles files,
                List<String> command,
                IntFunction<Map<String, String>> changes) {
            throw new AssertionError("exec");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rsa", "ed25519"})
    void aKeyIsMadeForItsOwnerAndItsRecordIsCompared(String algorithm)
            throws IOException, GeneralSecurityException {
        Path file = directory.resolve("key.pem");
        assertEquals(
                0,
                run(
                        "dkim",
                        "key",
                        "Example.org",
                        "s1",
                        "--algorithm",
                        algorithm,
                        "--out",
                        file.toString(),
                        "--json"),
                err.toString(UTF_8));
        JsonNode made = new ObjectMapper().readTree(out.toString(UTF_8));
        assertEquals(
                "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals("s1._domainkey.example.org", made.path("name").asText());
        DkimConfig.key(Files.readString(file));
        environment.put("POSTERN_DKIM", "example.org:s1:" + encoded(Files.readString(file)));
        try (NameServer server =
                new NameServer(
                        Map.of(
                                "s1._domainkey.example.org",
                                List.of(made.path("record").asText())))) {
            System.setProperty(SERVERS, server.url());
            out.reset();
            assertEquals(0, run("dkim", "check"), () -> out + " " + err);
            assertEquals(
                    "s1._domainkey.example.org: the record has this key\n", out.toString(UTF_8));
        }
    }

    private static String encoded(String pem) {
        return pem.replace("%", "%25").replace("\n", "%0A").replace("+", "%2B");
    }

    @Test
    void aKeyIsNeverOverwritten() throws IOException {
        Path file = directory.resolve("key.pem");
        Files.writeString(file, "mine");
        assertEquals(1, run("dkim", "key", "example.org", "s1", "--out", file.toString()));
        assertEquals("mine", Files.readString(file));
        assertTrue(err.toString(UTF_8).contains("is not overwritten"), err.toString(UTF_8));
        assertEquals(1, err.toString(UTF_8).lines().count());
    }

    @Test
    void theRecordIsPrintedAsAZoneHasIt() {
        Path file = directory.resolve("key.pem");
        assertEquals(0, run("dkim", "key", "example.org", "s1", "--out", file.toString()));
        List<String> zone =
                out.toString(UTF_8).lines().filter(line -> !line.startsWith(";")).toList();
        assertTrue(zone.getFirst().startsWith("s1._domainkey.example.org. IN TXT ( \"v=DKIM1; "));
        assertTrue(zone.getLast().endsWith("\" )"));
        assertFalse(out.toString(UTF_8).contains("PRIVATE"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dkim",
                "dkim key",
                "dkim key example.org",
                "dkim key exa..mple s1",
                "dkim key example.org s/1",
                "dkim key example.org s1 --algorithm dsa",
                "dkim check --config /nowhere"
            })
    void whatIsWrongIsSaidInALine(String words) {
        assertEquals(2, run(words.split(" ")));
        assertEquals(1, err.toString(UTF_8).lines().count(), err.toString(UTF_8));
    }

    @Test
    void withoutKeysThereIsNothingToCheck() {
        assertEquals(0, run("dkim", "check"));
        assertTrue(out.toString(UTF_8).contains("postern dkim key DOMAIN SELECTOR"));
        out.reset();
        assertEquals(0, run("dkim", "check", "--json"));
        assertEquals("[]\n", out.toString(UTF_8));
    }
}
