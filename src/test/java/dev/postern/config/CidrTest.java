package dev.postern.config;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Seeds;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// Blocks that together hold every address are found out, however they are cut.
class CidrTest {

    /// Cuts all addresses of a family into blocks.
    private static List<Cidr> partition(RandomGenerator random, int octets)
            throws UnknownHostException {
        List<Cidr> blocks = new ArrayList<>();
        blocks.add(new Cidr(InetAddress.getByAddress(new byte[octets]), 0));
        for (int cuts = random.nextInt(1, 200); cuts > 0; cuts--) {
            Cidr whole = blocks.remove(random.nextInt(blocks.size()));
            int bits = whole.prefixBits();
            if (bits == octets * Byte.SIZE) {
                blocks.add(whole);
                continue;
            }
            blocks.add(new Cidr(whole.network(), bits + 1));
            BigInteger half = BigInteger.ONE.shiftLeft(octets * Byte.SIZE - bits - 1);
            BigInteger upper = new BigInteger(1, whole.network().getAddress()).add(half);
            blocks.add(new Cidr(address(upper, octets), bits + 1));
        }
        Collections.shuffle(blocks, new Random(random.nextLong()));
        return blocks;
    }

    private static InetAddress address(BigInteger value, int octets) throws UnknownHostException {
        byte[] address = new byte[octets];
        byte[] bytes = value.toByteArray();
        int count = Math.min(bytes.length, octets);
        System.arraycopy(bytes, bytes.length - count, address, octets - count, count);
        return InetAddress.getByAddress(address);
    }

    @Test
    void aWholeInPiecesIsTheWhole() {
        Seeds.forEach(
                200,
                random -> {
                    List<Cidr> blocks = partition(random, random.nextBoolean() ? 4 : 16);
                    List<Cidr> more = new ArrayList<>(blocks);
                    more.add(Seeds.oneOf(random, blocks));
                    more.add(new Cidr(InetAddress.ofLiteral("10.0.0.0"), 8));

                    assertTrue(Cidr.coverAll(blocks), blocks::toString);
                    assertTrue(Cidr.coverAll(more), more::toString);
                });
    }

    @Test
    void allButOnePieceIsNot() {
        Seeds.forEach(
                200,
                random -> {
                    List<Cidr> blocks = partition(random, random.nextBoolean() ? 4 : 16);
                    blocks.remove(random.nextInt(blocks.size()));

                    assertFalse(Cidr.coverAll(blocks), blocks::toString);
                });
    }

    @Test
    void halvesOfTwoFamiliesAreNoWhole() {
        assertFalse(Cidr.coverAll(List.of()));
        assertFalse(
                Cidr.coverAll(
                        List.of(
                                new Cidr(InetAddress.ofLiteral("0.0.0.0"), 1),
                                new Cidr(InetAddress.ofLiteral("8000::"), 1))));
    }
}
