package dev.postern.mail;

import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Hides mail addresses in any text: `ann@example.org` becomes `a***@e***.org`.
public final class AddressMask {

    private static final String EDGE = "\\s<>()\\[\\],:;\"'@=";
    private static final Pattern ADDRESS =
            Pattern.compile("([^" + EDGE + "])[^" + EDGE + "]*@([\\p{L}\\p{N}])([^" + EDGE + "]*)");
    private static final String STARS = "***";

    private AddressMask() {}

    /// Returns `text` with every mail address in it masked.
    public static String apply(String text) {
        if (text.indexOf('@') < 0) {
            return text;
        }
        return ADDRESS.matcher(text).replaceAll(AddressMask::masked);
    }

    /// Returns a name with all but its first character hidden; a mail address as [#apply] has it.
    public static String name(String name) {
        if (name.isEmpty() || name.indexOf('@') > 0) {
            return apply(name);
        }
        return name.substring(0, name.offsetByCodePoints(0, 1)) + STARS;
    }

    private static String masked(MatchResult address) {
        String rest = address.group(3);
        int end = rest.length();
        while (end > 0 && rest.charAt(end - 1) == '.') {
            end--;
        }
        int lastDot = rest.lastIndexOf('.', end - 1);
        String topLevel = lastDot < 0 ? "" : rest.substring(lastDot);
        return Matcher.quoteReplacement(
                address.group(1) + STARS + "@" + address.group(2) + STARS + topLevel);
    }
}
