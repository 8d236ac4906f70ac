package dev.postern.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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

    private static final List<Preset> ALL = load();

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

    private static List<Preset> load() {
        try (InputStream in = Preset.class.getResourceAsStream(TABLE)) {
            if (in == null) {
                throw new AssertionError(TABLE + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(Preset::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads a line whose columns are parted by two blanks or more.
    private static Preset parse(String line) {
        String[] columns = line.strip().split(" {2,}");
        if (columns.length != COLUMNS) {
            throw new IllegalArgumentException(columns.length + " columns: " + line);
        }
        return new Preset(
                words(columns[0]).stream().map(Preset::pattern).toList(),
                words(columns[1]).stream().map(SubmissionPort::parse).toList(),
                known(columns[2]),
                known(columns[3]),
                known(columns[4]),
                words(columns[5]),
                columns[6]);
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
