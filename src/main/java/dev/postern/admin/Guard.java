package dev.postern.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.Secret;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.Method;
import io.helidon.http.Status;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Decides who may talk to the admin socket. Three attackers are in mind: somebody without the
/// token; a web page that points its own name at this machine and then reads what is here (DNS
/// rebinding); a web page that makes its visitor's browser send a request here (cross-site request
/// forgery).
final class Guard {

    static final String CHALLENGE = "Bearer realm=\"postern\"";

    /// What anybody may see where there is a token: it holds no fact, and asks for the token.
    static final String PAGE = "/";

    private static final String API = "/api/";
    private static final String BEARER = "bearer ";
    private static final HeaderName SEC_FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
    private static final Set<String> OWN_SITE = Set.of("same-origin", "none");
    private static final Set<String> SAFE_METHODS =
            Set.of(Method.GET.text(), Method.HEAD.text(), Method.OPTIONS.text());
    private static final Pattern IPV4 =
            Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9A-Fa-f.]*+:[0-9A-Fa-f:.]*+]");

    private final @Nullable Secret token;
    private final String listenHost;

    /// @param token null: none is asked for
    /// @param listenHost the host that the socket is configured to listen on
    Guard(@Nullable Secret token, String listenHost) {
        this.token = token;
        this.listenHost = listenHost.toLowerCase(Locale.ROOT);
    }

    /// Returns what is wrong with who asks; null when nothing is.
    ///
    /// @param path what is asked for
    @Nullable Problem refusal(Method method, String path, String authority, Headers headers) {
        boolean safe = SAFE_METHODS.contains(method.text());
        if (token != null && safe && path.equals(PAGE)) {
            return null;
        }
        boolean proven = token != null && hasToken(token, headers);
        if (!proven && !isOurs(authority)) {
            return new Problem(
                    Problem.MISDIRECTED,
                    "The Host must be localhost, an IP address or the host of http.admin;"
                            + " another one needs http.admin-token.");
        }
        if (token != null && !proven) {
            return new Problem(
                    Status.UNAUTHORIZED_401,
                    "Send http.admin-token as `Authorization: Bearer TOKEN`.");
        }
        // To look at the doctor makes every egress log in: no other site's page may cause that.
        boolean acts = !safe || path.startsWith(API);
        return acts && isCrossSite(authority, headers)
                ? new Problem(Status.FORBIDDEN_403, "Another site's page may not do this.")
                : null;
    }

    /// Whether a token came that is not the one: somebody may be trying.
    boolean hasWrongToken(Headers headers) {
        return token != null && isBearer(headers) && !hasToken(token, headers);
    }

    private static boolean hasToken(Secret token, Headers headers) {
        if (!isBearer(headers)) {
            return false;
        }
        byte[] said = credentials(headers).substring(BEARER.length()).strip().getBytes(UTF_8);
        return MessageDigest.isEqual(said, token.reveal().getBytes(UTF_8));
    }

    private static boolean isBearer(Headers headers) {
        return credentials(headers).toLowerCase(Locale.ROOT).startsWith(BEARER);
    }

    private static String credentials(Headers headers) {
        return headers.first(HeaderNames.AUTHORIZATION).orElse("");
    }

    private boolean isOurs(String authority) {
        String host = host(authority);
        return host.equals("localhost")
                || host.equals(listenHost)
                || IPV4.matcher(host).matches()
                || IPV6.matcher(host).matches();
    }

    /// The host of `host:port`, lower-case, without a final dot.
    private static String host(String authority) {
        int colon = authority.lastIndexOf(':');
        boolean port = colon > authority.lastIndexOf(']');
        String host = (port ? authority.substring(0, colon) : authority).toLowerCase(Locale.ROOT);
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    /// Browsers say where a request comes from; other clients say nothing.
    private static boolean isCrossSite(String authority, Headers headers) {
        String site = headers.first(SEC_FETCH_SITE).orElse("none");
        String origin = headers.first(HeaderNames.ORIGIN).orElse(null);
        return !OWN_SITE.contains(site) || (origin != null && !sameOrigin(origin, authority));
    }

    private static boolean sameOrigin(String origin, String authority) {
        try {
            return authority.equalsIgnoreCase(new URI(origin).getRawAuthority());
        } catch (URISyntaxException _) {
            return false;
        }
    }
}
