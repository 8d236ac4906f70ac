package dev.postern.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The chart's pages: the table of values is what values.yaml says, and the commands work that need
/// no cluster. `-Dupdate=docs` writes the table anew.
class HelmReadmeTest {

    private static final Path README = Chart.POSTERN.resolve("README.md");
    private static final Path HOWTO = Chart.HOME.resolve("docs/howto/kubernetes.md");
    private static final Pattern TABLE =
            Pattern.compile(
                    "(?<=<!-- values: [^\n]{1,80}-->\n).*?(?=<!-- end -->)", Pattern.DOTALL);
    private static final Pattern SHELL = Pattern.compile("```sh\n(.*?)```", Pattern.DOTALL);
    private static final String INDENT = "  ";

    @Test
    void allValuesAreInTheTable() throws IOException {
        String readme = Files.readString(README);
        String table = table(Files.readAllLines(Chart.POSTERN.resolve("values.yaml")));
        if (System.getProperty("update", "").equals("docs")) {
            readme = TABLE.matcher(readme).replaceFirst(Matcher.quoteReplacement(table));
            Files.writeString(README, readme);
        }
        assertTrue(readme.contains(table), "run the test with -Dupdate=docs");
        assertEveryLeafIsThere(Chart.read(Chart.POSTERN.resolve("values.yaml")), "", table);
    }

    private static void assertEveryLeafIsThere(JsonNode node, String path, String table) {
        if (node.isObject() && !node.isEmpty() && !table.contains("| `" + path + "` | `{")) {
            node.properties()
                    .forEach(entry -> {
                        String inner = path.isEmpty() ? "" : path + ".";
                        assertEveryLeafIsThere(entry.getValue(), inner + entry.getKey(), table);
                    });
        } else {
            assertTrue(table.contains("| `" + path + "` |"), path);
        }
    }

    /// Returns the table: a row for each key that has a value or a comment.
    private static String table(List<String> lines) {
        StringBuilder table = new StringBuilder("| value | default | meaning |\n|---|---|---|\n");
        List<String> path = new ArrayList<>();
        StringBuilder comment = new StringBuilder();
        for (String line : lines) {
            String text = line.strip();
            if (text.startsWith("# ")) {
                comment.append(comment.isEmpty() ? "" : " ").append(text.substring(1).strip());
            } else if (text.isEmpty() || text.startsWith("#")) {
                comment.setLength(0);
            } else {
                int depth = (line.length() - line.stripLeading().length()) / INDENT.length();
                int colon = text.indexOf(':');
                path.subList(depth, path.size()).clear();
                path.add(text.substring(0, colon));
                String value = text.substring(colon + 1).strip();
                if (!value.isEmpty() || !comment.isEmpty()) {
                    String cell = value.isEmpty() ? "" : "`" + value + "`";
                    table.append(
                            "| `%s` | %s | %s |\n"
                                    .formatted(String.join(".", path), cell, comment));
                }
                comment.setLength(0);
            }
        }
        return table.toString();
    }

    static List<String> commands() throws IOException {
        List<String> commands = new ArrayList<>();
        for (Path page : List.of(README, HOWTO)) {
            SHELL.matcher(Files.readString(page))
                    .results()
                    .flatMap(block -> block.group(1).lines())
                    .forEach(commands::add);
        }
        return commands;
    }

    @ParameterizedTest
    @MethodSource("commands")
    void aCommandWorksAsPrinted(String command) throws IOException {
        List<String> words = Arrays.asList(command.split(" ", -1));
        if (command.startsWith("helm lint --strict ")) {
            Path chart = Chart.HOME.resolve(words.get(3));
            assertFalse(Chart.lint(chart).isFailed(), command);
        } else {
            assertEquals(List.of("helm", "template"), words.subList(0, 2), command);
            Chart chart = Chart.at(Chart.HOME.resolve(words.get(3)));
            for (int i = 4; i < words.size(); i += 2) {
                String value = words.get(i + 1);
                switch (words.get(i)) {
                    case "-f" -> chart.values(Chart.HOME.resolve(value));
                    case "--kube-version" -> chart.kubernetes(value);
                    default -> throw new AssertionError("unknown option: " + command);
                }
            }
            assertFalse(chart.render().isEmpty(), command);
        }
    }

    @Test
    void everyExampleIsOnThePage() throws IOException {
        String readme = Files.readString(README);
        try (Stream<Path> examples = Files.list(Chart.POSTERN.resolve("examples"))) {
            List<String> missing =
                    examples.map(example -> "examples/" + example.getFileName())
                            .filter(name ->
                                    !readme.contains(name) && !name.endsWith("sidecar.yaml"))
                            .toList();
            assertEquals(List.of(), missing);
        }
    }
}
