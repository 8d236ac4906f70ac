package dev.postern.outcome;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds in a reply's text how long the server asks us to wait.
final class RetryAfter {

    /// No server's word is followed for longer than this.
    static final Duration LONGEST = Duration.ofHours(24);

    private static final Pattern WAIT =
            Pattern.compile(
                    "\\b(?:in|after|for)\\s+(\\d{1,6})\\s*"
                            + "(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\\b",
                    Pattern.CASE_INSENSITIVE);

    private RetryAfter() {}

    /// Returns the asked-for wait; null when the text names none.
    static @Nullable Duration in(String text) {
        Matcher matcher = WAIT.matcher(text);
        if (!matcher.find()) {
            return null;
        }
        long count = Long.parseLong(matcher.group(1));
        Duration asked =
                switch (matcher.group(2).toLowerCase(Locale.ROOT).charAt(0)) {
                    case 's' -> Duration.ofSeconds(count);
                    case 'm' -> Duration.ofMinutes(count);
                    default -> Duration.ofHours(count);
                };
        return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
    }
}
