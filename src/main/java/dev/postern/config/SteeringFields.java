package dev.postern.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
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

    private static final List<Row> ALL = load();

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

        boolean has(String name) {
            String small = name.toLowerCase(Locale.ROOT);
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
        return name -> others.stream().anyMatch(row -> row.has(name));
    }

    static List<Row> all() {
        return ALL;
    }

    private static List<Row> load() {
        try (InputStream in = SteeringFields.class.getResourceAsStream(TABLE)) {
            if (in == null) {
                throw new AssertionError(TABLE + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(SteeringFields::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reads a line whose columns are parted by two blanks or more.
    private static Row parse(String line) {
        String[] columns = line.strip().split(" {2,}");
        if (columns.length != COLUMNS) {
            throw new IllegalArgumentException(columns.length + " columns: " + line);
        }
        String fields = columns[2].toLowerCase(Locale.ROOT);
        return new Row(columns[0], columns[1], List.of(fields.split(",")), columns[3]);
    }
}
