package dev.postern.outcome;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// How long a server asks us to wait, from the text of its reply or from a header field's value.
public final class RetryAfter {

    /// No server's word is followed for longer than this.
    public static final Duration LONGEST = Duration.ofHours(24);

    /// A number of seconds above this is a point in time.
    private static final long EPOCH_SECONDS_FROM = 1_000_000_000;

    private static final Pattern SECONDS = Pattern.compile("(\\d{1,12})(\\.\\d+)?");
    private static final Pattern DATE =
            Pattern.compile(
                    "after (\\w{3}, \\d{1,2} \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d) (UTC|GMT)");
    private static final Pattern WAIT =
            Pattern.compile(
                    "\\b(?:in|after|for)\\s+(\\d{1,6})\\s*"
                            + "(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\\b",
                    Pattern.CASE_INSENSITIVE);

    private RetryAfter() {}

    /// Returns the wait that a text asks for; null when it names none.
    static @Nullable Duration in(String text) {
        Matcher date = DATE.matcher(text);
        if (date.find()) {
            return until(date.group(1) + " GMT", Clock.systemUTC());
        }
        Matcher matcher = WAIT.matcher(text);
        if (!matcher.find()) {
            return null;
        }
        long count = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2).toLowerCase(Locale.ROOT).charAt(0)) {
            case 's' -> Duration.ofSeconds(count);
            case 'm' -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
    }

    /// Returns the wait that a header field's value asks for (RFC 9110 §10.2.3): seconds, a point
    /// in time in seconds since 1970 as rate limits have it, or a date. Null when it is none of
    /// these.
    public static @Nullable Duration ofValue(String value, Clock clock) {
        String text = value.strip();
        Matcher number = SECONDS.matcher(text);
        if (!number.matches()) {
            return until(text, clock);
        }
        long seconds = Long.parseLong(number.group(1));
        return seconds < EPOCH_SECONDS_FROM
                ? Duration.ofSeconds(seconds)
                : from(clock, Instant.ofEpochSecond(seconds));
    }

    private static @Nullable Duration until(String date, Clock clock) {
        Instant then = dated(date);
        return then == null ? null : from(clock, then);
    }

    /// Returns the point in time that a date names (RFC 9110 §5.6.7); null when it is none.
    public static @Nullable Instant dated(String date) {
        try {
            return DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from);
        } catch (DateTimeException _) {
            return null;
        }
    }

    private static Duration from(Clock clock, Instant then) {
        Duration wait = Duration.between(clock.instant(), then);
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    /// Returns the wait, if it is not too long to be followed.
    public static Duration capped(Duration asked) {
        return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
    }
}
