package dev.postern.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/// Reads the base address of an HTTP API. Clear text is for this machine alone: the request carries
/// a key.
final class EndpointText {

    private static final String RULE = "a base address such as https://api.example.org";

    private EndpointText() {}

    static Parsed<URI> parse(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == '/') {
            end--;
        }
        String bare = text.substring(0, end);
        URI uri;
        try {
            uri = new URI(bare);
        } catch (URISyntaxException _) {
            return Parsed.wrong(RULE);
        }
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        String host = uri.getHost();
        if (host == null || !(scheme.equals("https") || scheme.equals("http"))) {
            return Parsed.wrong(RULE);
        }
        if (uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            return Parsed.wrong(RULE, "without user, query and fragment");
        }
        boolean loopback = Hosts.loopback(host.replace("[", "").replace("]", ""));
        return scheme.equals("http") && !loopback
                ? Parsed.wrong("an https:// address", "http:// is for loopback addresses only")
                : Parsed.good(uri);
    }
}
