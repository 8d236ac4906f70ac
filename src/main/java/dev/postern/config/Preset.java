package dev.postern.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What is known of a provider's submission server by its host name: a row of `presets.txt` beside
/// this class.
///
/// @param hosts the host names, as patterns
/// @param alternates ports beside [SubmissionPort#USUAL]
/// @param concurrency the most connections at once, as written; null: nothing is known
/// @param rate as the key of this name; null: nothing is known
/// @param quota as the key of this name; null: nothing is known
/// @param domains what its servers call themselves by
/// @param source where that is written
public record Preset(
        List<Pattern> hosts,
        List<SubmissionPort> alternates,
        @Nullable String concurrency,
        @Nullable String rate,
        @Nullable String quota,
        List<String> domains,
        String source) {

    private static final String TABLE = "presets.txt";
    private static final int COLUMNS = 7;
    private static final String NOTHING = "-";

    private static final List<Preset> ALL = TableFile.rows(Preset.class, TABLE, Preset::parse);

    public Preset {
        hosts = List.copyOf(hosts);
        alternates = List.copyOf(alternates);
        domains = List.copyOf(domains);
    }

    /// Returns what is known of a host.
    public static Optional<Preset> of(String host) {
        String name = plain(host);
        return ALL.stream().filter(preset -> preset.isFor(name)).findFirst();
    }

    static List<Preset> all() {
        return ALL;
    }

    private boolean isFor(String host) {
        return hosts.stream().anyMatch(pattern -> pattern.matcher(host).matches());
    }

    /// Returns whether a server of this provider may call itself by a name.
    public boolean owns(String name) {
        String plain = plain(name);
        return domains.stream()
                .anyMatch(domain -> plain.equals(domain) || plain.endsWith("." + domain));
    }

    private static String plain(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }

    private static Preset parse(String line) {
        List<String> columns = TableFile.columns(line, COLUMNS);
        return new Preset(
                words(columns.get(0)).stream().map(Preset::pattern).toList(),
                words(columns.get(1)).stream().map(SubmissionPort::parse).toList(),
                known(columns.get(2)),
                known(columns.get(3)),
                known(columns.get(4)),
                words(columns.get(5)),
                columns.get(6));
    }

    private static List<String> words(String column) {
        return column.equals(NOTHING) ? List.of() : List.of(column.split(","));
    }

    private static @Nullable String known(String column) {
        return column.equals(NOTHING) ? null : column;
    }

    private static Pattern pattern(String host) {
        return Pattern.compile(host.replace(".", "\\.").replace("*", "[^.]+"));
    }
}
