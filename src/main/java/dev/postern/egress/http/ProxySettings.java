package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.HostPort;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The proxy that the environment asks for: `HTTPS_PROXY` or `ALL_PROXY`, and `NO_PROXY` for what
/// goes straight, each also in small letters, as curl reads them. Loopback always goes straight.
///
/// @param environment gives a variable's value, null when it is not set
record ProxySettings(UnaryOperator<@Nullable String> environment) {

    private static final int USUAL_PORT = 3128;

    /// A proxy and how to log in there.
    ///
    /// @param address where it listens
    /// @param authorization the value of `Proxy-Authorization`; null without a user
    record Proxy(HostPort address, @Nullable String authorization) {

        /// Returns the address, never the log-in.
        @Override
        public String toString() {
            return address.toString();
        }
    }

    /// Returns the proxy for a host; null: it goes straight.
    ///
    /// @throws IllegalArgumentException when the variable can't be understood; the message does not
    ///   repeat its value, which may hold a password
    @Nullable Proxy proxyFor(String host, int port) {
        String setting = first("HTTPS_PROXY", "ALL_PROXY");
        if (setting == null || ApiEndpoint.isLoopback(host) || isExcepted(host, port)) {
            return null;
        }
        return parse(setting);
    }

    private static Proxy parse(String setting) {
        String url = setting.contains("://") ? setting : "http://" + setting;
        try {
            URI uri = new URI(url);
            if (!"http".equalsIgnoreCase(uri.getScheme()) || uri.getHost() == null) {
                throw new IllegalArgumentException("HTTPS_PROXY must be http://HOST:PORT");
            }
            int port = uri.getPort() < 0 ? USUAL_PORT : uri.getPort();
            return new Proxy(
                    new HostPort(uri.getHost().replaceAll("[\\[\\]]", ""), port),
                    authorization(uri.getRawUserInfo()));
        } catch (URISyntaxException _) {
            // The exception's text repeats the value, which may hold a password.
            throw new IllegalArgumentException("HTTPS_PROXY is not a URL");
        }
    }

    private static @Nullable String authorization(@Nullable String userInfo) {
        if (userInfo == null || userInfo.isEmpty()) {
            return null;
        }
        String plain = URLDecoder.decode(userInfo.replace("+", "%2B"), UTF_8);
        String both = plain.contains(":") ? plain : plain + ":";
        return "Basic " + Base64.getEncoder().encodeToString(both.getBytes(UTF_8));
    }

    private boolean isExcepted(String host, int port) {
        String exceptions = first("NO_PROXY");
        if (exceptions == null) {
            return false;
        }
        String name = host.toLowerCase(Locale.ROOT);
        return List.of(exceptions.toLowerCase(Locale.ROOT).split("[,\\s]+")).stream()
                .anyMatch(exception -> covers(exception, name, port));
    }

    private static boolean covers(String exception, String name, int port) {
        String wanted = exception.replaceFirst("^\\*?\\.", "");
        String suffix = ":" + port;
        if (wanted.endsWith(suffix)) {
            wanted = wanted.substring(0, wanted.length() - suffix.length());
        }
        return exception.equals("*")
                || (!wanted.isEmpty() && (name.equals(wanted) || name.endsWith("." + wanted)));
    }

    private @Nullable String first(String... names) {
        for (String name : names) {
            for (String spelling : List.of(name, name.toLowerCase(Locale.ROOT))) {
                String value = environment.apply(spelling);
                if (value != null && !value.isBlank()) {
                    return value.strip();
                }
            }
        }
        return null;
    }
}
