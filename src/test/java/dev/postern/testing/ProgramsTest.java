package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
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
    void aProgramOnThePathIsFound() {
        assertTrue(Programs.PYTHON.find().isEmpty() || Programs.PYTHON.require().isAbsolute());
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
