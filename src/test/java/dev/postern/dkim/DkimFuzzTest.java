package dev.postern.dkim;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import org.junit.jupiter.api.Test;

/// No text makes a reader of messages or records throw.
class DkimFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(DkimGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }
}
