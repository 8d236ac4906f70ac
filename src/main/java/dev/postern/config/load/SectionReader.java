package dev.postern.config.load;

import dev.postern.config.load.Environment.EnvSyntax;
import dev.postern.config.load.Problems.ValueContext;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a mapping against a table of keys: refuses unknown ones, fills in defaults.
final class SectionReader {

    private final List<Key<?>> table;
    private final Map<String, Set<String>> elsewhere;
    private final String prefix;
    private final Problems problems;
    private final Map<String, Key<?>> keys = new HashMap<>();
    private final Set<String> names = new LinkedHashSet<>();

    /// Makes a reader.
    ///
    /// @param elsewhere the key or what else is meant, and the names that it has in other programs
    /// @param prefix what comes before each path in problems; empty at the top
    SectionReader(
            List<Key<?>> table,
            Map<String, Set<String>> elsewhere,
            String prefix,
            Problems problems) {
        this.table = table;
        this.elsewhere = elsewhere;
        this.prefix = prefix;
        this.problems = problems;
        for (Key<?> key : table) {
            keys.put(key.path(), key);
            String name = key.path();
            while (names.add(name) && name.contains(".")) {
                name = name.substring(0, name.lastIndexOf('.'));
            }
        }
    }

    /// Returns what is given by path, after telling unknown keys.
    Map<String, RawValue> flatten(RawValue.Entries entries) {
        Map<String, RawValue> found = new HashMap<>();
        walk(entries, "", found);
        return found;
    }

    /// Returns the settings of the whole table.
    ///
    /// @param whole where the mapping stands, for keys that are missing
    Settings settings(Map<String, RawValue> found, Source whole) {
        Settings settings = new Settings(prefix, problems);
        for (Key<?> key : table) {
            set(key, found.get(key.path()), whole, settings);
        }
        return settings;
    }

    private void walk(RawValue.Entries entries, String parent, Map<String, RawValue> found) {
        entries.entries()
                .forEach((name, entry) -> {
                    String path = parent + name;
                    if (name.indexOf('.') >= 0) {
                        String remedy = "sections are nested, as in smtp: {listen: 127.0.0.1:2525}";
                        problems.add(entry.keySource(), prefix + path, "unknown key", remedy);
                    } else if (keys.containsKey(path)) {
                        found.put(path, entry.value());
                    } else if (names.contains(path)) {
                        section(entry.value(), path, found);
                    } else {
                        unknown(path, entry.keySource());
                    }
                });
    }

    private void section(RawValue given, String path, Map<String, RawValue> found) {
        switch (given) {
            case RawValue.Entries entries -> walk(entries, path + ".", found);
            case RawValue.Nothing _, RawValue.Broken _ -> {}
            case RawValue.Items _, RawValue.Text _, RawValue.Template _ ->
                    new ValueContext(prefix + path, true, problems)
                            .shape(given, "a section of keys");
        }
    }

    private void unknown(String path, Source keySource) {
        String meant = NearestWord.elsewhere(path, elsewhere, names);
        String nearest = NearestWord.path(path, names);
        String remedy = "`postern config reference` lists all keys";
        if (meant != null) {
            remedy = "write " + meant;
        } else if (nearest != null) {
            remedy = "did you mean " + nearest + "?";
        }
        problems.add(keySource, prefix + path, "unknown key", remedy);
    }

    private <T> void set(Key<T> key, @Nullable RawValue given, Source whole, Settings settings) {
        // An egress list whose entries are all commented out is an empty one.
        boolean emptied = given instanceof RawValue.Nothing && key.type() instanceof Type.Egresses;
        if (given == null || emptied) {
            missing(key, whole, settings);
            return;
        }
        ValueContext reading = new ValueContext(prefix + key.path(), key.type().secret(), problems);
        if (empty(given) && key.nullable()) {
            settings.put(key, null, given);
        } else if (empty(given)) {
            String remedy = key.necessary() ? "" : "leave the key out for the default";
            problems.add(given.source(), reading.path(), "must not be empty", remedy);
        } else {
            RawValue shaped = shaped(key, given, reading);
            T value = key.type().read(shaped, reading);
            if (value != null) {
                settings.put(key, value, shaped);
            }
        }
    }

    /// A URL's parameters are written as environment variables are.
    private static RawValue shaped(Key<?> key, RawValue given, ValueContext reading) {
        return given instanceof RawValue.Text text && text.source() instanceof Source.InUrl
                ? EnvSyntax.given(key.type(), text.value(), text.source(), reading)
                : given;
    }

    private <T> void missing(Key<T> key, Source whole, Settings settings) {
        Source source = new Source.Default("");
        if (key.necessary()) {
            problems.add(
                    whole, prefix + key.path(), "is missing", "it must be " + key.type().told());
        } else if (key.fallback() == null) {
            settings.put(key, null, new RawValue.Nothing(source));
        } else {
            ValueContext reading =
                    new ValueContext(prefix + key.path(), key.type().secret(), problems);
            RawValue given = EnvSyntax.given(key.type(), key.fallback(), source, reading);
            settings.put(key, key.type().read(given, reading), given);
        }
    }

    private static boolean empty(RawValue given) {
        return given instanceof RawValue.Nothing
                || (given instanceof RawValue.Text text && text.value().isEmpty());
    }
}
