package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bad configurations, a folder each: `postern.yaml`, `env` (NAME=VALUE lines) and `expected`, the
/// exact problems. `-Dupdate=docs` writes `expected` anew, to be read before it is committed.
class BadConfigTest {

    private static final Path CASES =
            Path.of(System.getProperty("postern.home", "."), "src/test/resources/config/bad");

    /// What every secret of the cases contains.
    private static final String SECRET = "hunter2";

    @ParameterizedTest
    @MethodSource("cases")
    void givesExactlyTheExpectedProblems(String name) throws IOException {
        Path folder = CASES.resolve(name);
        String problems = load(folder).problems() + "\n";
        if (System.getProperty("update", "").equals("docs")) {
            Files.writeString(folder.resolve("expected"), problems);
        }
        assertEquals(Files.readString(folder.resolve("expected")), problems);
        assertFalse(problems.contains(SECRET), "a secret is echoed: " + problems);
    }

    @Test
    void thereAreCases() throws IOException {
        assertTrue(cases().count() >= 30);
    }

    private static Loading load(Path folder) throws IOException {
        Loading loading = new Loading();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                String text = Files.readString(file);
                if (name.equals("env")) {
                    text.lines().forEach(line -> variable(loading, line));
                } else if (!name.equals("expected")) {
                    loading.file(name, text);
                }
            }
        }
        return loading;
    }

    private static void variable(Loading loading, String line) {
        List<String> halves = List.of(line.split("=", 2));
        loading.variable(halves.getFirst(), halves.getLast());
    }

    static Stream<String> cases() throws IOException {
        try (Stream<Path> folders = Files.list(CASES)) {
            return folders
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .toList()
                    .stream();
        }
    }
}
