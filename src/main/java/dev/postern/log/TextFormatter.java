package dev.postern.log;

import java.util.Collection;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `key=value` pairs with a blank between; a value that holds anything but plain characters is
/// quoted.
final class TextFormatter extends LineFormatter {

    TextFormatter(UnaryOperator<String> mask) {
        super(mask);
    }

    @Override
    String render(Map<String, @Nullable Object> pairs) {
        StringBuilder line = new StringBuilder();
        pairs.forEach((key, value) -> {
            if (!line.isEmpty()) {
                line.append(' ');
            }
            append(key, line, Integer.MAX_VALUE);
            line.append('=');
            append(text(value), line, end(line));
        });
        return line.toString();
    }

    private static String text(@Nullable Object value) {
        if (value instanceof Collection<?> many) {
            return many.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
        return String.valueOf(value);
    }

    private static void append(String value, StringBuilder line, int end) {
        boolean plain = !value.isEmpty() && value.chars().allMatch(c -> isPlain((char) c));
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
