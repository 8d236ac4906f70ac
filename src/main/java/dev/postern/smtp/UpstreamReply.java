package dev.postern.smtp;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a next hop said, read with all the leniency that logs and outcomes need: its code is
/// believed, its enhanced status only as far as it agrees with the code.
///
/// *Limits.* A line counts up to [Limits#REPLY_LINE_OCTETS] with its CRLF, a whole reply up to
/// [Limits#UPSTREAM_REPLY_OCTETS]; what is cut off leaves `…` behind, wherever the reply is shown.
/// The code is the last line's all the same.
public sealed interface UpstreamReply {
    /// A whole reply.
    ///
    /// @param code the code of the last line
    /// @param status the first enhanced status found, with the class of the code; null if there is
    ///   none
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
            String codes = status == null ? code.toString() : code + " " + status;
            return clean(codes + " " + String.join(" ", lines));
        }

        @Override
        public String text() {
            String codes = status == null ? code.toString() : code + " " + status;
            return lines.stream()
                    .map(UpstreamReply::clean)
                    .collect(Collectors.joining("\n", codes + " ", ""));
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

    /// What Jakarta Mail gives for a connection that ended before a line.
    String END_OF_FILE = "[EOF]";

    /// All of it in one line without control characters, for logs and the attempt's `reply`.
    String oneLine();

    /// Reads a reply as Jakarta Mail gives it: lines that end in LF or CRLF, or `[EOF]`; null is
    /// taken as `[EOF]`.
    static UpstreamReply parse(@Nullable String text) {
        String said = text == null ? "" : text.strip();
        if (said.isEmpty() || said.equals(END_OF_FILE)) {
            return new Closed("");
        }
        List<UpstreamReplyLine> kept = new ArrayList<>();
        UpstreamReplyLine last = null;
        boolean agreed = true;
        int room = Limits.UPSTREAM_REPLY_OCTETS;
        for (String line : (Iterable<String>) said.lines()::iterator) {
            UpstreamReplyLine parsed = UpstreamReplyLine.parse(line).orElse(null);
            if (parsed == null) {
                return new Garbled(cut(said, Limits.UPSTREAM_REPLY_OCTETS));
            }
            agreed &= last == null || last.code().equals(parsed.code());
            last = parsed;
            boolean fits = room >= last.octets();
            if (room > 0) {
                kept.add(fits ? last : last.withText(CUT));
            }
            room = fits ? room - last.octets() : 0;
        }
        if (last == null || !last.isLast()) {
            return new Closed(cut(said, Limits.UPSTREAM_REPLY_OCTETS));
        }
        // All lines have one code (RFC 5321 §4.2.1). Where they differ a refusal is believed, and
        // nothing else.
        return agreed || last.code().isTransient() || last.code().isPermanent()
                ? answered(last.code(), kept)
                : new Garbled(cut(said, Limits.UPSTREAM_REPLY_OCTETS));
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
            if (status == null) {
                status = line.status();
            }
        }
        if (status != null && !code.isIntermediate()) {
            status = status.withClass(code.classDigit());
        }
        return new Answered(code, status, lines.stream().map(UpstreamReplyLine::text).toList());
    }

    private static String clean(String text) {
        return text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    }
}
