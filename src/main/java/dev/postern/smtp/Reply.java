package dev.postern.smtp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A reply of ours (RFC 5321 §4.2): one value, which says as well whether the session ends with it.
/// Those that the listener gives are made by [Replies].
///
/// The text may hold anything; what is sent of it is printable ASCII, cut to the length of a line.
///
/// @param code the three digits
/// @param status the enhanced status (RFC 2034), of the same class; null for 3yz, HELO, EHLO,
///   greeting
/// @param lines at least one line of text
/// @param closesSession whether the session ends with it
public record Reply(
        ReplyCode code,
        @Nullable EnhancedStatus status,
        List<String> lines,
        boolean closesSession) {

    private static final int LINE_END_OCTETS = 2;
    private static final int LINE_CHARS_USUAL = 80;
    private static final char FIRST_PRINTABLE = ' ';
    private static final char LAST_PRINTABLE = '~';

    public Reply {
        lines = List.copyOf(lines);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException("a reply has at least one line");
        }
        if (status != null && status.classDigit() != code.classDigit()) {
            throw new IllegalArgumentException(status + " is not of the class of " + code);
        }
    }

    /// The reply as it goes over the wire: each line at most 512 octets with its CRLF (RFC 5321
    /// §4.5.3.1.5), the enhanced status on every one (RFC 2034 §4).
    public byte[] encode() {
        if (lines.size() == 1) {
            return encodeLine(' ', lines.getFirst());
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < lines.size(); i++) {
            char separator = i == lines.size() - 1 ? ' ' : '-';
            out.writeBytes(encodeLine(separator, lines.get(i)));
        }
        return out.toByteArray();
    }

    private byte[] encodeLine(char separator, String text) {
        StringBuilder line = new StringBuilder(LINE_CHARS_USUAL).append(code.value());
        line.append(separator);
        if (status != null) {
            line.append(status).append(' ');
        }
        line.append(printable(text));
        line.setLength(Math.min(line.length(), SmtpLimits.REPLY_LINE_OCTETS - LINE_END_OCTETS));
        return line.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    }

    /// The text with a `?` for all that is not printable ASCII, so that no word of a client or a
    /// next hop can make a line of its own.
    static String printable(String text) {
        int plain = 0;
        while (plain < text.length() && isPrintable(text.charAt(plain))) {
            plain++;
        }
        if (plain == text.length()) {
            return text;
        }
        StringBuilder clean = new StringBuilder(text);
        for (int i = plain; i < clean.length(); i++) {
            if (!isPrintable(clean.charAt(i))) {
                clean.setCharAt(i, '?');
            }
        }
        return clean.toString();
    }

    private static boolean isPrintable(char c) {
        return c >= FIRST_PRINTABLE && c <= LAST_PRINTABLE;
    }

    /// The reply in one line, for logs.
    @Override
    public String toString() {
        return code.with(status) + " " + printable(String.join(" / ", lines));
    }
}
