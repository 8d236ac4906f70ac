package dev.postern.log;

import java.util.Collection;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// A JSON object (RFC 8259). Written by hand: it is all that the log needs of JSON, and it is
/// needed first of all when the program starts.
final class JsonFormatter extends LineFormatter {

    JsonFormatter(UnaryOperator<String> mask) {
        super(mask);
    }

    @Override
    String render(Map<String, @Nullable Object> pairs) {
        StringBuilder line = new StringBuilder("{");
        pairs.forEach((key, value) -> {
            if (line.length() > 1) {
                line.append(',');
            }
            quote(key, line, Integer.MAX_VALUE);
            line.append(':');
            append(value, line, end(line));
        });
        return line.append('}').toString();
    }

    private static void append(@Nullable Object value, StringBuilder line, int end) {
        switch (value) {
            case null -> line.append("null");
            case Double number when !Double.isFinite(number) -> quote(number.toString(), line, end);
            case Float number when !Float.isFinite(number) -> quote(number.toString(), line, end);
            case Number number -> line.append(number);
            case Boolean truth -> line.append(truth);
            case Collection<?> many -> appendAll(many, line, end);
            default -> quote(value.toString(), line, end);
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
