package dev.postern.config.load;

import dev.postern.config.Secret;
import dev.postern.config.load.Environment.EnvSyntax;
import dev.postern.config.load.Problems.ValueContext;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Shows the effective configuration as YAML, the source of each value as a comment, secrets
/// masked. Apart from these it can be loaded again.
public final class ConfigShow {

    private static final int COMMENT_COLUMN = 48;

    private final StringBuilder text = new StringBuilder();
    private List<String> open = List.of();

    private ConfigShow() {}

    /// Returns the text of `postern config show`, with a last line break.
    public static String render(Loaded.Valid loaded) {
        ConfigShow show = new ConfigShow();
        for (Settings.Setting<?> setting : loaded.effective().settings().all()) {
            if (!setting.key().equals(Keys.EGRESS)) {
                show.setting(setting);
            }
        }
        show.egress(loaded.effective().egress());
        return show.text.toString();
    }

    private void setting(Settings.Setting<?> setting) {
        List<String> names = List.of(setting.key().path().split("\\."));
        List<String> sections = names.subList(0, names.size() - 1);
        for (int depth = 0; depth < sections.size(); depth++) {
            List<String> section = sections.subList(0, depth + 1);
            if (open.size() <= depth || !open.subList(0, depth + 1).equals(section)) {
                text.append("  ".repeat(depth)).append(section.getLast()).append(":\n");
            }
        }
        open = sections;
        String value = YamlText.of(setting);
        line("  ".repeat(sections.size()) + names.getLast() + ": " + value, setting);
    }

    private void egress(List<EgressLoader.Entry> entries) {
        if (entries.isEmpty()) {
            text.append("egress: []\n");
            return;
        }
        text.append("egress:\n");
        for (EgressLoader.Entry entry : entries) {
            String lead = "  - ";
            for (Settings.Setting<?> setting : entry.settings().all()) {
                line(lead + setting.key().path() + ": " + value(setting, entry), setting);
                lead = "    ";
            }
        }
    }

    /// Some providers take one token as user name and as password: then both are secret.
    private static String value(Settings.Setting<?> setting, EgressLoader.Entry entry) {
        if (setting.key().equals(EgressKeys.USERNAME)) {
            Secret password = entry.settings().find(EgressKeys.PASSWORD);
            boolean token = password != null && Objects.equals(password.reveal(), setting.value());
            return token ? YamlText.scalar(Secret.MASK) : YamlText.of(setting);
        }
        return YamlText.of(setting);
    }

    private void line(String yaml, Settings.Setting<?> setting) {
        text.append(yaml)
                .append(" ".repeat(Math.max(1, COMMENT_COLUMN - yaml.length())))
                .append("# ")
                .append(setting.given().source())
                .append('\n');
    }

    /// Writes values as YAML on one line, secrets masked.
    static final class YamlText {

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

        /// Returns a text so that the loader reads it back as it is; what may be a secret within a
        /// URL is masked.
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
}
