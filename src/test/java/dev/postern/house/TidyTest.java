package dev.postern.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The text itself: lengths, names, leftovers, and citations that are registered.
class TidyTest {

    private static final int MAX_FILE_LINES = 700;
    private static final int MAX_METHOD_LINES = 60;
    private static final int MAX_LINE_LENGTH = 100;

    private static final Pattern BANNED_NAME =
            Pattern.compile(".+(Manager|Helper|Utils?|Processor|Service|Impl|Data|Info)");

    /// What no line may contain, and why; spelled apart so that this file passes.
    private static final Map<Pattern, String> LEFTOVERS =
            Map.of(
                    Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b"),
                    "file an issue instead");

    private static final Map<Pattern, String> TEST_LEFTOVERS =
            Map.of(
                    Pattern.compile("Thread\\.sl" + "eep\\("),
                    "wait for the event, not for the clock",
                    Pattern.compile("@Dis" + "abled\\b"),
                    "mend the test or remove it");

    private static final Map<Pattern, String> MIRROR =
            Map.of(
                    Pattern.compile("\\b(https?|ftp)://(?!127\\.0\\.0\\.1|localhost)[\\w.]+"),
                    "take what the machine is set up with, as src/test/image/mirror.sh does");

    private static final Pattern CITATION = Pattern.compile("\\bRFC[ -]?(\\d{3,5})\\b");
    private static final Path REGISTER = SourceFile.HOME.resolve("docs/rfc.tsv");
    private static final Set<String> STATUSES = Set.of("yes", "partial", "no");

    @Test
    void filesAndLinesAreShort() throws IOException {
        List<String> long_ = new ArrayList<>();
        List<Integer> lengths = new ArrayList<>();
        for (SourceFile file : SourceFile.all()) {
            List<String> lines = file.lines();
            lengths.add(lines.size());
            if (lines.size() > MAX_FILE_LINES) {
                long_.add(file.name() + ": " + lines.size() + " lines");
            }
            for (int i = 0; i < lines.size(); i++) {
                int length = lines.get(i).codePointCount(0, lines.get(i).length());
                if (length > MAX_LINE_LENGTH) {
                    long_.add(file.name() + ":" + (i + 1) + ": " + length + " characters");
                }
            }
        }
        printFigures("lines a file", lengths);
        assertEquals(List.of(), long_, "longer than a file (700) or a line (100) may be");
    }

    @Test
    void methodsAreShortAndTypesAreWellNamed() throws IOException {
        List<String> untidy = new ArrayList<>();
        List<Integer> lengths = new ArrayList<>();
        for (Declared declared : Declared.in(SourceFile.all())) {
            switch (declared) {
                case Declared.Method method -> {
                    lengths.add(method.lines());
                    if (method.lines() > MAX_METHOD_LINES) {
                        untidy.add(method.where() + " has " + method.lines() + " lines");
                    }
                }
                case Declared.Type type -> {
                    if (BANNED_NAME.matcher(type.name()).matches()) {
                        untidy.add(type.where() + ": say what it is, not that it helps");
                    }
                }
            }
        }
        printFigures("lines a method", lengths);
        assertEquals(List.of(), untidy, "methods have at most 60 lines, names mean something");
    }

    @Test
    void nothingIsLeftOver() throws IOException {
        List<String> found = new ArrayList<>();
        for (SourceFile file : SourceFile.under("src", "")) {
            if (isText(file)) {
                found.addAll(matches(file, LEFTOVERS));
            }
            if (file.isTest() && file.name().endsWith(".java")) {
                found.addAll(matches(file, TEST_LEFTOVERS));
            }
        }
        assertEquals(List.of(), found);
    }

    /// A machine knows by itself where its packages come from.
    @Test
    void noScriptNamesAMirror() throws IOException {
        List<String> named = new ArrayList<>();
        List<SourceFile> scripts = new ArrayList<>(SourceFile.under(".ci", ""));
        scripts.addAll(SourceFile.under("src", ".sh"));
        scripts.addAll(SourceFile.under("src", "Dockerfile"));
        scripts.add(SourceFile.read(SourceFile.HOME.resolve("Dockerfile")));
        for (SourceFile script : scripts) {
            named.addAll(matches(script, MIRROR));
        }
        assertTrue(scripts.size() > 10, scripts::toString);
        assertEquals(List.of(), named);
    }

