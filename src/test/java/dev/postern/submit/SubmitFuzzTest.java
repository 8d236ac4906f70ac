package dev.postern.submit;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import org.junit.jupiter.api.Test;

/// No text makes a reader of what is submitted throw.
class SubmitFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(SubmitGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }
}
