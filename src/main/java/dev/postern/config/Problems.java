package dev.postern.config;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Gathers all that is wrong, so that it is told at once.
final class Problems {

    private static final Comparator<ConfigProblem> BY_PLACE =
            Comparator.comparingInt((ConfigProblem problem) -> line(problem.source()))
                    .thenComparingInt(problem -> column(problem.source()));

    private final Set<ConfigProblem> all = new LinkedHashSet<>();

    void add(Source source, String path, String what) {
        add(source, path, what, "");
    }

    void add(Source source, String path, String what, String remedy) {
        all.add(new ConfigProblem(source, path, what, remedy));
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /// Returns them in the order of the file, those of other sources after it.
    List<ConfigProblem> list() {
        return all.stream().sorted(BY_PLACE).toList();
    }

    private static int line(Source source) {
        return switch (source) {
            case Source.WholeFile _ -> 0;
            case Source.InFile place -> place.line();
            case Source.Variable _, Source.InUrl _, Source.Default _, Source.OfProvider _ ->
                    Integer.MAX_VALUE;
        };
    }

    private static int column(Source source) {
        return source instanceof Source.InFile place ? place.column() : 0;
    }
}
