package dev.postern.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.load.ConfigLoader;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import dev.postern.dkim.DkimKeys;
import dev.postern.docs.DocBlock.Mark;
import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// What the README and the how-tos show without running it: every block says whether a test runs
/// it, configurations load, settings exist, links lead somewhere.
class DocsTest {

    /// Pages whose blocks another test follows, by marks of its own.
    private static final Map<String, String> FOLLOWED_BY =
            Map.of(
                    "docs/howto/kubernetes.md", "HelmReadmeTest.java",
                    "docs/howto/vps-exim.md", "HowtoVpsIT.java");

    private static final Pattern REFERENCE = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*)}");
    private static final Pattern VARIABLE = Pattern.compile("\\bPOSTERN_[A-Z0-9_]+\\b");
    private static final Pattern KEY = Pattern.compile("(?m)^\\| `([a-z-]+(?:\\.[a-z-]+)*)` \\|");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");

    /// Those that no key has: the list of egresses as URLs, the file, and the launcher's.
    private static final Set<String> OTHER_VARIABLES =
            Set.of("POSTERN_EGRESS", "POSTERN_CONFIG", "POSTERN_JAVA_OPTS", "POSTERN_AOT");

    /// Returns whether the marks of a page are those of [DocBlock].
    static boolean isReadHere(String page) {
        return !FOLLOWED_BY.containsKey(page);
    }

    private static List<DocBlock> blocks() throws IOException {
        List<DocBlock> blocks = new ArrayList<>();
        for (String page : DocBlock.pages()) {
            if (isReadHere(page)) {
                blocks.addAll(DocBlock.of(page));
            }
        }
        return blocks;
    }

    @Test
    void everyBlockIsRunOrSaysWhatItNeeds() throws IOException {
        List<String> wrong = new ArrayList<>();
        Mark previous = new Mark.Picture();
        for (DocBlock block : blocks()) {
            if (block.mark() instanceof Mark.Unknown(String said)) {
                wrong.add(block.where() + ": no mark that DocBlock knows: '" + said + "'");
            }
            boolean ran = previous instanceof Mark.Run || previous instanceof Mark.Until;
            if (block.mark() instanceof Mark.Output && !ran) {
                wrong.add(block.where() + ": output of no command");
            }
            if (previous instanceof Mark.Until && !(block.mark() instanceof Mark.Output)) {
                wrong.add(block.where() + ": until what? No output comes before");
            }
            previous = block.mark();
        }
        assertEquals(List.of(), wrong);
    }

    private static String secret(Path file) {
        return file.toString().endsWith(".pem") ? DkimKeys.pem(DkimKeys.ED25519) : "given";
    }

    @Test
    void pagesThatAreNotReadHereHaveTheirOwnTest() throws IOException {
        List<String> tests =
                SourceFile.under("src/test/java", ".java").stream()
                        .map(file -> file.path().getFileName().toString())
                        .toList();
        for (String page : DocBlock.pages()) {
            if (!isReadHere(page)) {
                assertTrue(tests.contains(FOLLOWED_BY.get(page)), page);
            }
        }
    }

    @Test
    void configurationsLoad() throws IOException {
        Map<String, List<String>> wrong = new HashMap<>();
        for (DocBlock block : blocks()) {
            if (block.mark() instanceof Mark.Content(String name)
                    && name.endsWith("postern.yaml")
                    && load(block) instanceof Loaded.Invalid invalid) {
                wrong.put(block.where(), invalid.lines());
            }
        }
        assertEquals(Map.of(), wrong);
    }

    /// Loads it on a machine that has every variable and every secret that it names.
    private static Loaded load(DocBlock block) {
        Map<String, String> environment =
                found(REFERENCE, block.text()).stream()
                        .collect(Collectors.toMap(name -> name, _ -> "given"));
        Path file = Path.of("/srv/postern.yaml");
        return ConfigLoader.load(
                new Sources(
                        file,
                        environment,
                        file.getParent(),
                        path -> path.equals(file) ? block.text() : secret(path),
                        () -> "docs.example.org",
                        _ -> "ext4",
                        null));
    }

    @Test
    void variablesExist() throws IOException {
        String reference = SourceFile.read(SourceFile.HOME.resolve("docs/configuration.md")).text();
        Set<String> known = new TreeSet<>(OTHER_VARIABLES);
        for (String key : found(KEY, reference)) {
            known.add("POSTERN_" + key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"));
        }
        assertTrue(known.contains("POSTERN_RETRY_MAX_AGE"), "the reference has its form");
        Set<String> unknown = new TreeSet<>();
        for (DocBlock block : blocks()) {
            Matcher variable = VARIABLE.matcher(block.text());
            while (variable.find()) {
                if (!known.contains(variable.group().replaceFirst("_FILE$", ""))) {
                    unknown.add(block.where() + ": " + variable.group());
                }
            }
        }
        assertEquals(Set.of(), unknown);
    }

    @Test
    void linksLeadSomewhere() throws IOException {
        List<String> broken = new ArrayList<>();
        for (String page : DocBlock.pages()) {
            Path from = SourceFile.HOME.resolve(page);
            for (String link : found(LINK, SourceFile.read(from).text())) {
                String target = link.replaceFirst("#.*", "");
                if (!link.matches("https?:.*|#.*") && !Files.exists(from.resolveSibling(target))) {
                    broken.add(page + ": " + link);
                }
            }
        }
        assertEquals(List.of(), broken);
    }

    @Test
    void outputIsComparedButForWhatIsLeftOut() {
        DocBlock block = new DocBlock("x.md", 1, "text", new Mark.Output(), "a … c\n…\nz\n");
        assertTrue(block.shows("a b c\nmore\nand more\nz\n"));
        assertTrue(block.shows("a b c\nz\n"));
        assertFalse(block.shows("a b\nz\n"));
        assertFalse(block.shows("a b c\nz\nmore\n"));
    }

    private static Set<String> found(Pattern pattern, String text) {
        return pattern.matcher(text)
                .results()
                .map((MatchResult it) -> it.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
