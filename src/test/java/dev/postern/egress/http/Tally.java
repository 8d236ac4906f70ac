package dev.postern.egress.http;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/// How many messages went to a provider, and what of them could not be carried.
final class Tally {

    private final String type;
    private final Map<String, Integer> lost = new TreeMap<>();
    private int messages;
    private int reduced;
    private int refused;
    private int unsuited;

    Tally(String type) {
        this.type = type;
    }

    String type() {
        return type;
    }

    /// Counts a message that was taken.
    void taken(List<String> notCarried) {
        messages++;
        reduced += notCarried.isEmpty() ? 0 : 1;
        TreeSet<String> kinds = new TreeSet<>();
        notCarried.forEach(what -> kinds.add(kind(what)));
        kinds.forEach(kind -> lost.merge(kind, 1, Integer::sum));
    }

    /// Counts a message that the provider won't have.
    void refused() {
        messages++;
        refused++;
    }

    /// Counts a message that the egress does not even offer to the provider.
    void unsuited() {
        messages++;
        unsuited++;
    }

    int refusedCount() {
        return refused;
    }

    int messages() {
        return messages;
    }

    /// Returns what is not carried without whose it is.
    private static String kind(String what) {
        return what.replaceFirst("^(To|Cc): .*", "$1: address not in the envelope")
                .replaceFirst("^\\d+ more of To and Cc", "To: address not in the envelope")
                .replaceFirst("^charset .*", "charset unknown or wrong, guessed")
                .replaceFirst("^name of .*", "name with ; or ,")
                .replaceFirst("^type .*", "type that contradicts the name")
                .replaceFirst("^inline .*", "inline as inline")
                .replaceFirst("^second .*", "second field of a name")
                .replaceFirst("^empty attachment .*", "empty attachment")
                .replaceFirst("^text/calendar method=.*", "text/calendar method")
                .replaceFirst("^multipart/\\S+ without parts", "multipart without parts");
    }

    @Override
    public String toString() {
        return "%s: %d messages, %d refused, %d unsuited, %d not carried whole: %s"
                .formatted(type, messages, refused, unsuited, reduced, lost);
    }

    /// Returns a table of several, a column each.
    static String table(List<Tally> tallies) {
        StringBuilder table = new StringBuilder();
        row(table, "", tallies.stream().map(Tally::type).toList());
        row(table, "messages", numbers(tallies.stream().map(t -> t.messages)));
        row(table, "refused", numbers(tallies.stream().map(t -> t.refused)));
        row(table, "unsuited", numbers(tallies.stream().map(t -> t.unsuited)));
        row(table, "not carried whole", numbers(tallies.stream().map(t -> t.reduced)));
        TreeSet<String> kinds = new TreeSet<>();
        tallies.forEach(tally -> kinds.addAll(tally.lost.keySet()));
        for (String kind : kinds) {
            row(table, kind, numbers(tallies.stream().map(t -> t.lost.getOrDefault(kind, 0))));
        }
        return table.toString();
    }

    private static List<String> numbers(Stream<Integer> numbers) {
        return numbers.map(number -> number == 0 ? "-" : number.toString()).toList();
    }

    private static void row(StringBuilder table, String head, List<String> cells) {
        table.append("%-36s".formatted(head));
        cells.forEach(cell -> table.append("%10s".formatted(cell)));
        table.append('\n');
    }
}
