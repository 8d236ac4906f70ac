package dev.postern.config.load;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.reader.ReaderException;

/// Reads the configuration file into [RawValue] with line and column, scalars verbatim.
///
/// One document; a key once per mapping; anchors and aliases as in YAML, but no merge keys and no
/// tags. An error message never holds a piece of the text, which may be a secret.
final class YamlFile {

    private final String file;
    private final Problems problems;
    private final Set<Node> within = Collections.newSetFromMap(new IdentityHashMap<>());

    private YamlFile(String file, Problems problems) {
        this.file = file;
        this.problems = problems;
    }

    /// Returns the file's mapping, empty when there is none or it has a syntax error, which is
    /// told.
    static RawValue.Entries read(String text, String file, Problems problems) {
        return new YamlFile(file, problems).document(text);
    }

    private RawValue.Entries document(String text) {
        RawValue.Entries none =
                new RawValue.Entries(new LinkedHashMap<>(), new Source.WholeFile(file));
        try {
            String marked = text.startsWith("\uFEFF") ? text.substring(1) : text;
            Node root = new Yaml(new LoaderOptions()).compose(new StringReader(marked));
            RawValue given = root == null ? none : given(root, "");
            if (given instanceof RawValue.Entries entries) {
                return entries;
            }
            if (!(given instanceof RawValue.Nothing)) {
                problems.add(given.source(), "", "the file must be a mapping of keys to values");
            }
        } catch (MarkedYAMLException e) {
            problems.add(place(e.getProblemMark()), "", "YAML syntax: " + plain(e));
        } catch (ReaderException e) {
            problems.add(
                    place(text, e.getPosition()),
                    "",
                    "YAML syntax: a character that YAML does not allow: U+%04X"
                            .formatted(e.getCodePoint()));
        } catch (YAMLException _) {
            problems.add(new Source.WholeFile(file), "", "YAML: too large or too deeply nested");
        }
        return none;
    }

    private RawValue given(Node node, String path) {
        if (!within.add(node)) {
            problems.add(place(node), path, "a value that contains itself");
            return new RawValue.Broken(place(node));
        }
        RawValue given =
                switch (node) {
                    case Node _ when tagged(node, path) -> new RawValue.Broken(place(node));
                    case ScalarNode scalar -> scalar(scalar);
                    case SequenceNode sequence -> items(sequence, path);
                    case MappingNode mapping -> entries(mapping, path);
                    default -> throw new AssertionError("not a composed node: " + node.getNodeId());
                };
        within.remove(node);
        return given;
    }

    private RawValue scalar(ScalarNode node) {
        Source place = place(node);
        return node.getTag().equals(Tag.NULL)
                ? new RawValue.Nothing(place)
                : new RawValue.Template(node.getValue(), place);
    }

    private RawValue items(SequenceNode node, String path) {
        List<RawValue> items = new ArrayList<>();
        for (Node item : node.getValue()) {
            items.add(given(item, path + "[" + (items.size() + 1) + "]"));
        }
        return new RawValue.Items(items, place(node));
    }

    private RawValue entries(MappingNode node, String path) {
        SequencedMap<String, RawValue.Entry> entries = new LinkedHashMap<>();
        for (NodeTuple tuple : node.getValue()) {
            String name = name(tuple.getKeyNode(), path);
            if (name != null) {
                String inner = path.isEmpty() ? name : path + "." + name;
                Source keySource = place(tuple.getKeyNode());
                RawValue value = given(tuple.getValueNode(), inner);
                RawValue.Entry first =
                        entries.putIfAbsent(name, new RawValue.Entry(keySource, value));
                if (first != null) {
                    problems.add(keySource, inner, "is given twice, first at " + first.keySource());
                }
            }
        }
        return new RawValue.Entries(entries, place(node));
    }

    private @Nullable String name(Node node, String path) {
        if (node.getTag().equals(Tag.MERGE)) {
            problems.add(place(node), path, "merge keys are not supported", "write the keys out");
            return null;
        }
        if (node instanceof ScalarNode scalar) {
            return scalar.getValue();
        }
        problems.add(place(node), path, "a key must be a single word");
        return null;
    }

    private boolean tagged(Node node, String path) {
        if (node.getTag().startsWith(Tag.PREFIX)) {
            return false;
        }
        problems.add(
                place(node), path, "tags are not supported", "quote a text that begins with \"!\"");
        return true;
    }

    /// Returns SnakeYAML's words without what could be a piece of the text.
    private static String plain(MarkedYAMLException e) {
        String problem = e.getProblem() == null ? "" : e.getProblem();
        if (problem.contains("alias") || problem.contains("anchor")) {
            return "an alias without its anchor; quote a text that begins with \"*\" or \"&\"";
        }
        if (problem.contains("tag") || problem.contains("directive")) {
            return "tags and directives are not supported; quote a text that begins with \"!\" or"
                    + " \"%\"";
        }
        if (problem.contains("but found another document")) {
            return "a second document; only one is allowed";
        }
        return problem.replaceAll("\\s+", " ");
    }

    private Source place(Node node) {
        return place(node.getStartMark());
    }

    private Source place(@Nullable Mark mark) {
        return mark == null
                ? new Source.WholeFile(file)
                : new Source.InFile(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Source place(String text, int offset) {
        String before = text.substring(0, Math.clamp(offset, 0, text.length()));
        int line = (int) before.chars().filter(c -> c == '\n').count() + 1;
        return new Source.InFile(file, line, before.length() - before.lastIndexOf('\n'));
    }
}
