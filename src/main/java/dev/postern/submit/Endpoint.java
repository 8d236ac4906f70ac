package dev.postern.submit;

import dev.postern.config.HostPort;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where a running forwarder really listens, as a file of three lines tells it:
///
/// ```
/// smtp=127.0.0.1:2525
/// health=127.0.0.1:8026
/// admin=127.0.0.1:8025
/// ```
public record Endpoint(HostPort smtp, HostPort health, HostPort admin) {

    private static final int MAX_PORT = 65_535;

    /// Returns the file's text.
    String text() {
        return "smtp=" + smtp + "\nhealth=" + health + "\nadmin=" + admin + "\n";
    }

    /// Reads a file's text; empty when it is not whole.
    static Optional<Endpoint> parse(String text) {
        Map<String, HostPort> found = new HashMap<>();
        for (String line : text.lines().toList()) {
            int equals = line.indexOf('=');
            HostPort address = equals < 0 ? null : address(line.substring(equals + 1));
            if (address != null) {
                found.put(line.substring(0, equals), address);
            }
        }
        HostPort smtp = found.get("smtp");
        HostPort health = found.get("health");
        HostPort admin = found.get("admin");
        if (smtp == null || health == null || admin == null) {
            return Optional.empty();
        }
        return Optional.of(new Endpoint(smtp, health, admin));
    }

    /// Returns where to connect for an address that is listened on: `0.0.0.0` and `::` mean every
    /// interface, of which loopback is the nearest.
    static HostPort reachable(HostPort listening) {
        return switch (listening.host()) {
            case "0.0.0.0" -> new HostPort("127.0.0.1", listening.port());
            case "::", "0:0:0:0:0:0:0:0" -> new HostPort("::1", listening.port());
            default -> listening;
        };
    }

    private static @Nullable HostPort address(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            return null;
        }
        String host = text.substring(0, colon);
        try {
            int port = Integer.parseInt(text.substring(colon + 1));
            boolean bracketed = host.startsWith("[") && host.endsWith("]");
            String bare = bracketed ? host.substring(1, host.length() - 1) : host;
            return port < 0 || port > MAX_PORT ? null : new HostPort(bare, port);
        } catch (NumberFormatException _) {
            return null;
        }
    }
}
