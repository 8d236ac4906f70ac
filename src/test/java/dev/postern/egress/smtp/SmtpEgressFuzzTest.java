package dev.postern.egress.smtp;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.testing.FuzzedReaders;
import org.junit.jupiter.api.Test;

/// No text makes a reader of what a next hop says throw.
class SmtpEgressFuzzTest {

    private static final FuzzedReaders READERS = FuzzedReaders.of(SmtpEgressGrowthTest.parsers());

    @FuzzTest
    void anyTextIsRead(byte[] octets) {
        READERS.read(octets);
    }

    @Test
    void anyMixtureIsRead() {
        READERS.readMixtures();
    }
}
