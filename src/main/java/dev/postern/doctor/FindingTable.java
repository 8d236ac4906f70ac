package dev.postern.doctor;

import dev.postern.config.TableFile;
import java.util.List;
import java.util.Optional;

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
}
