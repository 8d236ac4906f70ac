package dev.postern.doctor;

import dev.postern.smtp.UpstreamReply;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a mail server says of itself in its greeting (RFC 5321 §4.2).
final class ServerName {

    private static final Pattern MAKE =
            Pattern.compile(
                    "\\b(Exim [\\d.]+|Exim|Postfix|OpenSMTPD|Sendmail|qmail|Haraka|Stalwart|Mailpit"
                            + "|MailHog|Microsoft ESMTP|Postern)",
                    Pattern.CASE_INSENSITIVE);

    private ServerName() {}

    /// Returns the software: `Exim 4.96`; `a mail server` when it does not say.
    static String make(@Nullable UpstreamReply greeting) {
        Matcher matcher = MAKE.matcher(line(greeting));
        return matcher.find() ? matcher.group(1) : "a mail server";
    }

    private static String line(@Nullable UpstreamReply greeting) {
        return greeting instanceof UpstreamReply.Answered answered ? answered.firstLine() : "";
    }
}
