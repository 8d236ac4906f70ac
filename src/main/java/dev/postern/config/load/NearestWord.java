package dev.postern.config.load;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// Guesses which known word a mistyped one was meant to be.
final class NearestWord {

    private static final int LETTERS_PER_SLIP = 3;

    /// What is longer is like none of the words that are known.
    private static final int TYPED_CHARS = 200;

    private NearestWord() {}

    /// Returns the known word with the fewest slips between it and `typed`; null when none is near.
    /// Case, hyphens and underscores do not count.
    static @Nullable String of(String typed, Collection<String> known) {
        return nearest(typed, typed, known, word -> slips(plain(typed), plain(word)));
    }

    /// Returns the nearest key path: by its whole path, or by its last name alone.
    static @Nullable String path(String typed, Collection<String> known) {
        String lastName = last(typed);
        return nearest(typed, lastName, known, path -> distance(parent(typed), lastName, path));
    }

    private static @Nullable String nearest(
            String typed, String name, Collection<String> known, ToIntFunction<String> slips) {
        if (typed.length() > TYPED_CHARS) {
            return null;
        }
        int most = 1 + plain(name).length() / LETTERS_PER_SLIP;
        return known.stream()
                .filter(word -> slips.applyAsInt(word) <= most)
                .min(Comparator.comparingInt(slips).thenComparing(Comparator.naturalOrder()))
                .orElse(null);
    }

    /// Returns what is meant by a name that it has in other programs; null when nothing is.
    ///
    /// @param names what is meant, and such names of it in lower case and hyphens
    static @Nullable String elsewhere(String typed, Map<String, Set<String>> names) {
        String name = typed.toLowerCase(Locale.ROOT).replace('_', '-');
        return names.entrySet().stream()
                .filter(meant -> meant.getValue().contains(name))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    /// Returns what is meant in the same way, where it is a key and words behind it.
    ///
    /// @param known the keys
    static @Nullable String elsewhere(
            String typed, Map<String, Set<String>> names, Collection<String> known) {
        String meant = elsewhere(typed, names);
        return meant == null || known.contains(meant.split("[: ]", 2)[0]) ? meant : null;
    }

    private static int distance(String parent, String lastName, String path) {
        int names = slips(plain(lastName), plain(last(path)));
        return names + (parent.equals(parent(path)) ? 0 : 1);
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static String parent(String path) {
        return path.substring(0, path.lastIndexOf('.') + 1);
    }

    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
    }

    /// Returns the edit distance, where swapping two neighbours is one slip.
    static int slips(String a, String b) {
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                cost[i][j] = i == 0 || j == 0 ? i + j : cheapest(a, b, i, j, cost);
            }
        }
        return cost[a.length()][b.length()];
    }

    private static int cheapest(String a, String b, int i, int j, int[][] cost) {
        int changed = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        int least = Math.min(cost[i - 1][j], cost[i][j - 1]) + 1;
        least = Math.min(least, cost[i - 1][j - 1] + changed);
        boolean swapped =
                i > 1
                        && j > 1
                        && a.charAt(i - 1) == b.charAt(j - 2)
                        && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
    }
}
