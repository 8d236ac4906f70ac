package dev.postern.config;

import java.util.List;
import java.util.Objects;

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
}
