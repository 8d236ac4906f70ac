package dev.postern.config.load;

import dev.postern.config.Secret;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Gathers all that is wrong, so that it is told at once.
public final class Problems {

    private static final int MOST_ECHOED_CHARS = 60;

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
        Comparator<ConfigProblem> byPlace =
                Comparator.comparingInt((ConfigProblem problem) -> line(problem.source()))
                        .thenComparingInt(problem -> column(problem.source()));
        return all.stream().sorted(byPlace).toList();
    }

    /// Returns `a, b or c`.
    public static String anyOf(List<String> words) {
        return listed(words, " or ");
    }

    /// Returns `a, b and c`.
    static String allOf(List<String> words) {
        return listed(words, " and ");
    }

    private static String listed(List<String> words, String last) {
        String head = words.stream().limit(words.size() - 1L).collect(Collectors.joining(", "));
        return head.isEmpty() ? words.getLast() : head + last + words.getLast();
    }

    /// Returns `text` in quotes, on one line, cut where it is long, and without what may be a
    /// password before an at-sign.
    public static String quoted(String text) {
        StringBuilder echo = new StringBuilder("\"");
        int at = text.lastIndexOf('@');
        int colon = text.indexOf(':');
        String shown = colon >= 0 && colon < at ? Secret.MASK + text.substring(at) : text;
        shown.codePoints()
                .limit(MOST_ECHOED_CHARS)
                .map(point -> Character.isISOControl(point) ? '\uFFFD' : point)
                .forEach(echo::appendCodePoint);
        return echo.append(shown.length() > MOST_ECHOED_CHARS ? "…\"" : "\"").toString();
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

    /// One thing that is wrong with the configuration.
    ///
    /// @param source where it stands
    /// @param path the key; empty where none is concerned
    /// @param what what is wrong
    /// @param remedy what to do; empty when `what` says it
    public record ConfigProblem(Source source, String path, String what, String remedy) {

        /// Returns the whole as one line.
        @Override
        public String toString() {
            String key = path.isEmpty() ? "" : path + ": ";
            String end = remedy.isEmpty() ? "" : "; " + remedy;
            return source + ": " + key + what + end;
        }
    }

    /// The reading of one key's value: tells its problems under the key's path and keeps secrets
    /// out of them.
    ///
    /// @param path the key as problems name it
    /// @param secret whether the value must not be shown
    /// @param problems where they are told
    public record ValueContext(String path, boolean secret, Problems problems) {

        /// Returns the reading of a part of this value.
        ValueContext part(String suffix) {
            return new ValueContext(path + suffix, secret, problems);
        }

        /// Tells that something is wrong with it.
        void tell(Source source, String what, String remedy) {
            problems.add(source, path, what, remedy);
        }

        /// Tells that a text breaks a rule.
        void wrong(RawValue.Text text, String rule, String remedy) {
            boolean hidden = secret || text.source() instanceof Source.InUrl;
            String echo = hidden ? "" : ", not " + quoted(text.value());
            tell(text.source(), "must be " + rule + echo, remedy);
        }

        /// Tells that something of another shape stands where `rule` was wanted.
        void shape(RawValue given, String rule) {
            String shape =
                    switch (given) {
                        case RawValue.Nothing _ -> "empty";
                        case RawValue.Items _ -> "a list";
                        case RawValue.Entries _ -> "a mapping";
                        case RawValue.Text _, RawValue.Template _ -> "a single value";
                        case RawValue.Broken _ -> "";
                    };
            if (!shape.isEmpty()) {
                problems.add(given.source(), path, "must be " + rule + ", not " + shape);
            }
        }
    }
}
