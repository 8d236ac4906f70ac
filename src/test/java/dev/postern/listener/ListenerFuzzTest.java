package dev.postern.listener;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import org.junit.jupiter.api.Test;

/// No text makes a reader of what a client says of itself throw.
class ListenerFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(ListenerGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }
}
