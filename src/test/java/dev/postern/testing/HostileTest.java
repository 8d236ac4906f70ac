package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Hostile.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HostileTest {

    private static final int SEEDS = 3;

    /// What a message is like.
    ///
    /// @param bare how many CRs or LFs there are without the other
    private record Look(String digest, long octets, long bare, boolean endsLine) {

        static Look at(Hostile hostile) throws IOException {
            MessageDigest digest;
            try {
                digest = MessageDigest.getInstance("SHA-256");
            } catch (NoSuchAlgorithmException impossible) {
                throw new AssertionError(impossible);
            }
            long octets = 0;
            long bare = 0;
            int last = 0;
            try (InputStream in = hostile.open()) {
                byte[] chunk = new byte[8192];
                for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                    digest.update(chunk, 0, count);
                    octets += count;
                    for (byte octet : Arrays.copyOf(chunk, count)) {
                        bare += (octet == '\n') != (last == '\r') ? 1 : 0;
                        last = octet;
                    }
                }
            }
            String hash = HexFormat.of().formatHex(digest.digest());
            return new Look(hash, octets, bare, last == '\n');
        }
    }

    @ParameterizedTest
    @EnumSource
    void theSameSeedGivesTheSameOctetsThatCanBeSubmitted(Kind kind) throws IOException {
        Set<String> digests = new HashSet<>();
        for (int seed = 1; seed <= SEEDS; seed++) {
            Hostile one = kind.of(seed, kind.size() / 10);
            Look look = Look.at(one);
            assertEquals(look, Look.at(one), one::toString);
            assertEquals(look, Look.at(kind.of(seed, kind.size() / 10)), one::toString);
            assertEquals(0, look.bare(), one::toString);
            assertTrue(look.endsLine(), one::toString);
            digests.add(look.digest());
        }
        assertNotEquals(1, digests.size(), "seeds make a difference");
    }

    @ParameterizedTest
    @EnumSource
    void itIsAsLargeAsItSays(Kind kind) throws IOException {
        long whole = Look.at(kind.of(1, kind.size())).octets();
        assertTrue(whole >= kind.size(), kind + ": " + whole);
    }

    @Test
    void allAreTwoSizesOfEachKindForEachSeed() {
        List<Hostile> all = Hostile.all(SEEDS);
        assertEquals(Kind.values().length * 2 * SEEDS, all.size());
        assertEquals(all.size(), all.stream().map(Hostile::toString).distinct().count());
        assertFalse(all.toString().contains("of 0"), all::toString);
    }
}
