package dev.postern.egress.http;

import java.net.URI;
import java.util.Locale;

/// The base address of an API.
///
/// @param tls whether it is https
/// @param host a name or an IP address, IPv6 without brackets
/// @param port 1 to 65535
/// @param path what stands before every path: empty, or `/prefix` without a slash at its end
record ApiEndpoint(boolean tls, String host, int port, String path) {

    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;

    /// Reads a base address.
    ///
    /// @throws IllegalArgumentException when it is no https address, nor http of the loopback
    static ApiEndpoint of(URI uri) {
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        boolean tls = scheme.equals("https");
        if (host == null || !(tls || scheme.equals("http"))) {
            throw new IllegalArgumentException("endpoint must be https://HOST, not " + scheme);
        }
        String bare = host.replaceAll("[\\[\\]]", "");
        if (!tls && !isLoopback(bare)) {
            throw new IllegalArgumentException(
                    "endpoint of " + bare + " must be https: http is for the loopback only");
        }
        int port = uri.getPort() < 0 ? (tls ? HTTPS_PORT : HTTP_PORT) : uri.getPort();
        String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceFirst("/+$", "");
        return new ApiEndpoint(tls, bare, port, path);
    }

    /// Returns whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1.
    static boolean isLoopback(String host) {
        return host.toLowerCase(Locale.ROOT)
                .matches("localhost|127(\\.\\d{1,3}){3}|::1|0:0:0:0:0:0:0:1");
    }

    /// Returns a call's path below this address. The version that it begins with may stand in both:
    /// the providers' own pages give base addresses with it.
    String pathOf(String callPath) {
        int version = path.lastIndexOf('/');
        boolean both = version >= 0 && callPath.startsWith(path.substring(version) + "/");
        return (both ? path.substring(0, version) : path) + callPath;
    }

    /// Returns the value of the Host field (RFC 9110 §7.2).
    String authority() {
        String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return port == (tls ? HTTPS_PORT : HTTP_PORT) ? name : name + ":" + port;
    }

    /// Returns the address without a path: `https://api.example.org`.
    String base() {
        return (tls ? "https://" : "http://") + authority();
    }
}
