package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The differences between readers that are known, each with its reason: `differences.tsv`.
final class Excuses {

    private final List<Row> rows;
    private final Set<Row> used = new HashSet<>();
    private final Set<String> asked = new HashSet<>();

    /// @param message the end of its file's name
    /// @param fact how the difference begins; `*`: however
    private record Row(String message, String fact) {

        boolean isOf(String file) {
            return file.endsWith(message);
        }

        boolean covers(String file, String difference) {
            return isOf(file) && (fact.equals("*") || difference.startsWith(fact));
        }
    }

    private Excuses(List<Row> rows) {
        this.rows = rows;
    }

    /// Returns those for messages that are made: none, since these are well known.
    static Excuses none() {
        return new Excuses(List.of());
    }

    /// Returns those for an API.
    static Excuses of(String type) throws IOException {
        List<Row> rows = new ArrayList<>();
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                Excuses.class.getResourceAsStream("differences.tsv"), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] cells = line.split("\t");
                if (!line.startsWith("#") && cells.length != 4) {
                    throw new IOException("differences.tsv: " + line);
                }
                if (cells.length == 4 && Set.of("all", type).contains(cells[0])) {
                    rows.add(new Row(cells[1], cells[2]));
                }
            }
        }
        return new Excuses(rows);
    }

    /// Notes that a corpus has a message.
    void has(String message) {
        asked.add(message);
    }

    /// Returns whether a difference is known.
    boolean cover(String message, String difference) {
        List<Row> covering = rows.stream().filter(row -> row.covers(message, difference)).toList();
        used.addAll(covering);
        return !covering.isEmpty();
    }

    /// Returns those that nothing needed, of messages that were there.
    List<String> unused() {
        return rows.stream()
                .filter(row -> asked.stream().anyMatch(row::isOf) && !used.contains(row))
                .map(Row::toString)
                .toList();
    }
}
