package dev.postern.outcome;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import org.junit.jupiter.api.Test;

/// No text makes a reader of replies and answers throw.
class OutcomeFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(OutcomeGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }
}
