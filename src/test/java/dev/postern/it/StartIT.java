package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Commands;
import dev.postern.testing.Postern;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a start loads, with one smtp egress and nothing else configured: what is loaded is paid for
/// in time and memory at each start of a pod.
class StartIT {

    /// All of the AOT cache is loaded at once, for whatever configuration.
    private static final int CLASSES_MOST = 7_450;

    /// What the cache can't hold (code that is made at run time: Netty's method handles, switches
    /// by type, annotations), or its rehearsal does not come by.
    private static final int NOT_CACHED_MOST = 70;

    /// What mail need not wait for, or what this configuration does not use.
    private static final List<String> NEVER =
            List.of(
                    "picocli.",
                    "jdk.jfr.internal.MetadataRepository",
                    "com.sendgrid.",
                    "software.amazon.");

    private static final String EGRESS =
            "  - {name: one, type: smtp, host: 127.0.0.1, port: 1, tls: none}\n";

    @TempDir private Path directory;

    @Test
    void littleIsLoadedAndNextToNothingOutsideTheCache() throws IOException {
        Postern postern = Postern.in(directory).egress(EGRESS);
        needsCache(postern);
        Path log = directory.resolve("classes");
        postern.javaOptions("-Xlog:class+load:file=" + log + "::filecount=0");
        try (postern) {
            postern.start();
            postern.awaitLine("doctor:", "mail cannot leave");
            List<String> loaded = loaded(log);
            List<String> others = notCached(loaded);
            System.out.printf(
                    "start: classes %d of at most %d, not from the cache %d of at most %d%n",
                    loaded.size(), CLASSES_MOST, others.size(), NOT_CACHED_MOST);
            assertTrue(loaded.size() <= CLASSES_MOST, () -> loaded.size() + " classes");
            assertTrue(others.size() <= NOT_CACHED_MOST, () -> String.join("\n", others));
            assertEquals(0, postern.stop());
        }
    }

    /// Without the cache, what is loaded is what is used.
    @Test
    void whatIsNotUsedIsNotLoaded() throws IOException {
        Path log = directory.resolve("classes");
        try (Postern postern =
                Postern.in(directory)
                        .egress(EGRESS)
                        .environment(Map.of("POSTERN_AOT", "off"))
                        .javaOptions("-Xlog:class+load:file=" + log + "::filecount=0")
                        .start()) {
            postern.awaitLine("doctor:", "mail cannot leave");
            List<String> loaded = loaded(log);
            List<String> strangers =
                    loaded.stream()
                            .filter(line -> NEVER.stream().anyMatch(it -> line.contains(" " + it)))
                            .toList();
            assertEquals(List.of(), strangers);
            assertEquals(0, postern.stop());
        }
    }

    private static void needsCache(Postern postern) throws IOException {
        ProcessBuilder asking = postern.command("version");
        asking.environment().put("POSTERN_AOT", "where");
        String cache = Commands.run(asking).expect(0).output().strip();
        Programs.needs(Files.exists(Path.of(cache)), "no AOT cache in target: run mvn package");
    }

    private static List<String> loaded(Path log) throws IOException {
        try (Stream<String> lines = Files.lines(log)) {
            return lines.filter(line -> line.contains(" source: ")).toList();
        }
    }

    private static List<String> notCached(List<String> loaded) {
        return loaded.stream().filter(line -> !line.contains("shared objects file")).toList();
    }
}
