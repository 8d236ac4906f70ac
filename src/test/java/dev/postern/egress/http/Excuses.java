package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The differences that are known, each with its reason: `differences.tsv`.
final class Excuses {

    private final List<Row> rows;
    private final Set<Row> used = new HashSet<>();

    /// @param type a provider, or `all`
    /// @param part how the difference begins; `*`: however
    private record Row(String type, String message, String part) {

        boolean covers(String where, String difference) {
            return message.equals(where) && (part.equals("*") || difference.startsWith(part));
        }

        boolean isRefusal() {
            return part.startsWith("refused");
        }
    }

    private Excuses(List<Row> rows) {
        this.rows = rows;
    }

    /// Returns the known differences between readers, of a provider.
    static Excuses ofReading(String type) throws IOException {
        return new Excuses(rows(type).stream().filter(row -> !row.isRefusal()).toList());
    }

    /// Returns the known refusals of a provider's emulator.
    static Excuses ofRefusals(String type) throws IOException {
        return new Excuses(rows(type).stream().filter(Row::isRefusal).toList());
    }

    private static List<Row> rows(String type) throws IOException {
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
                    rows.add(new Row(cells[0], cells[1], cells[2]));
                }
            }
        }
        return rows;
    }

    /// Returns whether a difference is known.
    boolean cover(String message, String difference) {
        List<Row> covering = rows.stream().filter(row -> row.covers(message, difference)).toList();
        used.addAll(covering);
        return !covering.isEmpty();
    }

    /// Returns those that nothing needed; none without the messages that they are for.
    List<String> unused() {
        if (Corpus.real().isEmpty()) {
            return List.of();
        }
        return rows.stream().filter(row -> !used.contains(row)).map(Row::toString).toList();
    }
}
