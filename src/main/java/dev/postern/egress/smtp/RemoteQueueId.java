package dev.postern.egress.smtp;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Finds the id that a next hop gave the message in its reply to the final dot.
final class RemoteQueueId {

    /// Postfix and SendGrid say `queued as ID`, Exim `OK id=ID`, SES `Ok ID`, OpenSMTPD and
    /// Sendmail `ID Message accepted for delivery`.
    private static final Pattern ID =
            Pattern.compile(
                    "queued as <?([^\\s>]+)"
                            + "|\\bid=<?([^\\s>]+)"
                            + "|^250 Ok ([0-9a-f-]{16,})$"
                            + "|(?<![A-Za-z0-9])([A-Za-z0-9]{8,}+) Message accepted for delivery",
                    Pattern.CASE_INSENSITIVE);

    private RemoteQueueId() {}

    /// Returns the id; null when the reply names none.
    static @Nullable String in(String reply) {
        Matcher matcher = ID.matcher(reply);
        if (!matcher.find()) {
            return null;
        }
        for (int group = 1; group <= matcher.groupCount(); group++) {
            if (matcher.group(group) != null) {
                return matcher.group(group);
            }
        }
        return null;
    }
}
