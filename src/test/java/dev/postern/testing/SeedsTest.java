package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class SeedsTest {

    @Test
    void everyRunDrawsTheSameUnlessFreshSeedsAreWanted() {
        assertEquals(drawn(""), drawn(""));
        assertEquals(5, drawn("").size());
        assertEquals(drawn("").get(1), drawn("2").getFirst());
        assertNotEquals(drawn(""), drawn("fresh"));
    }

    @Test
    void aFailureNamesItsSeedAndTheSeedReplaysIt() {
        String said = failureOf("").getMessage();
        String seed = said.replaceAll(".*-Dseed=(-?\\d+).*", "$1");
        assertEquals(said, failureOf(seed).getMessage());
    }

    @Test
    void aThrownExceptionCountsAsFailure() {
        AssertionError failure =
                assertThrows(
                        AssertionError.class,
                        () ->
                                Seeds.forEach(
                                        1,
                                        "",
                                        _ -> {
                                            throw new java.io.IOException("disk is gone");
                                        }));
        assertTrue(failure.getMessage().contains("disk is gone"), failure.getMessage());
    }

    @Test
    void whatATrialLacksSkipsTheTest() {
        assertThrows(
                TestAbortedException.class,
                () -> Seeds.forEach(1, "", _ -> Assumptions.abort("no such program")));
    }

    private static List<Long> drawn(String wish) {
        List<Long> drawn = new ArrayList<>();
        Seeds.forEach(5, wish, random -> drawn.add(random.nextLong()));
        return drawn;
    }

    private static AssertionError failureOf(String wish) {
        return assertThrows(
                AssertionError.class,
                () ->
                        Seeds.forEach(
                                1000,
                                wish,
                                random -> {
                                    int drawn = random.nextInt(20);
                                    assertTrue(drawn != 7, "drew 7");
                                }));
    }
}
