package dev.postern.smtp;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An enhanced mail system status code (RFC 3463 §2), such as `4.3.1`.
///
/// @param classDigit 2, 4 or 5: success, persistent transient failure, permanent failure
/// @param subject 0 to 999: what the status is about (RFC 3463 §3)
/// @param detail 0 to 999
public record EnhancedStatus(int classDigit, int subject, int detail) {
    public static final EnhancedStatus OK = new EnhancedStatus(2, 0, 0);
    public static final EnhancedStatus SENDER_OK = new EnhancedStatus(2, 1, 0);
    public static final EnhancedStatus RECIPIENT_OK = new EnhancedStatus(2, 1, 5);
    public static final EnhancedStatus AUTH_OK = new EnhancedStatus(2, 7, 0);

    public static final EnhancedStatus SYSTEM_TROUBLE = new EnhancedStatus(4, 3, 0);
    public static final EnhancedStatus SYSTEM_FULL = new EnhancedStatus(4, 3, 1);
    public static final EnhancedStatus NOT_ACCEPTING = new EnhancedStatus(4, 3, 2);
    public static final EnhancedStatus NO_ANSWER_FROM_HOST = new EnhancedStatus(4, 4, 1);
    public static final EnhancedStatus BAD_CONNECTION = new EnhancedStatus(4, 4, 2);
    public static final EnhancedStatus TOO_MANY_RECIPIENTS = new EnhancedStatus(4, 5, 3);
    public static final EnhancedStatus TRANSIENT_SECURITY = new EnhancedStatus(4, 7, 0);

    public static final EnhancedStatus BAD_RECIPIENT_SYNTAX = new EnhancedStatus(5, 1, 3);
    public static final EnhancedStatus BAD_SENDER_SYNTAX = new EnhancedStatus(5, 1, 7);
    public static final EnhancedStatus MESSAGE_TOO_BIG = new EnhancedStatus(5, 3, 4);
    public static final EnhancedStatus ROUTING_LOOP = new EnhancedStatus(5, 4, 6);
    public static final EnhancedStatus INVALID_COMMAND = new EnhancedStatus(5, 5, 1);
    public static final EnhancedStatus SYNTAX_ERROR = new EnhancedStatus(5, 5, 2);
    public static final EnhancedStatus INVALID_ARGUMENTS = new EnhancedStatus(5, 5, 4);
    public static final EnhancedStatus AUTH_LINE_TOO_LONG = new EnhancedStatus(5, 5, 6);
    public static final EnhancedStatus CONTENT_REFUSED = new EnhancedStatus(5, 6, 0);
    public static final EnhancedStatus NON_ASCII_ADDRESS = new EnhancedStatus(5, 6, 7);
    public static final EnhancedStatus SECURITY = new EnhancedStatus(5, 7, 0);
    public static final EnhancedStatus NOT_AUTHORIZED = new EnhancedStatus(5, 7, 1);
    public static final EnhancedStatus BAD_CREDENTIALS = new EnhancedStatus(5, 7, 8);
    public static final EnhancedStatus ENCRYPTION_NEEDED = new EnhancedStatus(5, 7, 11);

    private static final int LARGEST_PART = 999;
    private static final Pattern FORM = Pattern.compile("([245])\\.(\\d{1,3})\\.(\\d{1,3})");

    public EnhancedStatus {
        if (classDigit != 2 && classDigit != 4 && classDigit != 5) {
            throw new IllegalArgumentException("class " + classDigit + " is not 2, 4 or 5");
        }
        if (subject < 0 || subject > LARGEST_PART || detail < 0 || detail > LARGEST_PART) {
            throw new IllegalArgumentException(subject + "." + detail + " is not within 0 to 999");
        }
    }

    /// Parses text that is a status code and nothing else.
    public static Optional<EnhancedStatus> parse(CharSequence text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(
                new EnhancedStatus(
                        Integer.parseInt(matcher.group(1)),
                        Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3))));
    }

    /// The status as it is written: `X.Y.Z`.
    @Override
    public String toString() {
        return classDigit + "." + subject + "." + detail;
    }
}
