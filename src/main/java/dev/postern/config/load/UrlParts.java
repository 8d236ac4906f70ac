package dev.postern.config.load;

import dev.postern.config.Hosts;
import dev.postern.config.Percent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A URL cut into its parts, still percent-encoded (RFC 3986 §3 in small). `java.net.URI` gives
/// `sendgrid://KEY@` neither host nor user, and refuses the passwords that people write.
///
/// A password often holds `/`, `?`, `#` or `@` as they are. Where the URL makes no sense by the RFC
/// and sense in just one way when one of its at-signs ends the user, that way counts.
///
/// @param scheme in lower case
/// @param user all before the `@` that ends it; null without one
/// @param place host and port
/// @param rest the path, with its slash; empty without one
/// @param query null when absent
/// @param fragment null when absent
public record UrlParts(
        String scheme,
        @Nullable String user,
        String place,
        String rest,
        @Nullable String query,
        @Nullable String fragment) {

    /// What to do about a URL that can't be read for sure.
    public static final String REMEDY =
            "percent-encode # / ? @ and blanks within user, password and key (%23 %2F %3F %40 %20)";

    /// Parameters that hold addresses.
    private static final Set<String> ADDRESSES = Set.of("senders", "sender", "from");

    /// A name and its value.
    private static final Pattern PARAMETER = Pattern.compile("(?s)[A-Za-z0-9_.-]+=.*");

    private static final String AUTHORITY = "://";

    /// A password with more at-signs than this must be percent-encoded.
    private static final int MOST_AT_SIGNS = 8;

    /// Returns the parts of `url`; null when it does not begin with a scheme and `://`.
    public static @Nullable UrlParts of(String url) {
        int colon = url.indexOf(AUTHORITY);
        if (colon < 1) {
            return null;
        }
        String scheme = url.substring(0, colon).toLowerCase(Locale.ROOT);
        String tail = url.substring(colon + AUTHORITY.length());
        UrlParts strict = cut(scheme, null, tail);
        if (strict.isPlausible()) {
            return strict;
        }
        List<UrlParts> others = new ArrayList<>();
        int at = tail.indexOf('@');
        for (int seen = 0; at >= 0 && seen < MOST_AT_SIGNS; seen++) {
            UrlParts other = cut(scheme, tail.substring(0, at), tail.substring(at + 1));
            if (other.isPlausible()) {
                others.add(other);
            }
            at = tail.indexOf('@', at + 1);
        }
        return others.size() == 1 && at < 0 ? others.getFirst() : strict;
    }

    /// @param user null: what stands before the last at-sign of the authority
    private static UrlParts cut(String scheme, @Nullable String user, String tail) {
        String[] fragment = tail.split("#", 2);
        String[] query = fragment[0].split("\\?", 2);
        int slash = query[0].indexOf('/');
        String authority = slash < 0 ? query[0] : query[0].substring(0, slash);
        int at = user == null ? authority.lastIndexOf('@') : -1;
        return new UrlParts(
                scheme,
                at < 0 ? user : authority.substring(0, at),
                authority.substring(at + 1),
                slash < 0 ? "" : query[0].substring(slash),
                query.length > 1 ? query[1] : null,
                fragment.length > 1 ? fragment[1] : null);
    }

    /// Returns whether a part may be a piece of a password that was not percent-encoded.
    public boolean isDoubtful() {
        return isPlausible()
                ? hasAtSignBehind()
                : (rest + query + fragment).indexOf('@') >= 0
                        && (user == null || !rest.isEmpty() || query != null || fragment != null);
    }

    /// `smtp://me:1234?x=y@a.example`: by the RFC a server named `me`, and more likely a password.
    private boolean hasAtSignBehind() {
        return user == null
                && query != null
                && Arrays.stream(query.split("&"))
                        .filter(parameter -> parameter.indexOf('@') >= 0)
                        .anyMatch(parameter -> !ADDRESSES.contains(parameter.split("=", 2)[0]));
    }

    private boolean isPlausible() {
        String port = port();
        return (place.isEmpty() ? user != null : isHost(host()))
                && (port == null || port.matches("auto|[0-9]+"))
                && (rest.isEmpty() || rest.equals("/"))
                && (query == null
                        || Arrays.stream(query.split("&")).allMatch(PARAMETER.asMatchPredicate()))
                && (fragment == null || fragment.matches("[A-Za-z0-9_.-]*"));
    }

    private static boolean isHost(String host) {
        String bare = Hosts.withoutBrackets(host);
        bare = bare.equals(host) ? Percent.decode(host) : bare;
        return bare != null && Hosts.valid(bare);
    }

    /// Returns the host of [#place], without a port.
    public String host() {
        int colon = portColon();
        return colon < 0 ? place : place.substring(0, colon);
    }

    /// Returns the port of [#place]; null without one.
    public @Nullable String port() {
        int colon = portColon();
        return colon < 0 ? null : place.substring(colon + 1);
    }

    private int portColon() {
        int colon = place.lastIndexOf(':');
        return colon > place.lastIndexOf(']') ? colon : -1;
    }
}
