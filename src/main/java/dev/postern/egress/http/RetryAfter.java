package dev.postern.egress.http;

import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds in an answer how long the server asks us to wait: `Retry-After` (RFC 9110 §10.2.3), the
/// providers' rate headers, or the text.
final class RetryAfter {

    /// No server's word is followed for longer than this.
    static final Duration LONGEST = Duration.ofHours(24);

    /// A number of seconds above this is a point in time.
    private static final long EPOCH_SECONDS_FROM = 1_000_000_000;

    private static final Pattern SECONDS = Pattern.compile("\\d{1,12}(\\.\\d+)?");
    private static final Pattern WAIT =
            Pattern.compile(
                    "(?:in|after|for) (\\d{1,6}) ?(s|m|h)(ec(ond)?s?|in(ute)?s?|ours?|)\\b",
                    Pattern.CASE_INSENSITIVE);
    private static final Pattern DATE =
            Pattern.compile(
                    "after (\\w{3}, \\d{1,2} \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d) (UTC|GMT)");

    private RetryAfter() {}

    /// Returns the asked-for wait; null when the answer names none.
    ///
    /// @param said the answer's text
    static @Nullable Duration of(HttpAnswer answer, String said) {
        return of(answer, said, Clock.systemUTC());
    }

    static @Nullable Duration of(HttpAnswer answer, String said, Clock clock) {
        String told = answer.header("retry-after");
        Duration wait = told == null ? null : read(told, clock);
        if (wait == null && answer.status() == 429) {
            wait = fromRateHeaders(answer, clock);
        }
        if (wait == null) {
            wait = fromText(said, clock);
        }
        return wait == null || wait.compareTo(LONGEST) <= 0 ? wait : LONGEST;
    }

    private static @Nullable Duration fromRateHeaders(HttpAnswer answer, Clock clock) {
        for (String name :
                new String[] {"x-ratelimit-reset", "ratelimit-reset", "x-sib-ratelimit-reset"}) {
            String value = answer.header(name);
            Duration wait = value == null ? null : read(value, clock);
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }

    private static @Nullable Duration read(String value, Clock clock) {
        String text = value.strip();
        if (!SECONDS.matcher(text).matches()) {
            return until(text, clock);
        }
        long seconds = Long.parseLong(text.replaceFirst("\\..*", ""));
        Duration wait =
                seconds < EPOCH_SECONDS_FROM
                        ? Duration.ofSeconds(seconds)
                        : Duration.between(clock.instant(), Instant.ofEpochSecond(seconds));
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    private static @Nullable Duration until(String date, Clock clock) {
        try {
            Instant then =
                    ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            Duration wait = Duration.between(clock.instant(), then);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException _) {
            return null;
        }
    }

    private static @Nullable Duration fromText(String said, Clock clock) {
        Matcher date = DATE.matcher(said);
        if (date.find()) {
            return until(date.group(1) + " GMT", clock);
        }
        Matcher wait = WAIT.matcher(said);
        if (!wait.find()) {
            return null;
        }
        long count = Long.parseLong(wait.group(1));
        return switch (wait.group(2).toLowerCase(Locale.ROOT)) {
            case "s" -> Duration.ofSeconds(count);
            case "m" -> Duration.ofMinutes(count);
            default -> Duration.ofHours(count);
        };
    }
}
