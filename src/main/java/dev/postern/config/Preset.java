package dev.postern.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
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
/// @param called what findings call it; null: nothing
/// @param source where that is written
public record Preset(
        List<Pattern> hosts,
        List<SubmissionPort> alternates,
        @Nullable String concurrency,
        @Nullable String rate,
        @Nullable String quota,
        List<String> domains,
        @Nullable ProviderWord called,
        String source) {

    /// What findings call a provider.
    ///
    /// @param domains the ends of its hosts' names
    record ProviderWord(String word, List<String> domains) {

        /// Reads `mailgun:mailgun.org,mailgun.net`.
        static ProviderWord parse(String column) {
            String[] parts = column.split(":", 2);
            return new ProviderWord(parts[0], List.of(parts[1].split(",")));
        }
    }

    private static final String TABLE = "presets.txt";
    private static final int COLUMNS = 8;
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
        return ALL.stream()
                .filter(preset ->
                        preset.hosts.stream().anyMatch(pattern -> pattern.matcher(name).matches()))
                .findFirst();
    }

    static List<Preset> all() {
        return ALL;
    }

    /// Returns whether a server of this provider may call itself by a name.
    public boolean owns(String name) {
        return isWithin(domains, name);
    }

    /// Returns the words that findings know a host by: its provider's, and `known`; none for
    /// others.
    public static Set<String> words(String host) {
        Set<String> words = new TreeSet<>();
        for (Preset preset : ALL) {
            if (preset.called != null && isWithin(preset.called.domains(), host)) {
                words.addAll(List.of(preset.called.word(), "known"));
            }
        }
        return words;
    }

    private static boolean isWithin(List<String> domains, String name) {
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
                listed(columns.get(0)).stream().map(Preset::pattern).toList(),
                listed(columns.get(1)).stream().map(SubmissionPort::parse).toList(),
                known(columns.get(2)),
                known(columns.get(3)),
                known(columns.get(4)),
                listed(columns.get(5)),
                columns.get(6).equals(NOTHING) ? null : ProviderWord.parse(columns.get(6)),
                columns.get(7));
    }

    private static List<String> listed(String column) {
        return column.equals(NOTHING) ? List.of() : List.of(column.split(","));
    }

    private static @Nullable String known(String column) {
        return column.equals(NOTHING) ? null : column;
    }

    private static Pattern pattern(String host) {
        return Pattern.compile(host.replace(".", "\\.").replace("*", "[^.]+"));
    }

    /// Header fields by which apps steer a provider, `X-PM-Tag` for one: the rows of `steering.txt`
    /// beside this class. They may hold what is no recipient's business, and only their own
    /// provider takes them out.
    public static final class SteeringFields {

        private static final String TABLE = "steering.txt";
        private static final int COLUMNS = 4;

        private static final List<Row> ALL =
                TableFile.rows(SteeringFields.class, TABLE, SteeringFields::parse);

        private SteeringFields() {}

        /// A provider.
        ///
        /// @param type the type word of its API
        /// @param domain the first that [Preset] knows its servers by; `-` when it knows none
        /// @param fields names, in small letters; one that ends in `*` stands for all that begin so
        /// @param source where that is written
        record Row(String type, String domain, List<String> fields, String source) {

            Row {
                fields = List.copyOf(fields);
            }

            /// @param small a field's name in small letters
            boolean has(String small) {
                return fields.stream()
                        .anyMatch(field ->
                                field.endsWith("*")
                                        ? small.startsWith(field.substring(0, field.length() - 1))
                                        : small.equals(field));
            }
        }

        /// Returns which fields steer others than the provider that an egress belongs to. Empty for
        /// an smtp egress whose host nobody knows: what is behind it may be any of them.
        public static Optional<Predicate<String>> foreignTo(EgressConfig egress) {
            return egress instanceof EgressConfig.Smtp smtp
                    ? Preset.of(smtp.smtp().host())
                            .map(preset -> preset.domains().getFirst())
                            .map(domain -> outside(row -> row.domain().equals(domain)))
                    : Optional.of(outside(row -> row.type().equals(egress.type())));
        }

        private static Predicate<String> outside(Predicate<Row> own) {
            List<Row> others = ALL.stream().filter(own.negate()).toList();
            return name -> {
                String small = name.toLowerCase(Locale.ROOT);
                return others.stream().anyMatch(row -> row.has(small));
            };
        }

        static List<Row> all() {
            return ALL;
        }

        private static Row parse(String line) {
            List<String> columns = TableFile.columns(line, COLUMNS);
            String fields = columns.get(2).toLowerCase(Locale.ROOT);
            return new Row(
                    columns.get(0), columns.get(1), List.of(fields.split(",")), columns.get(3));
        }
    }
}
