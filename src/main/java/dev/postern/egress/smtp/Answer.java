package dev.postern.egress.smtp;

import dev.postern.outcome.Verdict;
import dev.postern.smtp.Extension;
import dev.postern.smtp.UpstreamReply;
import dev.postern.smtp.UpstreamReply.Answered;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
public record Answer(
        @Nullable UpstreamReply greeting,
        @Nullable UpstreamReply ehlo,
        List<String> certificateNames,
        @Nullable Verdict distrust) {

    private static final String AUTH_EQUALS = "AUTH=";

    private static final Pattern SOFTWARE =
            Pattern.compile(
                    "\\b(Exim|Postfix|Sendmail|OpenSMTPD|Haraka|qmail|hMailServer|MDaemon"
                            + "|MailEnable|Kerio Connect|Zimbra|Microsoft ESMTP MAIL Service)\\b"
                            + "(?:[ /]v?(\\d[\\w.]*))?");

    /// Returns the name that the server gives itself in its greeting (RFC 5321 §4.2); empty when it
    /// gave none.
    public String greetingName() {
        return firstWord(greeting);
    }

    /// Returns the name that the server gives itself in its answer to EHLO (RFC 5321 §4.1.1.1);
    /// empty when it gave none.
    public String ehloName() {
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

    /// Returns the mechanisms of AUTH that are offered (RFC 4954 §3), in capitals.
    public List<String> mechanisms() {
        List<String> mechanisms = new ArrayList<>();
        List<String> said = ehlo instanceof Answered answered ? answered.lines() : List.of();
        for (String line : said.subList(Math.min(1, said.size()), said.size())) {
            String upper = line.toUpperCase(Locale.ROOT).strip();
            // Old servers say AUTH=LOGIN, some beside the line that the standard wants.
            if (upper.startsWith(AUTH_EQUALS)) {
                upper = "AUTH " + upper.substring(AUTH_EQUALS.length());
            }
            List<String> words = List.of(upper.split("\\s+"));
            if (words.getFirst().equals(Extension.AUTH.keyword())) {
                words.stream()
                        .skip(1)
                        .filter(word -> !mechanisms.contains(word))
                        .forEach(mechanisms::add);
            }
        }
        return mechanisms;
    }

    /// A refusal begins with words of another kind.
    private static String firstWord(@Nullable UpstreamReply reply) {
        return reply instanceof Answered answered && answered.code().isPositive()
                ? answered.firstLine().strip().split(" ", 2)[0]
                : "";
    }
}
