package dev.postern.config;

import java.math.BigInteger;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// A block of IP addresses, written `10.0.0.0/8` or as one address.
///
/// @param network its first address
/// @param prefixBits how many leading bits count
public record Cidr(InetAddress network, int prefixBits) {

    /// Returns whether `address` lies in this block. An IPv4 address and an IPv6 block never match.
    public boolean contains(InetAddress address) {
        byte[] first = network.getAddress();
        byte[] octets = address.getAddress();
        int whole = prefixBits / Byte.SIZE;
        int rest = 0xFF00 >> prefixBits % Byte.SIZE;
        return first.length == octets.length
                && Arrays.equals(first, 0, whole, octets, 0, whole)
                && (whole == first.length || ((first[whole] ^ octets[whole]) & rest & 0xFF) == 0);
    }

    /// Returns whether blocks together hold every IPv4 address, or every IPv6 address.
    public static boolean coverAll(List<Cidr> blocks) {
        return coverAll(blocks, Inet4Address.class) || coverAll(blocks, Inet6Address.class);
    }

    private static boolean coverAll(List<Cidr> blocks, Class<? extends InetAddress> family) {
        List<Cidr> some =
                blocks.stream()
                        .filter(block -> family.isInstance(block.network))
                        .sorted(Comparator.comparing(Cidr::first))
                        .toList();
        BigInteger covered = BigInteger.ZERO;
        for (Cidr block : some) {
            if (block.first().compareTo(covered) > 0) {
                return false;
            }
            BigInteger count = BigInteger.TWO.pow(block.width() - block.prefixBits);
            covered = covered.max(block.first().add(count));
        }
        return !some.isEmpty() && covered.equals(BigInteger.TWO.pow(some.getFirst().width()));
    }

    private BigInteger first() {
        return new BigInteger(1, network.getAddress());
    }

    private int width() {
        return network.getAddress().length * Byte.SIZE;
    }

    /// Returns the block with every bit behind the prefix cleared.
    public Cidr masked() {
        byte[] octets = network.getAddress();
        for (int bit = prefixBits; bit < octets.length * Byte.SIZE; bit++) {
            octets[bit >> 3] &= (byte) ~(0x80 >> (bit & 7));
        }
        try {
            return new Cidr(InetAddress.getByAddress(octets), prefixBits);
        } catch (UnknownHostException e) {
            throw new AssertionError("an address keeps its length", e);
        }
    }

    @Override
    public String toString() {
        return network.getHostAddress() + "/" + prefixBits;
    }
}