    @Test
    void everyRfcThatIsCitedIsRegistered() throws IOException {
        Set<String> registered = registered().keySet();
        Map<String, String> unregistered = new TreeMap<>();
        for (SourceFile file : SourceFile.all()) {
            Matcher citation = CITATION.matcher(file.text());
            while (citation.find()) {
                if (!registered.contains(citation.group(1))) {
                    unregistered.putIfAbsent(citation.group(), file.name());
                }
            }
        }
        assertEquals(Map.of(), unregistered, "cited, but not in docs/rfc.tsv");
    }

    @Test
    void theRegisterOfRfcsIsWellFormed() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, List<String>> row : registered().entrySet()) {
            List<String> columns = row.getValue();
            if (columns.size() != 4 || columns.get(1).isBlank()) {
                wrong.add(row.getKey() + ": wants rfc, title, status, note, tabs between");
            } else if (!STATUSES.contains(columns.get(2))) {
                wrong.add(row.getKey() + ": status is one of " + new TreeSet<>(STATUSES));
            }
        }
        assertEquals(List.of(), wrong);
        List<Integer> numbers = registered().keySet().stream().map(Integer::valueOf).toList();
        assertEquals(numbers.stream().sorted().toList(), numbers, "in the order of the numbers");
    }

    @Test
    void everyPackageSaysWhatItIs() throws IOException {
        Map<Path, List<SourceFile>> packages = new LinkedHashMap<>();
        for (SourceFile file : SourceFile.all()) {
            if (file.isBuildProgram()) {
                continue;
            }
            Path inTree = Path.of(file.name()).subpath(3, Path.of(file.name()).getNameCount());
            packages.computeIfAbsent(inTree.getParent(), _ -> new ArrayList<>()).add(file);
        }
        Set<String> silent = new TreeSet<>();
        packages.forEach((name, files) -> {
            if (files.stream().noneMatch(TidyTest::describesItsPackage)) {
                silent.add(name.toString());
            }
        });
        assertEquals(
                Set.of(), silent, "want a package-info.java with a /// comment and @NullMarked");
    }

    private static boolean describesItsPackage(SourceFile file) {
        return file.name().endsWith("/package-info.java")
                && file.text().startsWith("/// ")
                && file.text().contains("\n@NullMarked\n");
    }

    private static boolean isText(SourceFile file) {
        return file.name().matches(".*\\.(java|properties|html|css|js|yaml|json|sh|dialog)");
    }

    private static List<String> matches(SourceFile file, Map<Pattern, String> banned) {
        List<String> found = new ArrayList<>();
        List<String> lines = file.lines();
        for (int i = 0; i < lines.size(); i++) {
            for (Map.Entry<Pattern, String> ban : banned.entrySet()) {
                Matcher match = ban.getKey().matcher(lines.get(i));
                if (match.find()) {
                    String what = match.group() + " (" + ban.getValue() + ")";
                    found.add(file.name() + ":" + (i + 1) + ": " + what);
                }
            }
        }
        return found;
    }

    /// The rows of the register by RFC number, in the file's order.
    private static Map<String, List<String>> registered() throws IOException {
        Map<String, List<String>> rows = new LinkedHashMap<>();
        Set<String> twice = new HashSet<>();
        for (String line : SourceFile.read(REGISTER).lines().stream().skip(1).toList()) {
            List<String> columns = List.of(line.split("\t", -1));
            if (rows.put(columns.getFirst(), columns) != null) {
                twice.add(columns.getFirst());
            }
        }
        assertEquals(Set.of(), twice, "registered twice");
        return rows;
    }

    private static void printFigures(String what, List<Integer> lengths) {
        List<Integer> sorted = lengths.stream().sorted().toList();
        System.out.printf(
                "tidy: %s: median %d, p90 %d, max %d of %d%n",
                what,
                sorted.get(sorted.size() / 2),
                sorted.get(sorted.size() * 9 / 10),
                sorted.getLast(),
                sorted.size());
    }
}
