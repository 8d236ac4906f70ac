package dev.postern.smtp;

import java.net.InetAddress;
import java.nio.ByteBuffer;

/// Who counts as one client where clients are counted: an IPv4 address, or the /64 of an IPv6
/// address, since one host has a whole network of those.
///
/// @param ipv4 of which kind it is
/// @param prefix the address, or its first half
public record ClientNetwork(boolean ipv4, long prefix) {

    private static final int IPV4_OCTETS = 4;

    /// Returns the one that an address belongs to.
    public static ClientNetwork of(InetAddress address) {
        byte[] octets = address.getAddress();
        return octets.length == IPV4_OCTETS
                ? new ClientNetwork(true, ByteBuffer.wrap(octets).getInt())
                : new ClientNetwork(false, ByteBuffer.wrap(octets).getLong());
    }
}
