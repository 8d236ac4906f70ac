package dev.postern.config.load;

import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.load.ConfigShow.YamlText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// Tells all keys with type, default and meaning: as text for `postern config reference`, and as
/// the tables of docs/configuration.md.
public final class ConfigReference {

    private static final int WIDTH = 79;
    private static final String INDENT = "    ";

    private ConfigReference() {}

    /// Returns the text of `postern config reference`, with a last line break.
    public static String render() {
        StringBuilder text = new StringBuilder();
        for (Key<?> key : Keys.ALL) {
            text.append(key.path()).append('\n');
            describe(key, ", variable " + key.variable(), text);
        }
        groups().forEach((title, keys) -> {
            text.append(title).append("\n\n");
            for (Key<?> key : keys) {
                text.append("egress[].").append(key.path()).append('\n');
                describe(key, "", text);
            }
        });
        return text.toString().stripTrailing() + "\n";
    }

    /// Returns the tables of docs/configuration.md, with a last line break.
    public static String markdown() {
        StringBuilder text = new StringBuilder();
        SequencedMap<String, List<Key<?>>> sections = new LinkedHashMap<>();
        for (Key<?> key : Keys.ALL) {
            sections.computeIfAbsent(section(key), _ -> new ArrayList<>()).add(key);
        }
        sections.forEach((title, keys) -> table("### " + title, keys, text));
        groups().forEach((title, keys) -> table("### " + title, keys, text));
        return text.toString().stripTrailing() + "\n";
    }

    private static String section(Key<?> key) {
        int dot = key.path().indexOf('.');
        return dot < 0 ? "Top level" : "`" + key.path().substring(0, dot) + "`";
    }

    private static SequencedMap<String, List<Key<?>>> groups() {
        SequencedMap<String, List<Key<?>>> groups = new LinkedHashMap<>();
        List<Key<?>> all = EgressKeys.of(EgressType.SMTP);
        List<Key<?>> smtp = EgressKeys.own(EgressType.SMTP);
        List<Key<?>> common = new ArrayList<>(all);
        common.removeAll(smtp);
        int answer = common.indexOf(EgressKeys.ANSWER_TIMEOUT_SMTP);
        common.add(answer + 1, EgressKeys.ANSWER_TIMEOUT_HTTP);
        common.add(EgressKeys.SIGN_API);
        groups.put("Every egress", common);
        Map<List<Key<?>>, List<EgressType>> types =
                Arrays.stream(EgressType.values())
                        .collect(
                                Collectors.groupingBy(
                                        EgressKeys::own, LinkedHashMap::new, Collectors.toList()));
        types.forEach((keys, words) ->
                groups.put(
                        "Egress of type "
                                + Problems.anyOf(words.stream().map(EgressType::word).toList()),
                        keys));
        return groups;
    }

    private static void describe(Key<?> key, String more, StringBuilder text) {
        text.append(INDENT).append(key.type().told()).append('\n');
        text.append(INDENT)
                .append(key.necessary() ? "required" : "default " + fallback(key))
                .append(more)
                .append('\n');
        lines(key.meaning(), WIDTH - INDENT.length())
                .forEach(line -> text.append(INDENT).append(line).append('\n'));
        text.append('\n');
    }

    /// Returns a text in lines.
    ///
    /// @param room the most characters of a line, if no word is longer
    public static List<String> lines(String text, int room) {
        List<String> lines = new ArrayList<>();
        StringBuilder line = new StringBuilder();
        for (String word : text.split(" ")) {
            if (!line.isEmpty() && line.length() + 1 + word.length() > room) {
                lines.add(line.toString());
                line.setLength(0);
            }
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        lines.add(line.toString());
        return lines;
    }

    private static void table(String title, List<Key<?>> keys, StringBuilder text) {
        text.append(title).append("\n\n| key | value | default | meaning |\n|---|---|---|---|\n");
        for (Key<?> key : keys) {
            text.append("| `").append(key.path()).append("` | ");
            text.append(cell(key.type().told())).append(" | ");
            text.append(cell(defaultCell(key))).append(" | ");
            text.append(cell(key.meaning())).append(" |\n");
        }
        text.append('\n');
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private static String defaultCell(Key<?> key) {
        boolean literal = key.fallback() != null || key.told().equals("null");
        return literal ? "`" + fallback(key) + "`" : fallback(key);
    }

    private static String fallback(Key<?> key) {
        String fallback = key.fallback();
        if (fallback == null) {
            return key.told();
        }
        boolean list = key.type() instanceof Type.Egresses;
        return list ? "[]" : YamlText.ofTable(key.type(), fallback);
    }
}
