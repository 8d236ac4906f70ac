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
            quote(key, line);
            line.append(':');
            append(value, line);
        });
        return line.append('}').toString();
    }

    private static void append(@Nullable Object value, StringBuilder line) {
        switch (value) {
            case null -> line.append("null");
            case Double number when !Double.isFinite(number) -> quote(number.toString(), line);
            case Float number when !Float.isFinite(number) -> quote(number.toString(), line);
            case Number number -> line.append(number);
            case Boolean truth -> line.append(truth);
            case Collection<?> many -> appendAll(many, line);
            default -> quote(value.toString(), line);
        }
    }

    private static void appendAll(Collection<?> many, StringBuilder line) {
        line.append('[');
        boolean first = true;
        for (Object one : many) {
            if (!first) {
                line.append(',');
            }
            append(one, line);
            first = false;
        }
        line.append(']');
    }
}
