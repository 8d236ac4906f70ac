package dev.postern.egress.smtp;

import dev.postern.outcome.Verdict;
import dev.postern.smtp.UpstreamReply;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a server said of itself before any log-in.
///
/// @param greeting its first reply; null when it gave none
/// @param ehlo its last answer to EHLO; null when it gave none
/// @param certificateNames the names that its certificate is for; empty without one
/// @param distrust why its certificate does not verify for the name asked; null when it does, or
///   was not looked at
record Answer(
        @Nullable UpstreamReply greeting,
        @Nullable UpstreamReply ehlo,
        List<String> certificateNames,
        @Nullable Verdict distrust) {

    private static final Pattern SOFTWARE =
            Pattern.compile(
                    "\\b(Exim|Postfix|Sendmail|OpenSMTPD|Haraka|qmail|hMailServer|MDaemon"
                            + "|MailEnable|Kerio Connect|Zimbra|Microsoft ESMTP MAIL Service)\\b"
                            + "(?:[ /]v?(\\d[\\w.]*))?");

    Answer {
        certificateNames = List.copyOf(certificateNames);
    }

    String greetingName() {
        return firstWord(greeting);
    }

    String ehloName() {
        return firstWord(ehlo);
    }

    /// Returns the software as the greeting tells it: `Exim 4.96`; empty when it does not.
    String software() {
        Matcher matcher = SOFTWARE.matcher(greeting == null ? "" : greeting.oneLine());
        if (!matcher.find()) {
            return "";
        }
        return matcher.group(2) == null
                ? matcher.group(1)
                : matcher.group(1) + " " + matcher.group(2);
    }

    /// A refusal begins with words of another kind.
    private static String firstWord(@Nullable UpstreamReply reply) {
        return reply instanceof UpstreamReply.Answered answered && answered.code().isPositive()
                ? answered.firstLine().strip().split(" ", 2)[0]
                : "";
    }
}
