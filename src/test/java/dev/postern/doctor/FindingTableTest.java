package dev.postern.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.postern.doctor.FindingTable.Evidence;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Report.Finding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The findings table against what may be seen, and against its own rules.
class FindingTableTest {

    private static final Path SIGHTINGS = Path.of("src/test/resources/doctor/findings.txt");
    private static final Path DOCUMENT = Path.of("docs/doctor.md");
    private static final String MARKER = "<!-- The table is made from findings.txt. -->\n\n";

    /// A line of the evidence.
    private record Example(Where where, Set<String> tags, String said, String id) {

        static Example parse(String line) {
            String[] columns = line.strip().split(" {2,}");
            assertEquals(4, columns.length, line);
            Set<String> tags = columns[1].equals("-") ? Set.of() : Set.of(columns[1].split("\\+"));
            Where where = Where.valueOf(columns[0].toUpperCase(Locale.ROOT));
            return new Example(where, tags, columns[2], columns[3]);
        }

        Evidence evidence() {
            Map<String, String> words = new LinkedHashMap<>();
            for (String word :
                    List.of(
                            "host", "want", "open", "closed", "allow", "server", "other",
                            "records")) {
                words.put(word, "<" + word + ">");
            }
            return new Evidence(where, tags, said, words);
        }

        String found() {
            return FindingTable.judge(evidence()).map(Finding::id).orElse("-");
        }
    }

    private static List<Example> examples() throws IOException {
        return Files.readAllLines(SIGHTINGS).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(Example::parse)
                .toList();
    }

    @Test
    void everyEvidenceMeansWhatItMust() throws IOException {
        List<String> expected = new ArrayList<>();
        List<String> actual = new ArrayList<>();
        for (Example example : examples()) {
            expected.add(example.id() + ": " + example.where() + " " + example.said());
            actual.add(example.found() + ": " + example.where() + " " + example.said());
        }
        assertEquals(String.join("\n", expected), String.join("\n", actual));
    }

    @Test
    void everyRowIsHitByASighting() throws IOException {
        Set<String> missed = new LinkedHashSet<>();
        FindingTable.rows().forEach(row -> missed.add(row.id()));
        examples().forEach(example -> missed.remove(example.found()));
        assertEquals(Set.of(), missed);
    }

    @Test
    void rowsHaveNamesOfTheirOwn() {
        List<String> ids = FindingTable.rows().stream().map(FindingTable.FindingRow::id).toList();
        assertEquals(List.copyOf(new LinkedHashSet<>(ids)), ids);
    }

    @Test
    void everySentenceIsFilled() throws IOException {
        for (Example example : examples()) {
            FindingTable.judge(example.evidence())
                    .ifPresent(finding -> {
                        String sentences = finding.means() + finding.advice();
                        assertFalse(sentences.matches(".*\\{[a-z]+}.*"), finding.toString());
                        assertFalse(finding.means().isBlank(), finding.id());
                    });
        }
    }

    @Test
    void everyTroubleHasAdvice() {
        for (FindingTable.FindingRow row : FindingTable.rows()) {
            assertFalse(row.advice().equals("-"), row.id() + " leaves people alone");
        }
    }

    /// Rewrites the document's table with `-Dupdate=docs`.
    @Test
    void theDocumentIsMadeFromTheTable() throws IOException {
        String text = Files.readString(DOCUMENT);
        String wanted = text.substring(0, text.indexOf(MARKER)) + MARKER + table();
        if (System.getProperty("update", "").equals("docs")) {
            Files.writeString(DOCUMENT, wanted);
        }
        assertEquals(
                wanted,
                Files.readString(DOCUMENT),
                "mvn -q test -Dtest=FindingTableTest -Dupdate=docs");
    }

    private static String table() {
        StringBuilder table =
                new StringBuilder(
                        """
                        | finding | where | on | what is seen | what it means | what to do |
                        | --- | --- | --- | --- | --- | --- |
                        """);
        for (FindingTable.FindingRow row : FindingTable.rows()) {
            String wheres = String.join(", ", row.wheres().stream().map(Where::word).toList());
            String seen = "`" + row.seen().pattern().replace("|", "\\|") + "`";
            List<String> cells =
                    List.of(row.id(), wheres, row.condition(), seen, row.means(), row.advice());
            table.append("| ").append(String.join(" | ", cells)).append(" |\n");
        }
        return table.toString();
    }
}
