package dev.postern.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// Makes one line of one fact: its time, level and message, then its pairs in the order given. A
/// fact can't make a second line, whatever is in it: control characters of every value and key are
/// escaped.
///
/// *Limits.* [#VALUE_CHARS] of a value, before and after escaping; a line takes up no more values
/// beyond [#LINE_CHARS]. What is cut is marked.
abstract sealed class LineFormatter extends Formatter
        permits LineFormatter.TextFormatter, LineFormatter.JsonFormatter {

    /// Characters of one value.
    static final int VALUE_CHARS = 16 * 1024;

    /// Characters of a line, but for the marks of what was cut.
    static final int LINE_CHARS = 64 * 1024;

    /// Characters that most lines have room in.
    private static final int LINE_CHARS_USUAL = 384;

    /// What a value ends with whose escaped form was cut.
    static final String CUT = "[cut]";

    private static final int MARK_CHARS = 32;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final double NANOS_PER_SECOND = 1e9;

    /// How far back a cut looks for the end of a word: no mail address is longer.
    private static final int WORD_CHARS = 320;

    private static final char DELETE = 0x7f;

    private static final HexFormat HEX = HexFormat.of();

    private static final int MILLI_DIGITS = 3;
    private static final int NANOS_PER_MILLI = 1_000_000;

    /// The last second that was written out: thousands of lines share it.
    private static volatile Dated lastDated = dated(0);

    /// A second without its milliseconds: `2026-11-22T10:00:00.`
    private record Dated(long second, String text) {}

    private static Dated dated(long second) {
        String text = TIME.format(Instant.ofEpochSecond(second));
        return new Dated(second, text.substring(0, text.length() - MILLI_DIGITS - 1));
    }

    private static String time(Instant moment) {
        Dated last = lastDated;
        if (last.second() != moment.getEpochSecond()) {
            last = dated(moment.getEpochSecond());
            lastDated = last;
        }
        String millis = Integer.toString(moment.getNano() / NANOS_PER_MILLI);
        return last.text() + "0".repeat(MILLI_DIGITS - millis.length()) + millis + "Z";
    }

    private final UnaryOperator<String> mask;

    /// @param mask what is done to every text before it is shown
    LineFormatter(UnaryOperator<String> mask) {
        this.mask = mask;
    }

    @Override
    public final String format(LogRecord entry) {
        Fact fact = Fact.of(entry);
        Map<String, @Nullable Object> pairs = new LinkedHashMap<>();
        pairs.put("time", time(fact.getInstant()));
        pairs.put("level", level(fact.getLevel()));
        pairs.put("message", text(fact.getMessage(), VALUE_CHARS, mask));
        for (KeyValuePair pair : fact.pairs()) {
            pairs.put(unused(pairs, pair.key), plain(pair.value, VALUE_CHARS, mask));
        }
        Throwable thrown = fact.getThrown();
        if (thrown != null) {
            pairs.put(unused(pairs, "error"), plain(thrown, VALUE_CHARS, mask));
            pairs.put(unused(pairs, "trace"), text(trace(thrown), VALUE_CHARS, mask));
        }
        return render(pairs);
    }

    /// Returns the line, with its end, for values that are null, numbers, booleans, strings or
    /// collections of them.
    abstract String render(Map<String, @Nullable Object> pairs);

    /// Returns what [#render] understands, and does not change.
    ///
    /// @param chars how much of a text, or of the texts of a collection
    static @Nullable Object plain(@Nullable Object value, int chars) {
        return plain(value, chars, UnaryOperator.identity());
    }

    private static @Nullable Object plain(
            @Nullable Object value, int chars, UnaryOperator<String> mask) {
        try {
            if (value == null || value instanceof Number || value instanceof Boolean) {
                return value;
            }
            if (value instanceof Duration duration) {
                return duration.toNanos() / NANOS_PER_SECOND;
            }
            if (value instanceof Instant instant) {
                return time(instant);
            }
            return value instanceof Collection<?> many
                    ? plain(many, chars, mask)
                    : text(String.valueOf(value), chars, mask);
        } catch (RuntimeException e) {
            // Who logs must not fail because a value can't be shown.
            return "[" + e.getClass().getName() + "]";
        }
    }

    private static List<@Nullable Object> plain(
            Collection<?> many, int chars, UnaryOperator<String> mask) {
        List<@Nullable Object> plain = new ArrayList<>();
        int left = chars;
        for (Object one : many) {
            if (left <= 0) {
                plain.add("[cut: " + (many.size() - plain.size()) + " more]");
                break;
            }
            Object value = plain(one, left, mask);
            plain.add(value);
            left -= String.valueOf(value).length() + 1;
        }
        return plain;
    }

    private static String text(@Nullable String text, int chars, UnaryOperator<String> mask) {
        return mask.apply(cut(String.valueOf(text), chars));
    }

    /// Returns `text`, or its beginning and a mark. It is cut between words where that can be, so
    /// that half an address does not escape its mask.
    static String cut(String text, int chars) {
        if (text.length() <= chars) {
            return text;
        }
        int end = chars;
        while (end > Math.max(0, chars - WORD_CHARS) && text.charAt(end - 1) > ' ') {
            end--;
        }
        if (end == 0 || text.charAt(end - 1) > ' ') {
            end = Character.isHighSurrogate(text.charAt(chars - 1)) ? chars - 1 : chars;
        }
        return text.substring(0, end) + "[cut: " + (text.length() - end) + " more]";
    }

    private static String unused(Map<String, ?> pairs, String key) {
        String name = key;
        while (pairs.containsKey(name)) {
            name += "_";
        }
        return name;
    }

    private static String level(Level level) {
        if (level.intValue() >= Level.SEVERE.intValue()) {
            return "error";
        }
        if (level.intValue() >= Level.WARNING.intValue()) {
            return "warn";
        }
        if (level.intValue() >= Level.INFO.intValue()) {
            return "info";
        }
        return level.intValue() >= Level.FINE.intValue() ? "debug" : "trace";
    }

    private static String trace(Throwable thrown) {
        StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString().strip();
    }

    /// Returns how far the line may become by a value that begins here.
    static int end(StringBuilder line) {
        return Math.min(line.length() + VALUE_CHARS + MARK_CHARS, LINE_CHARS);
    }

    /// Appends `text` in double quotes, as JSON has it (RFC 8259 §7); beyond what that asks, C1
    /// controls, line separators and marks that turn the reading direction are escaped, for the
    /// sake of terminals.
    ///
    /// @param end the length of the line at which the text is cut
    static void quote(String text, StringBuilder line, int end) {
        line.append('"');
        int from = 0;
        if (line.length() + text.length() <= end) {
            from = plainPart(text);
            line.append(text, 0, from);
        }
        for (int i = from; i < text.length(); i++) {
            if (line.length() >= end) {
                line.append(CUT);
                break;
            }
            char c = text.charAt(i);
            switch (c) {
                case '"' -> line.append("\\\"");
                case '\\' -> line.append("\\\\");
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> {
                    if (isHarmless(c)) {
                        line.append(c);
                    } else {
                        line.append("\\u").append(HEX.toHexDigits(c));
                    }
                }
            }
        }
        line.append('"');
    }

    /// Returns how much of a text needs no escape.
    private static int plainPart(String text) {
        int at = 0;
        while (at < text.length()
                && isHarmless(text.charAt(at))
                && text.charAt(at) != '"'
                && text.charAt(at) != '\\') {
            at++;
        }
        return at;
    }

    static boolean isHarmless(char c) {
        if (c < DELETE) {
            return c >= ' ';
        }
        return !Character.isISOControl(c)
                && Character.getType(c) != Character.FORMAT
                && Character.getType(c) != Character.LINE_SEPARATOR
                && Character.getType(c) != Character.PARAGRAPH_SEPARATOR;
    }

    /// A JSON object (RFC 8259). Written by hand: it is all that the log needs of JSON, and it is
    /// needed first of all when the program starts.
    static final class JsonFormatter extends LineFormatter {

        JsonFormatter(UnaryOperator<String> mask) {
            super(mask);
        }

        @Override
        String render(Map<String, @Nullable Object> pairs) {
            StringBuilder line = new StringBuilder(LINE_CHARS_USUAL).append('{');
            pairs.forEach((key, value) -> {
                if (line.length() > 1) {
                    line.append(',');
                }
                quote(key, line, Integer.MAX_VALUE);
                line.append(':');
                append(value, line, end(line));
            });
            return line.append("}\n").toString();
        }

        private static void append(@Nullable Object value, StringBuilder line, int end) {
            boolean infinite =
                    (value instanceof Double || value instanceof Float)
                            && !Double.isFinite(((Number) value).doubleValue());
            boolean plain = value instanceof Number ? !infinite : value instanceof Boolean;
            if (value == null || plain) {
                line.append(value);
            } else if (value instanceof Collection<?> many) {
                appendAll(many, line, end);
            } else {
                quote(value.toString(), line, end);
            }
        }

        private static void appendAll(Collection<?> many, StringBuilder line, int end) {
            line.append('[');
            boolean first = true;
            for (Object one : many) {
                if (!first) {
                    line.append(',');
                }
                if (line.length() >= end) {
                    quote(CUT, line, Integer.MAX_VALUE);
                    break;
                }
                append(one, line, end);
                first = false;
            }
            line.append(']');
        }
    }

    /// `key=value` pairs with a blank between; a value that holds anything but plain characters is
    /// quoted.
    static final class TextFormatter extends LineFormatter {

        TextFormatter(UnaryOperator<String> mask) {
            super(mask);
        }

        @Override
        String render(Map<String, @Nullable Object> pairs) {
            StringBuilder line = new StringBuilder(LINE_CHARS_USUAL);
            pairs.forEach((key, value) -> {
                if (!line.isEmpty()) {
                    line.append(' ');
                }
                append(key, line, Integer.MAX_VALUE);
                line.append('=');
                append(text(value), line, end(line));
            });
            return line.append('\n').toString();
        }

        private static String text(@Nullable Object value) {
            if (value instanceof Collection<?> many) {
                return many.stream().map(String::valueOf).collect(Collectors.joining(","));
            }
            return String.valueOf(value);
        }

        private static void append(String value, StringBuilder line, int end) {
            boolean plain = !value.isEmpty();
            for (int i = 0; plain && i < value.length(); i++) {
                plain = isPlain(value.charAt(i));
            }
            if (plain && line.length() + value.length() <= end) {
                line.append(value);
            } else {
                quote(value, line, end);
            }
        }

        private static boolean isPlain(char c) {
            return c > ' ' && c != '"' && c != '=' && c != '\\' && isHarmless(c);
        }
    }
}
