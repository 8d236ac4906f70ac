package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The measure itself: it lets linear work pass, and finds a pattern that backtracks.
class GrowthTest {

    private static final int LARGEST = 64 * 1024;

    @Test
    void linearWorkPasses() {
        Growth.assertLinear(
                "counting",
                LARGEST,
                size -> {
                    String text = "ab".repeat(size);
                    return () -> assertTrue(text.chars().filter(c -> c == 'a').count() > 0);
                });
    }

    @Test
    void aPatternThatBacktracksIsFound() {
        Pattern pattern = Pattern.compile("x*y");
        assertThrows(
                AssertionError.class,
                () ->
                        Growth.assertLinear(
                                "x*y",
                                LARGEST,
                                size -> {
                                    String text = "x".repeat(size);
                                    return () -> pattern.matcher(text).find();
                                }));
    }
}
