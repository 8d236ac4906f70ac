package dev.postern.log;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.KeyValuePair;

/// Makes one line of one fact: its time, level and message, then its pairs in the order given. A
/// fact can't make a second line, whatever is in it: control characters of every value and key are
/// escaped.
abstract sealed class LineFormatter extends Formatter permits TextFormatter, JsonFormatter {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);
    private static final double NANOS_PER_SECOND = 1e9;

    private final UnaryOperator<String> mask;

    /// @param mask what is done to every text before it is shown
    LineFormatter(UnaryOperator<String> mask) {
        this.mask = mask;
    }

    @Override
    public final String format(LogRecord entry) {
        Map<String, @Nullable Object> pairs = new LinkedHashMap<>();
        pairs.put("time", TIME.format(entry.getInstant()));
        pairs.put("level", level(entry.getLevel()));
        pairs.put("message", mask.apply(formatMessage(entry)));
        if (entry instanceof Fact fact) {
            for (KeyValuePair pair : fact.pairs()) {
                pairs.put(unused(pairs, pair.key), plain(pair.value));
            }
        } else {
            pairs.put("logger", String.valueOf(entry.getLoggerName()));
        }
        Throwable thrown = entry.getThrown();
        if (thrown != null) {
            pairs.put(unused(pairs, "error"), mask.apply(thrown.toString()));
            pairs.put(unused(pairs, "trace"), mask.apply(trace(thrown)));
        }
        return render(pairs) + "\n";
    }

    /// Returns the line for values that are null, numbers, booleans, strings or collections of
    /// them.
    abstract String render(Map<String, @Nullable Object> pairs);

    private @Nullable Object plain(@Nullable Object value) {
        return switch (value) {
            case null -> null;
            case Number number -> number;
            case Boolean truth -> truth;
            case Duration duration -> duration.toNanos() / NANOS_PER_SECOND;
            case Instant instant -> TIME.format(instant);
            case Collection<?> many -> many.stream().map(this::plain).toList();
            default -> mask.apply(String.valueOf(value));
        };
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

    /// Appends `text` in double quotes, as JSON has it (RFC 8259 §7); beyond what that asks, C1
    /// controls, line separators and marks that turn the reading direction are escaped, for the
    /// sake of terminals.
    static void quote(String text, StringBuilder line) {
        line.append('"');
        for (int i = 0; i < text.length(); i++) {
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
                        line.append(String.format("\\u%04x", (int) c));
                    }
                }
            }
        }
        line.append('"');
    }

    static boolean isHarmless(char c) {
        return !Character.isISOControl(c)
                && Character.getType(c) != Character.FORMAT
                && Character.getType(c) != Character.LINE_SEPARATOR
                && Character.getType(c) != Character.PARAGRAPH_SEPARATOR;
    }
}
