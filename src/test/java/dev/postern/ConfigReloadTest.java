package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Problems.ConfigProblem;
import dev.postern.config.load.Source;
import dev.postern.config.load.Sources;
import dev.postern.testing.Await;
import dev.postern.testing.Facts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigReloadTest {

    private static final Logger LOG = Logger.getLogger(ConfigReload.class.getName());

    private static final String EGRESS =
            """
            egress:
              - {name: one, type: resend, api-key: "%s", ca: ca.pem}
            """;

    @TempDir private Path directory;

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final List<PosternConfig> used = new CopyOnWriteArrayList<>();
    private final List<ConfigProblem> objections = new ArrayList<>();
    private final List<String> made = new ArrayList<>();
    private final Semaphore asked = new Semaphore(0);
    private final Handler listening =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    lines.add(record.getLevel() + " " + Facts.text(record));
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    private ConfigReload reload;

    @BeforeEach
    void listen() throws IOException {
        LOG.addHandler(listening);
        LOG.setLevel(Level.INFO);
        Files.copy(
                Path.of(System.getProperty("postern.home", "."), "src/test/resources/tls/ca.pem"),
                directory.resolve("ca.pem"));
        write(EGRESS.formatted("s3cret-1"));
        Sources sources =
                new Sources(
                        null,
                        Map.of(),
                        directory,
                        Files::readString,
                        () -> "test-machine",
                        _ -> "ext4",
                        null);
        ConfigFiles files = new ConfigFiles(sources);
        Loaded.Valid running = assertInstanceOf(Loaded.Valid.class, files.load());
        reload = new ConfigReload(files, running, asked, _ -> objections, this::use);
    }

    @AfterEach
    void hush() {
        LOG.removeHandler(listening);
        LOG.setLevel(null);
    }

    private void write(String yaml) throws IOException {
        Files.writeString(directory.resolve("postern.yaml"), yaml);
    }

    private List<String> use(PosternConfig next) {
        used.add(next);
        return made;
    }

    @Test
    void whatChangedIsTakenUpAndNamedWithoutItsValue() throws IOException {
        made.add("one");
        write(EGRESS.formatted("s3cret-2") + "retry: {max-age: 2d}\n");
        reload.read(false);
        assertEquals(1, used.size());
        assertEquals(2, used.getFirst().retry().maxAge().toDays());
        assertEquals(
                List.of(
                        "INFO keys=retry.max-age, egress.one.api-key configuration changed, now in"
                                + " use"),
                lines);
    }

    @Test
    void newAnchorsInTheSameFileAreTold() throws IOException {
        made.add("one");
        reload.read(false);
        assertEquals(List.of("INFO keys=egress.one.ca configuration changed, now in use"), lines);
    }

    @Test
    void allProblemsAreOneLineAndTheConfigurationBeforeStays() throws IOException {
        write("colour: red\nretry: {max-age: long}\n");
        reload.read(false);
        assertEquals(List.of(), used);
        assertEquals(1, lines.size());
        String line = lines.getFirst();
        assertTrue(line.startsWith("WARNING problems="), line);
        assertTrue(line.contains("colour: unknown key") && line.contains("retry.max-age"), line);

        write(EGRESS.formatted("s3cret-1"));
        reload.read(false);
        assertEquals("INFO configuration read again, nothing changed", lines.getLast());
    }

    @Test
    void whatThisProgramObjectsToIsNotTakenUp() throws IOException {
        objections.add(
                new ConfigProblem(new Source.WholeFile("postern.yaml"), "egress", "a loop", ""));
        write(EGRESS.formatted("s3cret-2"));
        reload.read(false);
        assertEquals(List.of(), used);
        assertTrue(lines.getFirst().contains("problems=postern.yaml: egress: a loop"));
    }

    @Test
    void whatNeedsARestartIsToldOnce() throws IOException {
        write("received-header: omit\n" + EGRESS.formatted("s3cret-1"));
        reload.read(false);
        assertEquals(
                List.of(
                        "WARNING keys=received-header changed keys need a restart, the values"
                                + " before stay in use"),
                lines);
        lines.clear();
        write("received-header: omit\naliases: {a: b@c.example}\n" + EGRESS.formatted("s3cret-1"));
        reload.read(false);
        assertEquals(List.of("INFO keys=aliases configuration changed, now in use"), lines);
        lines.clear();
        write(EGRESS.formatted("s3cret-1"));
        reload.read(false);
        assertEquals(List.of("INFO keys=aliases configuration changed, now in use"), lines);
    }

    @Test
    void itLooksByItselfAndReadsAtOnceWhenAsked() throws IOException {
        try (ConfigReload running = reload.start()) {
            assertEquals(reload, running);
            asked.release();
            Await.until("it read", () -> used.size() == 1);
            Await.until("it said so", () -> lines.size() == 1);
            assertEquals("INFO configuration read again, nothing changed", lines.getFirst());

            write("drain-timeout: 1s\n" + EGRESS.formatted("s3cret-1"));
            Await.until("it looked", () -> used.size() == 2);
            assertEquals(1, used.getLast().drainTimeout().toSeconds());
        }
    }
}
