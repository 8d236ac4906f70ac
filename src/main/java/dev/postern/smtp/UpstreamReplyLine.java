package dev.postern.smtp;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One line of a next hop's reply.
record UpstreamReplyLine(
        ReplyCode code, boolean isLast, @Nullable EnhancedStatus status, String text) {
    /// A code alone, without even a space, is a last line (RFC 5321 §4.2: servers exist that send
    /// it).
    private static final Pattern FORM =
            Pattern.compile("(\\d{3})(?:([ -])(?:([245]\\.\\d{1,3}\\.\\d{1,3})(?= |$) ?)?(.*))?");

    static Optional<UpstreamReplyLine> parse(String line) {
        Matcher matcher = FORM.matcher(line.stripTrailing());
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
}
