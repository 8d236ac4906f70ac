package dev.postern.config;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/// Header fields by which apps steer a provider, `X-PM-Tag` for one: the rows of `steering.txt`
/// beside this class. They may hold what is no recipient's business, and only their own provider
/// takes them out.
public final class SteeringFields {

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

    /// Returns which fields steer others than the provider that an egress belongs to. Empty for an
    /// smtp egress whose host nobody knows: what is behind it may be any of them.
    public static Optional<Predicate<String>> foreignTo(EgressConfig egress) {
        return switch (egress) {
            case EgressConfig.Smtp smtp ->
                    Preset.of(smtp.smtp().host())
                            .map(preset -> preset.domains().getFirst())
                            .map(domain -> outside(row -> row.domain().equals(domain)));
            case EgressConfig.Api _, EgressConfig.Ses _, EgressConfig.Mailgun _ ->
                    Optional.of(outside(row -> row.type().equals(egress.type())));
        };
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
        return new Row(columns.get(0), columns.get(1), List.of(fields.split(",")), columns.get(3));
    }
}
