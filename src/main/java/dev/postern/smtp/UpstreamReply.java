package dev.postern.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a next hop said, read with all the leniency that logs and outcomes need: its code is
/// believed, its enhanced status only as far as it agrees with the code.
///
/// All lines of a reply have one code (RFC 5321 §4.2.1). Where they differ nobody says yes: what
/// ends in a refusal is one, by its worst line, a permanent refusal before a temporary one;
/// anything else is no reply.
///
/// *Limits.* A line counts up to [SmtpLimits#REPLY_LINE_OCTETS] with its CRLF, a whole reply up to
/// [SmtpLimits#UPSTREAM_REPLY_OCTETS]; what is cut off leaves `…` behind, wherever the reply is
/// shown. The codes of all lines count all the same.
public sealed interface UpstreamReply {
    /// A whole reply.
    ///
    /// @param code the code of the last line, or of the worst
    /// @param status the first enhanced status found on a line with that code, with the class of
    ///   the code; null if there is none
    /// @param lines the text of each line, without code and enhanced status
    record Answered(ReplyCode code, @Nullable EnhancedStatus status, List<String> lines)
            implements UpstreamReply {
        public Answered {
            lines = List.copyOf(lines);
        }

        /// The text of the first line.
        public String firstLine() {
            return lines.getFirst();
        }

        /// Code, enhanced status and all the text in one line.
        @Override
        public String oneLine() {
            return clean(code.with(status) + " " + String.join(" ", lines));
        }

        @Override
        public String text() {
            return lines.stream()
                    .map(UpstreamReply::clean)
                    .collect(Collectors.joining("\n", code.with(status) + " ", ""));
        }
    }

    /// The connection ended before a whole reply had come.
    ///
    /// @param soFar what had come, mostly nothing
    record Closed(String soFar) implements UpstreamReply {
        @Override
        public String oneLine() {
            return clean("connection closed by the server " + soFar);
        }
    }

    /// Something that is no SMTP reply.
    record Garbled(String text) implements UpstreamReply {
        @Override
        public String oneLine() {
            return clean(text);
        }
    }

    /// All of it, a line for each of the server's, without other control characters.
    default String text() {
        return oneLine();
    }

    /// What stands for what was cut off.
    String CUT = "…";

    /// What servers write that know no UTF-8.
    Charset WINDOWS_1252 = Charset.forName("windows-1252");

    /// What becomes one space where a reply is shown.
    Pattern BLANKS = Pattern.compile("[\\p{Cntrl}\\s]+");

    /// The control character beyond those below the space.
    char DELETE = 0x7f;

    /// What Jakarta Mail gives for a connection that ended before a line.
    String END_OF_FILE = "[EOF]";

    /// All of it in one line without control characters, for logs and the attempt's `reply`.
    String oneLine();

    /// Returns the octets of a reply as text: UTF-8 where they are that (RFC 6531 §3.7.4.1), else
    /// Windows-1252, in which every octet is something.
    static String decode(byte[] octets) {
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
        } catch (CharacterCodingException _) {
            return new String(octets, WINDOWS_1252);
        }
    }

    /// Reads a reply as Jakarta Mail gives it: lines that end in LF or CRLF, or `[EOF]`; null is
    /// taken as `[EOF]`.
    static UpstreamReply parse(@Nullable String text) {
        String said = text == null ? "" : text.strip();
        if (said.isEmpty() || said.equals(END_OF_FILE)) {
            return new Closed("");
        }
        String beginning = cut(said, SmtpLimits.UPSTREAM_REPLY_OCTETS);
        List<UpstreamReplyLine> kept = new ArrayList<>();
        UpstreamReplyLine last = null;
        ReplyCode worst = null;
        boolean agreed = true;
        int room = SmtpLimits.UPSTREAM_REPLY_OCTETS;
        for (String line : (Iterable<String>) said.lines()::iterator) {
            UpstreamReplyLine parsed = UpstreamReplyLine.parse(line).orElse(null);
            if (parsed == null) {
                return new Garbled(beginning);
            }
            agreed &= last == null || last.code().equals(parsed.code());
            last = parsed;
            if (worst == null || parsed.code().classDigit() >= worst.classDigit()) {
                worst = parsed.code();
            }
            boolean fits = room >= last.octets();
            if (room > 0) {
                kept.add(fits ? last : last.withText(CUT));
            }
            room = fits ? room - last.octets() : 0;
        }
        if (last == null || worst == null || !last.isLast()) {
            return new Closed(beginning);
        }
        boolean refuses = last.code().isTransient() || last.code().isPermanent();
        return agreed || refuses ? answered(worst, kept) : new Garbled(beginning);
    }

    /// Returns the text, or its beginning and a mark where it is longer than `most` characters.
    static String cut(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        int end = most - CUT.length();
        return text.substring(0, Character.isLowSurrogate(text.charAt(end)) ? end - 1 : end) + CUT;
    }

    private static Answered answered(ReplyCode code, List<UpstreamReplyLine> lines) {
        EnhancedStatus status = null;
        for (UpstreamReplyLine line : lines) {
            if (status == null && line.code().equals(code)) {
                status = line.status();
            }
        }
        if (status != null && !code.isIntermediate()) {
            status = new EnhancedStatus(code.classDigit(), status.subject(), status.detail());
        }
        return new Answered(code, status, lines.stream().map(UpstreamReplyLine::text).toList());
    }

    private static String clean(String text) {
        return isClean(text) ? text.strip() : BLANKS.matcher(text).replaceAll(" ").strip();
    }

    private static boolean isClean(String text) {
        char before = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c < ' ' || c == DELETE || (c == ' ' && before == ' ')) {
                return false;
            }
            before = c;
        }
        return true;
    }

    /// One line of a next hop's reply, as far as it may be long (RFC 5321 §4.5.3.1.5).
    record UpstreamReplyLine(
            ReplyCode code, boolean isLast, @Nullable EnhancedStatus status, String text) {
        /// A code alone, without even a space, is a last line (RFC 5321 §4.2: servers exist that
        /// send it).
        private static final Pattern FORM =
                Pattern.compile(
                        "(\\d{3})(?:([ -])(?:([245]\\.\\d{1,3}\\.\\d{1,3})(?= |$) ?)?(.*))?",
                        Pattern.DOTALL);

        private static final int LINE_END_OCTETS = 2;
        private static final int TEXT_OCTETS = SmtpLimits.REPLY_LINE_OCTETS - LINE_END_OCTETS;
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
}
