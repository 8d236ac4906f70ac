package dev.postern.config;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// A block of IP addresses, written `10.0.0.0/8` or as one address.
///
/// @param network its first address
/// @param prefixBits how many leading bits count
public record Cidr(InetAddress network, int prefixBits) {

    /// Returns whether `address` lies in this block. An IPv4 address and an IPv6 block never match.
    public boolean contains(InetAddress address) {
        byte[] own = network.getAddress();
        byte[] other = address.getAddress();
        if (own.length != other.length) {
            return false;
        }
        for (int bit = 0; bit < prefixBits; bit++) {
            int mask = 0x80 >> (bit & 7);
            if ((own[bit >> 3] & mask) != (other[bit >> 3] & mask)) {
                return false;
            }
        }
        return true;
    }

    /// Returns the block with every bit behind the prefix cleared.
    Cidr masked() {
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
