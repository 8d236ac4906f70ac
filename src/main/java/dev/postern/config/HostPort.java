package dev.postern.config;

/// A socket address as configured.
///
/// @param host a name or an IP address, IPv6 without brackets
/// @param port 0 to 65535; 0 picks a free one
public record HostPort(String host, int port) {

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
