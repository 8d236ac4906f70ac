package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import dev.postern.testing.Seeds;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// No text makes a reader of settings throw.
class ConfigFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(ConfigGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }

    /// Every problem of any file is one line.
    @FuzzTest
    void anyFileIsLoaded(byte[] octets) {
        assertLoaded(new String(octets, StandardCharsets.UTF_8));
    }

    @Test
    void anyMixtureInAFileIsLoaded() {
        Seeds.forEach(
                2_000,
                random ->
                        assertLoaded(
                                "smtp: {hostname: "
                                        + FuzzedReaders.mixture(
                                                random.nextInt(9), random::nextInt)));
    }

    private static void assertLoaded(String text) {
        if (new Loading().yaml(text).load() instanceof Loaded.Invalid invalid) {
            invalid.problems()
                    .forEach(problem -> assertEquals(1, problem.toString().lines().count(), text));
        }
    }
}
