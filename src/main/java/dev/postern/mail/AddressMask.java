package dev.postern.mail;

/// Hides mail addresses in any text: `ann@example.org` becomes `a***@e***.org`.
public final class AddressMask {

    /// What no address has within, beside white space.
    private static final String EDGES = "<>()[],:;\"'@=";

    private static final String STARS = "***";

    private AddressMask() {}

    /// Returns `text` with every mail address in it masked.
    public static String apply(String text) {
        int at = text.indexOf('@');
        if (at < 0) {
            return text;
        }
        StringBuilder masked = new StringBuilder(text.length());
        int done = 0;
        while (at >= 0) {
            int from = at;
            while (from > done && !isEdge(text.charAt(from - 1))) {
                from--;
            }
            if (from < at && isLetterOrDigit(text, at + 1)) {
                int to = at + 1;
                while (to < text.length() && !isEdge(text.charAt(to))) {
                    to++;
                }
                masked.append(text, done, from).append(first(text, from)).append(STARS);
                masked.append('@').append(first(text, at + 1)).append(STARS);
                masked.append(topLevel(text.substring(at + 1, to)));
                done = to;
            }
            at = text.indexOf('@', at + 1);
        }
        return masked.append(text, done, text.length()).toString();
    }

    /// Returns a name with all but its first character hidden; a mail address as [#apply] has it.
    public static String name(String name) {
        if (name.isEmpty() || name.indexOf('@') > 0) {
            return apply(name);
        }
        return first(name, 0) + STARS;
    }

    private static boolean isEdge(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r') || EDGES.indexOf(c) >= 0;
    }

    private static boolean isLetterOrDigit(String text, int at) {
        if (at == text.length()) {
            return false;
        }
        int point = text.codePointAt(at);
        return Character.isLetter(point)
                || switch (Character.getType(point)) {
                    case Character.DECIMAL_DIGIT_NUMBER,
                            Character.LETTER_NUMBER,
                            Character.OTHER_NUMBER ->
                            true;
                    default -> false;
                };
    }

    /// The character that begins there, whole.
    private static String first(String text, int at) {
        return text.substring(at, text.offsetByCodePoints(at, 1));
    }

    /// The last label with its dot, and the dots behind it; empty where there is one label only.
    private static String topLevel(String domain) {
        int end = domain.length();
        while (end > 0 && domain.charAt(end - 1) == '.') {
            end--;
        }
        int lastDot = domain.lastIndexOf('.', end - 1);
        return lastDot < 0 ? "" : domain.substring(lastDot);
    }
}
