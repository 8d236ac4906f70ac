package dev.postern.doctor;

import dev.postern.config.TableFile;
import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.doctor.Report.Finding;
import dev.postern.mail.Worded;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

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
    static Optional<Finding> judge(Evidence evidence) {
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
            return Arrays.stream(text.split(","))
                    .map(word -> Where.valueOf(word.toUpperCase(Locale.ROOT)))
                    .collect(Collectors.toCollection(() -> EnumSet.noneOf(Where.class)));
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

    /// Something that was seen and may mean something.
    ///
    /// @param where which rows of the findings table it is for
    /// @param tags the words that hold here: of the platform, of the egress's type, of its provider
    /// @param said what was seen, in one line
    /// @param words what fills the braces of the table's sentences
    record Evidence(Where where, Set<String> tags, String said, Map<String, String> words) {

        /// Which part of the examination it comes from.
        enum Where implements Worded {
            /// The look-up of a name.
            DNS,
            /// All ports of one host together: `want 587; dropped 465 587; open 2525`.
            PORTS,
            /// The address families of one port: `IPv6 unreachable; IPv4 open`.
            FAMILIES,
            /// The way through an HTTP proxy.
            PROXY,
            /// TLS, from the first octet or after STARTTLS.
            TLS,
            /// The server's greeting, EHLO and STARTTLS.
            GREETING,
            /// The log-in, by SMTP.
            AUTH,
            /// The answer of an API.
            REPLY,
            /// What an API said that proves nothing.
            UNPROVEN,
            /// The clocks of this machine and of a server.
            CLOCK,
            /// How our DKIM keys compare with the DNS: `missing`.
            DKIM,
            /// What this machine is like.
            LOCAL
        }

        Evidence {
            if (said.length() > SAID_LIMIT_CHARACTERS) {
                said = said.substring(0, SAID_LIMIT_CHARACTERS - 1) + "…";
            }
            tags = Set.copyOf(tags);
            words = Map.copyOf(words);
        }
    }
}
