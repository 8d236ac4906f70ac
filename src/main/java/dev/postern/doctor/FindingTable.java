package dev.postern.doctor;

import dev.postern.config.TableFile;
import dev.postern.doctor.Evidence.Where;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// The one table of findings: what was seen × where we are → what it means and what to do next.
///
/// **Purpose.** Nobody else in this package gives advice. The table is data, `findings.txt` beside
/// this class: its rows are read in order and the first that matches decides. `docs/doctor.md` is
/// made from it.
///
/// **Diagnostics.** A table that can't be read is our mistake and fails when the class is loaded.
final class FindingTable {

    /// Characters of what was said that are looked at: the outcomes' table keeps no more.
    static final int SAID_LIMIT_CHARACTERS = 4096;

    private static final String TABLE = "findings.txt";
    private static final List<FindingRow> ROWS =
            TableFile.rows(FindingTable.class, TABLE, FindingRow::parse);

    private FindingTable() {}

    /// Returns what a piece of evidence means; empty when nothing needs to be said.
    static Optional<Finding> judge(Evidence whole) {
        Evidence evidence = whole.upTo(SAID_LIMIT_CHARACTERS);
        return ROWS.stream()
                .filter(row -> row.matches(evidence))
                .findFirst()
                .map(row -> row.finding(evidence));
    }

    /// Returns the rows, in order.
    static List<FindingRow> rows() {
        return ROWS;
    }

    /// One row of the findings table.
    ///
    /// @param id names it
    /// @param wheres where it is for
    /// @param on the conditions, one of which must hold, each a set of words that must all hold,
    ///   `!` before one that must not; a set without words always holds
    /// @param condition the same as written
    /// @param seen what must be found in what was said, in either letter case
    /// @param means what it means
    /// @param advice what to do; `-`: nothing
    record FindingRow(
            String id,
            Set<Where> wheres,
            List<Set<String>> on,
            String condition,
            Pattern seen,
            String means,
            String advice) {

        private static final int COLUMNS = 6;

        /// The kind of trouble is for the table's eyes; the words behind it say it better.
        private static final Pattern FAULT =
                Pattern.compile(
                        "^(network|timeout|tls|certificate|interception|credentials|account|quota"
                                + "|service): ");

        /// Reads a line of the table.
        static FindingRow parse(String line) {
            List<String> columns = TableFile.columns(line, COLUMNS);
            return new FindingRow(
                    columns.get(0),
                    wheres(columns.get(1)),
                    conditions(columns.get(2)),
                    columns.get(2),
                    Pattern.compile(columns.get(3), Pattern.CASE_INSENSITIVE),
                    columns.get(4),
                    columns.get(5));
        }

        private static Set<Where> wheres(String text) {
            EnumSet<Where> wheres = EnumSet.noneOf(Where.class);
            for (String word : text.split(",")) {
                wheres.add(Where.valueOf(word.toUpperCase(Locale.ROOT)));
            }
            return wheres;
        }

        private static List<Set<String>> conditions(String text) {
            return text.equals("any")
                    ? List.of(Set.of())
                    : Arrays.stream(text.split(","))
                            .map(condition -> Set.of(condition.split("\\+")))
                            .toList();
        }

        boolean matches(Evidence evidence) {
            return wheres.contains(evidence.where())
                    && on.stream().anyMatch(all -> holds(all, evidence.tags()))
                    && seen.matcher(evidence.said()).find();
        }

        private static boolean holds(Set<String> all, Set<String> tags) {
            return all.stream()
                    .allMatch(word ->
                            word.startsWith("!")
                                    ? !tags.contains(word.substring(1))
                                    : tags.contains(word));
        }

        Finding finding(Evidence evidence) {
            return new Finding(
                    id,
                    filled(means, evidence),
                    advice.equals("-") ? "" : filled(advice, evidence));
        }

        private static String filled(String sentence, Evidence evidence) {
            String filled = sentence;
            for (Map.Entry<String, String> word : evidence.words().entrySet()) {
                filled = filled.replace("{" + word.getKey() + "}", word.getValue());
            }
            return filled.replace("{said}", FAULT.matcher(evidence.said()).replaceFirst(""));
        }
    }
}
