package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.opentest4j.TestAbortedException;

@Isolated
class ProgramsTest {

    private static final String REQUIRE_ALL = "tests.require.all";

    @Test
    void whatIsMissingSkipsTheTestAndSaysWhatToInstall() {
        TestAbortedException skip =
                assertThrows(
                        TestAbortedException.class,
                        () -> withRequireAll("false", () -> Programs.needs(false, "no swaks")));
        assertTrue(skip.getMessage().contains("no swaks"), skip.getMessage());
    }

    @Test
    void whatIsMissingFailsTheTestWhereEverythingIsRequired() {
        AssertionError failure =
                assertThrows(
                        AssertionError.class,
                        () -> withRequireAll("true", () -> Programs.needs(false, "no swaks")));
        assertTrue(failure.getMessage().contains("no swaks"), failure.getMessage());
    }

    @Test
    void aPlainNameIsLookedForInEachPlaceAndAPathUnderTheCache(@TempDir Path directory)
            throws IOException {
        Path second = Files.createDirectories(directory.resolve("second"));
        Path exim = Files.createFile(second.resolve("exim"));
        List<Path> places = List.of(directory.resolve("first"), second);
        assertEquals(Optional.of(exim), Programs.find(List.of("exim4", "exim"), places, directory));
        assertEquals(Optional.of(exim), Programs.find(List.of("second/exim"), places, directory));
        assertEquals(Optional.empty(), Programs.find(List.of("exim/exim"), places, directory));
    }

    private static void withRequireAll(String value, Runnable body) {
        String before = System.getProperty(REQUIRE_ALL, "");
        System.setProperty(REQUIRE_ALL, value);
        try {
            body.run();
        } finally {
            System.setProperty(REQUIRE_ALL, before);
        }
    }
}
