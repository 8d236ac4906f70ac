package dev.postern.config.load;

import dev.postern.config.Secret;
import dev.postern.config.load.Environment.EnvSyntax;
import dev.postern.config.load.Problems.ValueContext;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Shows the effective configuration as YAML, the source of each value as a comment, secrets
/// masked. Apart from these it can be loaded again.
public final class ConfigShow {

    private final StringBuilder text = new StringBuilder();
    private List<String> open = List.of();

    private ConfigShow() {}

    /// Returns the text of `postern config show`, with a last line break.
    public static String render(Loaded.Valid loaded) {
        ConfigShow show = new ConfigShow();
        for (Settings.Setting<?> setting : loaded.settings().all()) {
            if (!setting.key().equals(Keys.EGRESS)) {
                show.setting(setting);
            }
        }
        show.egress(loaded.egress());
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

    private void egress(List<EgressLoader.EgressEntry> entries) {
        if (entries.isEmpty()) {
            text.append("egress: []\n");
            return;
        }
        text.append("egress:\n");
        for (EgressLoader.EgressEntry entry : entries) {
            String lead = "  - ";
            for (Settings.Setting<?> setting : entry.settings().all()) {
                line(lead + setting.key().path() + ": " + value(setting, entry), setting);
                lead = "    ";
            }
        }
    }

    /// Some providers take one token as user name and as password: then both are secret.
    private static String value(Settings.Setting<?> setting, EgressLoader.EgressEntry entry) {
        Secret password = entry.settings().find(EgressKeys.PASSWORD);
        boolean token =
                setting.key().equals(EgressKeys.USERNAME)
                        && password != null
                        && Objects.equals(password.reveal(), setting.value());
        return token ? YamlText.scalar(Secret.MASK) : YamlText.of(setting);
    }

    private void line(String yaml, Settings.Setting<?> setting) {
        text.append("%-47s # %s\n".formatted(yaml, setting.given().source()));
    }

    /// Writes values as YAML on one line, secrets masked.
    static final class YamlText {

        private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9./_+][A-Za-z0-9./_+@:-]*+");

        /// What is written by its number: controls, formats, separators of lines and the like.
        private static final Pattern ODD =
                Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cn}\\p{Cs}\\p{Zl}\\p{Zp}]");

        private static final Set<String> NULLS = Set.of("null", "Null", "NULL");
        private static final String AUTHORITY = "://";
        private static final String MASK = quoted(Secret.MASK);

        private YamlText() {}

        /// Returns a setting's value.
        static String of(Settings.Setting<?> setting) {
            Type<?> type = setting.key().type();
            Predicate<String> hides = member -> type.secret() && !type.mayShow(member);
            return setting.value() == null ? "null" : flow(setting.given(), type.secret(), hides);
        }

        /// Returns a default or example of the key table.
        static String ofTable(Type<?> type, String oneLine) {
            ValueContext reading = new ValueContext("", true, new Problems());
            RawValue given = EnvSyntax.given(type, oneLine, new Source.Default(""), reading);
            return flow(given, false, _ -> false);
        }

        /// @param hides says of a member's name whether its value is masked
        private static String flow(RawValue given, boolean masked, Predicate<String> hides) {
            return switch (given) {
                case RawValue.Nothing _, RawValue.Broken _ -> "null";
                case RawValue.Text text -> masked ? MASK : scalar(text.value());
                case RawValue.Template template -> scalar(template.raw());
                case RawValue.Items items ->
                        items.items().stream()
                                .map(item -> flow(item, masked, hides))
                                .collect(Collectors.joining(", ", "[", "]"));
                case RawValue.Entries entries ->
                        entries.entries().entrySet().stream()
                                .map(entry -> member(entry, hides))
                                .collect(Collectors.joining(", ", "{", "}"));
            };
        }

        private static String member(
                Map.Entry<String, RawValue.Entry> member, Predicate<String> hides) {
            boolean masked = hides.test(member.getKey());
            return scalar(member.getKey()) + ": " + flow(member.getValue().value(), masked, hides);
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
            String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"");
            return ODD.matcher(escaped)
                    .replaceAll(odd -> "\\\\U%08x".formatted(odd.group().codePointAt(0)))
                    .transform(inner -> '"' + inner + '"');
        }
    }
}
