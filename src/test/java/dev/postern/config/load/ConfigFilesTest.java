package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigFilesTest {

    private static final String EGRESS =
            """
            egress:
              - {name: one, type: smtp, host: smtp.example.org, username: me,
                 password: "${file:secrets/password}", ca: ca.pem}
            """;

    @TempDir private Path directory;

    private Path yaml;
    private Path password;
    private Path ca;

    @BeforeEach
    void write() throws IOException {
        yaml = Files.writeString(directory.resolve("postern.yaml"), EGRESS);
        Path secrets = Files.createDirectory(directory.resolve("secrets"));
        password = Files.writeString(secrets.resolve("password"), "first\n");
        Path anchors =
                Path.of(System.getProperty("postern.home", "."), "src/test/resources/tls/ca.pem");
        ca = Files.copy(anchors, directory.resolve("ca.pem"));
    }

    private ConfigFiles files(Map<String, String> environment) {
        return new ConfigFiles(
                new Sources(
                        null,
                        environment,
                        directory,
                        Files::readString,
                        () -> "test-machine",
                        _ -> "ext4",
                        null));
    }

    private ConfigFiles files() {
        return files(Map.of());
    }

    private static Loaded.Valid valid(ConfigFiles files) {
        return assertInstanceOf(Loaded.Valid.class, files.load());
    }

    private static String problems(ConfigFiles files) {
        return String.join("\n", assertInstanceOf(Loaded.Invalid.class, files.load()).lines());
    }

    private static String password(Loaded.Valid loaded) {
        EgressConfig.Smtp smtp = (EgressConfig.Smtp) loaded.config().egress().getFirst();
        return smtp.smtp().password().reveal();
    }

    /// A change counts at the second look that finds it.
    private static void assertChanged(ConfigFiles files) {
        assertFalse(files.haveChanged());
        assertTrue(files.haveChanged());
    }

    private static void assertUnchanged(ConfigFiles files) {
        assertFalse(files.haveChanged());
        assertFalse(files.haveChanged());
    }

    @Test
    void everyFileThatItCameFromCounts() throws IOException {
        ConfigFiles files = files(Map.of("POSTERN_HTTP_ADMIN_TOKEN_FILE", "token"));
        Files.writeString(directory.resolve("token"), "token\n");
        valid(files);
        assertUnchanged(files);
        for (Path file : new Path[] {yaml, password, ca, directory.resolve("token")}) {
            Files.writeString(file, Files.readString(file).stripTrailing() + " \n");
            assertChanged(files);
            valid(files);
            assertUnchanged(files);
        }
    }

    @Test
    void aSwitchedLinkCounts() throws IOException {
        Path mounted = Files.createDirectory(directory.resolve("mounted"));
        Path first = Files.createDirectory(mounted.resolve("..first"));
        Path second = Files.createDirectory(mounted.resolve("..second"));
        Files.writeString(first.resolve("password"), "old");
        Files.writeString(second.resolve("password"), "new");
        Files.setLastModifiedTime(
                second.resolve("password"), Files.getLastModifiedTime(first.resolve("password")));
        Files.createSymbolicLink(mounted.resolve("..data"), Path.of("..first"));
        Files.createSymbolicLink(mounted.resolve("password"), Path.of("..data/password"));
        Files.writeString(yaml, EGRESS.replace("secrets/", "mounted/"));
        ConfigFiles files = files();
        Loaded.Valid before = valid(files);
        assertEquals("old", password(before));

        Files.createSymbolicLink(mounted.resolve("..tmp"), Path.of("..second"));
        Files.move(
                mounted.resolve("..tmp"),
                mounted.resolve("..data"),
                StandardCopyOption.ATOMIC_MOVE);

        assertChanged(files);
        Loaded.Valid after = valid(files);
        assertEquals("new", password(after));
        assertEquals("new", password(before), "it is read at each use");
        assertFalse(before.config().equals(after.config()), "but compared as it was loaded");
    }

    @Test
    void whoIsStillWritingIsNotRead() throws IOException {
        ConfigFiles files = files();
        valid(files);
        for (int i = 0; i < 3; i++) {
            Files.writeString(yaml, "# more\n".repeat(i + 1) + EGRESS);
            assertFalse(files.haveChanged());
        }
        assertTrue(files.haveChanged());
    }

    @Test
    void aFileThatWasFoundMustStay() throws IOException {
        ConfigFiles files = files();
        valid(files);
        Files.delete(yaml);
        assertChanged(files);
        String told = problems(files);
        assertTrue(told.contains("no such file") && told.contains("postern.yaml"), told);
        assertUnchanged(files);
        Files.writeString(yaml, EGRESS);
        assertChanged(files);
        assertEquals("first", password(valid(files)));
    }

    @Test
    void aFileThatWasEmptiedIsJustBeingWritten() throws IOException {
        ConfigFiles files = files();
        valid(files);
        Files.writeString(password, "");
        assertChanged(files);
        String told = problems(files);
        assertTrue(told.contains("has been emptied"), told);
        Files.writeString(password, "second");
        assertChanged(files);
        assertEquals("second", password(valid(files)));
        Files.writeString(yaml, "\n");
        assertChanged(files);
        assertTrue(problems(files).contains("has been emptied"));
    }

    @Test
    void filesThatABrokenConfigurationHidesStillCount() throws IOException {
        ConfigFiles files = files();
        valid(files);
        Files.writeString(yaml, "egress: [\n");
        assertChanged(files);
        assertTrue(problems(files).contains("postern.yaml"));
        Files.writeString(password, "other");
        assertChanged(files);
    }

    @Test
    void aFileThatWasLookedForInVainCountsOnceItIsThere() throws IOException {
        Files.delete(yaml);
        ConfigFiles files = files();
        assertTrue(valid(files).config().egress().isEmpty());
        Files.writeString(yaml, EGRESS);
        assertChanged(files);
        assertEquals(1, valid(files).config().egress().size());
    }
}
