package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestWordTest {

    @ParameterizedTest
    @CsvSource({
        "'', '', 0",
        "a, '', 1",
        "abc, abc, 0",
        "abc, abd, 1",
        "abc, acb, 1",
        "abc, ac, 1",
        "abc, xabc, 1",
        "kitten, sitting, 3",
    })
    void slipsAreCounted(String a, String b, int slips) {
        assertEquals(slips, NearestWord.slips(a, b));
        assertEquals(slips, NearestWord.slips(b, a));
    }

    @Test
    void theNearestOfSeveralIsTaken() {
        assertEquals("info", NearestWord.of("inf", List.of("warn", "info", "error")));
        assertNull(NearestWord.of("zebra", List.of("warn", "info", "error")));
    }

    @Test
    void aKeyIsFoundInAnotherSection() {
        List<String> paths = List.of("smtp", "smtp.listen", "http.admin", "spool.path");
        assertEquals("smtp.listen", NearestWord.path("http.listen", paths));
        assertEquals("http.admin", NearestWord.path("http.amdin", paths));
        assertNull(NearestWord.path("http.zebra", paths));
    }
}
