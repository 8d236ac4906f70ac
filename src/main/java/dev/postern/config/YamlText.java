package dev.postern.config;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Writes values as YAML on one line, secrets masked.
final class YamlText {

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9./_+][A-Za-z0-9./_+@:-]*+");
    private static final Set<String> NULLS = Set.of("null", "Null", "NULL");
    private static final String AUTHORITY = "://";
    private static final String MASK = quoted(Secret.MASK);

    private YamlText() {}

    /// Returns a setting's value.
    static String of(Settings.Setting<?> setting) {
        Type<?> type = setting.key().type();
        if (setting.value() == null) {
            return "null";
        }
        return switch (type) {
            case Type.SecretText _ -> MASK;
            case Type.Users _ -> flow(setting.given(), true);
            case Type.Scalar<?> _, Type.FilePath _, Type.ListOf<?> _, Type.Aliases _ ->
                    flow(setting.given(), false);
            case Type.Egresses _ -> throw new AssertionError("egresses are shown one by one");
        };
    }

    /// Returns a default or example of the key table.
    static String ofTable(Type<?> type, String oneLine) {
        ValueContext reading = new ValueContext("", true, new Problems());
        return flow(EnvSyntax.given(type, oneLine, new Source.Default(""), reading), false);
    }

    private static String flow(RawValue given, boolean masked) {
        return switch (given) {
            case RawValue.Nothing _, RawValue.Broken _ -> "null";
            case RawValue.Text text -> scalar(text.value());
            case RawValue.Template template -> scalar(template.raw());
            case RawValue.Items items -> items(items.items(), masked);
            case RawValue.Entries entries ->
                    entries.entries().entrySet().stream()
                            .map(entry -> entry(entry, masked))
                            .collect(Collectors.joining(", ", "{", "}"));
        };
    }

    private static String items(List<RawValue> items, boolean masked) {
        return items.stream()
                .map(item -> flow(item, masked))
                .collect(Collectors.joining(", ", "[", "]"));
    }

    private static String entry(Map.Entry<String, RawValue.Entry> entry, boolean masked) {
        boolean secret = masked && !entry.getKey().equals("username");
        String value = secret ? MASK : flow(entry.getValue().value(), masked);
        return scalar(entry.getKey()) + ": " + value;
    }

    /// Returns a text so that the loader reads it back as it is; what may be a secret within a URL
    /// is masked.
    static String scalar(String text) {
        String shown = masked(text);
        return isPlain(shown) ? shown : quoted(shown.replace("$", "$$"));
    }

    private static String masked(String text) {
        int scheme = text.indexOf(AUTHORITY);
        if (scheme < 0) {
            return text;
        }
        int user = scheme + AUTHORITY.length();
        int at = text.lastIndexOf('@');
        String shown =
                at < user ? text : text.substring(0, user) + Secret.MASK + text.substring(at);
        int query = shown.indexOf('?');
        return query < 0 ? shown : shown.substring(0, query + 1) + Secret.MASK;
    }

    /// A colon makes YAML see a key when a blank or nothing follows.
    private static boolean isPlain(String text) {
        return PLAIN.matcher(text).matches()
                && !text.contains("::")
                && !text.endsWith(":")
                && !NULLS.contains(text);
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.codePoints().forEach(point -> escape(quoted, point));
        return quoted.append('"').toString();
    }

    private static void escape(StringBuilder quoted, int point) {
        boolean odd =
                Character.isISOControl(point)
                        || !Character.isDefined(point)
                        || Character.getType(point) == Character.SURROGATE
                        || Character.getType(point) == Character.FORMAT
                        || Character.getType(point) == Character.LINE_SEPARATOR
                        || Character.getType(point) == Character.PARAGRAPH_SEPARATOR;
        if (point == '"' || point == '\\') {
            quoted.append('\\').appendCodePoint(point);
        } else if (odd) {
            quoted.append("\\U%08x".formatted(point));
        } else {
            quoted.appendCodePoint(point);
        }
    }
}
