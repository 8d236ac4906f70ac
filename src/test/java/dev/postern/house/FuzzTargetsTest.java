package dev.postern.house;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.testing.SourceFile;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Whatever reads what comes from outside is fuzzed.
class FuzzTargetsTest {

    private static final Pattern READS =
            Pattern.compile(
                    "\\b(?:parse|decode|scan|read(?!\\(byte\\[]))\\w*\\([^)]*\\b"
                            + "(?:byte\\[]|ByteBuffer"
                            + "|InputStream|String|CharSequence) \\w+[^)]*\\)(?: throws [\\w., ]+)?"
                            + " \\{");

    private static final Pattern WORD = Pattern.compile("\\w+");

    /// Types that seem to read, and why no target names them.
    private static final Map<String, String> EXCUSED =
            Map.ofEntries(
                    Map.entry("AppUrl", "a row of ConfigGrowthTest: an app's URL"),
                    Map.entry("FileDisk", "reads octets, whatever they are"),
                    Map.entry("ProxySettings", "the operator's own variables"),
                    Map.entry("SubmissionPort", "columns of our own table"),
                    Map.entry("Types", "ConfigGrowthTest reads by each key's type"),
                    Map.entry("YamlFile", "a row of ConfigGrowthTest: a file"));

    private static String text(SourceFile file) throws IOException {
        return Files.readString(file.path());
    }

    @Test
    void aPackagesReadersOfTextAreATarget() throws IOException {
        List<String> all = new ArrayList<>();
        StringBuilder targets = new StringBuilder();
        for (SourceFile file : SourceFile.under("src/test/java", ".java")) {
            String text = text(file);
            String name = file.path().getFileName().toString().replace(".java", "");
            if (text.contains("class " + name + " extends ReadersGrowth {")) {
                all.add(name);
            } else if (name.endsWith("FuzzTest")) {
                targets.append(text);
            }
        }
        all.removeIf(name -> targets.indexOf("of(" + name + ".parsers())") >= 0);
        assertEquals(List.of(), all, "no FuzzTest reads by the rows of these");
    }

    @Test
    void whateverReadsIsInATargetOrARow() throws IOException {
        Set<String> named = new HashSet<>(EXCUSED.keySet());
        for (SourceFile file : SourceFile.under("src/test/java", ".java")) {
            String name = file.path().getFileName().toString();
            if (name.matches("(\\w+(FuzzTest|GrowthTest)|MimeParsers)\\.java")) {
                WORD.matcher(text(file)).results().forEach(word -> named.add(word.group()));
            }
        }
        List<String> unread = new ArrayList<>();
        for (SourceFile file : SourceFile.under("src/main/java", ".java")) {
            String type = file.path().getFileName().toString().replace(".java", "");
            String flat = text(file).replaceAll("//.*", "").replaceAll("\\s+", " ");
            if (!named.contains(type) && READS.matcher(flat).find()) {
                unread.add(file.name());
            }
        }
        assertEquals(List.of(), unread, "give them a FuzzTest, a row of a GrowthTest, or a reason");
    }
}
