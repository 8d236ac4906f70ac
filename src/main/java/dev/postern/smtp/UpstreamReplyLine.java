package dev.postern.smtp;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One line of a next hop's reply, as far as it may be long (RFC 5321 §4.5.3.1.5).
record UpstreamReplyLine(
        ReplyCode code, boolean isLast, @Nullable EnhancedStatus status, String text) {
    /// A code alone, without even a space, is a last line (RFC 5321 §4.2: servers exist that send
    /// it).
    private static final Pattern FORM =
            Pattern.compile(
                    "(\\d{3})(?:([ -])(?:([245]\\.\\d{1,3}\\.\\d{1,3})(?= |$) ?)?(.*))?",
                    Pattern.DOTALL);

    private static final int LINE_END_OCTETS = 2;
    private static final int TEXT_OCTETS = Limits.REPLY_LINE_OCTETS - LINE_END_OCTETS;
    private static final int CODE_OCTETS = 4;

    static Optional<UpstreamReplyLine> parse(String line) {
        Matcher matcher = FORM.matcher(UpstreamReply.cut(line.stripTrailing(), TEXT_OCTETS));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int value = Integer.parseInt(matcher.group(1));
        if (!ReplyCode.isPossible(value)) {
            return Optional.empty();
        }
        String status = matcher.group(3);
        String text = matcher.group(4);
        return Optional.of(
                new UpstreamReplyLine(
                        new ReplyCode(value),
                        !"-".equals(matcher.group(2)),
                        status == null ? null : EnhancedStatus.parse(status).orElse(null),
                        text == null ? "" : text));
    }

    /// Returns what it counts for, as a line with its end.
    int octets() {
        return CODE_OCTETS + text.length() + LINE_END_OCTETS;
    }

    UpstreamReplyLine withText(String other) {
        return new UpstreamReplyLine(code, isLast, status, other);
    }
}
