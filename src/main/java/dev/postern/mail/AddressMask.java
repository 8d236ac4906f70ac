package dev.postern.mail;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Hides mail addresses in any text: `ann@example.org` becomes `a***@e***.org`.
public final class AddressMask {

    /// What ends an address that stands in a text, beside white space.
    private static final String EDGES = "<>()[],:;\"'@=";

    /// How far back a quoted local part reaches: twice the 64 octets of RFC 5321 §4.5.3.1.1, for
    /// backslashes, and its quotes.
    private static final int QUOTED_CHARS = 130;

    /// How far before an at-sign a `<` begins its path (RFC 5321 §4.5.3.1.3).
    private static final int PATH_CHARS = 256;

    private static final Pattern DOMAIN_START = Pattern.compile("\\[?[\\p{L}\\p{N}]");

    private static final String STARS = "***";

    private AddressMask() {}

    /// Returns `text` with every mail address in it masked: quoted local parts (RFC 5321 §4.1.2)
    /// and address literals (§4.1.3) too, and all between a `<` and the at-sign behind it, whatever
    /// it is.
    public static String apply(String text) {
        int at = text.indexOf('@');
        if (at < 0) {
            return text;
        }
        StringBuilder masked = new StringBuilder(text.length());
        int done = 0;
        int bracket = -1;
        int read = 0;
        Matcher domain = DOMAIN_START.matcher(text);
        while (at >= 0) {
            for (; read < at; read++) {
                char c = text.charAt(read);
                bracket = c == '<' ? read + 1 : c == '>' || c == '\n' ? -1 : bracket;
            }
            boolean isPath = bracket >= done && at - bracket <= PATH_CHARS;
            int from = isPath ? bracket : localPart(text, done, at);
            if (from == at && done > 0 && at - done <= QUOTED_CHARS && text.charAt(at - 1) == '"') {
                // The quotes began before an at-sign of their own, which is hidden already.
                from = done;
            }
            if (from < at && (isPath || domain.region(at + 1, text.length()).lookingAt())) {
                int to = domainEnd(text, at + 1);
                masked.append(text, done, from).append(hidden(text, from, at)).append('@');
                masked.append(hidden(text, at + 1, to));
                masked.append(topLevel(text.substring(at + 1, to)));
                done = to;
            }
            at = text.indexOf('@', Math.max(at + 1, done));
        }
        return masked.append(text, done, text.length()).toString();
    }

    /// Returns where the local part begins that ends at `at`; `at` when there is none.
    private static int localPart(String text, int done, int at) {
        int quote = at - 1;
        if (quote > done && text.charAt(quote) == '"') {
            int furthest = Math.max(done, at - QUOTED_CHARS);
            for (int from = quote - 1; from >= furthest; from--) {
                if (text.charAt(from) == '"' && !text.startsWith("\\", from - 1)) {
                    return from;
                }
            }
        }
        int from = at;
        while (from > done && !isEdge(text.charAt(from - 1))) {
            from--;
        }
        return from;
    }

    private static int domainEnd(String text, int from) {
        boolean isLiteral = text.startsWith("[", from);
        int to = isLiteral ? from + 1 : from;
        while (to < text.length()) {
            char c = text.charAt(to);
            if (isLiteral && c == ']') {
                return to + 1;
            }
            if (isLiteral ? isBlank(c) : isEdge(c)) {
                return to;
            }
            to++;
        }
        return to;
    }

    /// Returns a name with all but its first character hidden; a mail address as [#apply] has it.
    public static String name(String name) {
        if (name.isEmpty() || name.indexOf('@') > 0) {
            return apply(name);
        }
        return hidden(name, 0, name.length());
    }

    private static boolean isEdge(char c) {
        return isBlank(c) || EDGES.indexOf(c) >= 0;
    }

    private static boolean isBlank(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /// The first character, whole, and stars; of nothing, nothing.
    private static String hidden(String text, int from, int to) {
        return from == to ? "" : text.substring(from, text.offsetByCodePoints(from, 1)) + STARS;
    }

    /// The last label with its dot, and the dots behind it; empty where there is one label only.
    private static String topLevel(String domain) {
        if (domain.startsWith("[")) {
            return domain.endsWith("]") ? "]" : "";
        }
        int end = domain.length();
        while (end > 0 && domain.charAt(end - 1) == '.') {
            end--;
        }
        int lastDot = domain.lastIndexOf('.', end - 1);
        return lastDot < 0 ? "" : domain.substring(lastDot);
    }
}
