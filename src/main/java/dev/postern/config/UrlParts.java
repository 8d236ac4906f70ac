package dev.postern.config;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A URL cut into its parts, still percent-encoded (RFC 3986 §3 in small). `java.net.URI` gives
/// `sendgrid://KEY@` neither host nor user, and refuses the passwords that people write.
///
/// @param scheme in lower case
/// @param user all before the last `@` of the authority; null without one
/// @param place host and port
/// @param rest the path, with its slash; empty without one
/// @param query null when absent
/// @param fragment null when absent
record UrlParts(
        String scheme,
        @Nullable String user,
        String place,
        String rest,
        @Nullable String query,
        @Nullable String fragment) {

    private static final String AUTHORITY = "://";

    /// Returns the parts of `url`; null when it does not begin with a scheme and `://`.
    static @Nullable UrlParts of(String url) {
        int colon = url.indexOf(AUTHORITY);
        if (colon < 1) {
            return null;
        }
        String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
        String tail = url.substring(colon + AUTHORITY.length());
        String[] fragment = cut(tail, '#');
        String[] query = cut(fragment[0], '?');
        int slash = query[0].indexOf('/');
        String authority = slash < 0 ? query[0] : query[0].substring(0, slash);
        String rest = slash < 0 ? "" : query[0].substring(slash);
        int at = authority.lastIndexOf('@');
        return new UrlParts(
                scheme,
                at < 0 ? null : authority.substring(0, at),
                authority.substring(at + 1),
                rest,
                query.length > 1 ? query[1] : null,
                fragment.length > 1 ? fragment[1] : null);
    }

    /// Returns the host of [#place], without a port.
    String host() {
        int colon = portColon();
        return colon < 0 ? place : place.substring(0, colon);
    }

    /// Returns the port of [#place]; null without one.
    @Nullable String port() {
        int colon = portColon();
        return colon < 0 ? null : place.substring(colon + 1);
    }

    private int portColon() {
        int colon = place.lastIndexOf(':');
        return colon > place.lastIndexOf(']') ? colon : -1;
    }

    private static String[] cut(String text, char at) {
        int index = text.indexOf(at);
        return index < 0
                ? new String[] {text}
                : new String[] {text.substring(0, index), text.substring(index + 1)};
    }
}
