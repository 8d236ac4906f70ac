package dev.postern.config.load;

import dev.postern.config.Machine;
import dev.postern.config.Percent;
import dev.postern.config.load.Problems.ValueContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the `POSTERN_…` variables. An empty one counts as not set.
///
/// @param variables all variables by name
record Environment(Map<String, String> variables, Interpolation interpolation, Problems problems) {

    static final String CONFIG = "POSTERN_CONFIG";

    /// Values may be secrets.
    @Override
    public String toString() {
        return "Environment of " + variables.size() + " variables";
    }

    /// What is wrong with a variable that Java could not read, and what to do.
    static final String NO_TEXT = "is no text in the locale's charset";

    static final String LOCALE = "write it in UTF-8 and set LC_ALL=C.UTF-8";

    private static final String PREFIX = "POSTERN_";
    private static final String FILE = "_FILE";

    /// Read by bin/postern, not by the program.
    private static final Set<String> LAUNCHER = Set.of("POSTERN_JAVA_OPTS");

    /// More than the names of a Service and a port, 63 each, and what stands between.
    private static final int KUBERNETES_CHARS = 255;

    /// What Kubernetes sets in every pod beside a Service named postern.
    private static final Pattern KUBERNETES =
            Pattern.compile(
                    "POSTERN(_[A-Z0-9]+)*_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT"
                            + "|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

    /// Returns a variable's value; null when it is unset or empty.
    static @Nullable String value(Map<String, String> variables, String name) {
        String value = variables.get(name);
        return value == null || value.isEmpty() ? null : value;
    }

    /// Returns whether a variable is one of our settings, or is taken for one.
    static boolean isSetting(String name) {
        return name.startsWith(PREFIX)
                && (name.length() > KUBERNETES_CHARS || !KUBERNETES.matcher(name).matches());
    }

    /// Returns what is given for keys of `table`, by path, after telling unknown variables.
    Map<String, RawValue> read(List<Key<?>> table) {
        Set<String> known = new TreeSet<>(LAUNCHER);
        known.add(CONFIG);
        Map<String, RawValue> found = new HashMap<>();
        for (Key<?> key : table) {
            known.add(key.variable());
            if (key.hasFileVariable()) {
                known.add(key.fileVariable());
            }
            RawValue given = given(key);
            if (given != null) {
                found.put(key.path(), given);
            }
        }
        new TreeSet<>(variables.keySet()).forEach(name -> check(name, known));
        return found;
    }

    private @Nullable RawValue given(Key<?> key) {
        String value = value(variables, key.variable());
        String file = key.hasFileVariable() ? value(variables, key.fileVariable()) : null;
        ValueContext reading = new ValueContext(key.path(), key.type().secret(), problems);
        if (file == null) {
            return value == null ? null : given(key, value, reading);
        }
        Source source = new Source.Variable(key.fileVariable());
        if (value != null) {
            problems.add(source, key.path(), key.variable() + " is set too", "set one of the two");
            return new RawValue.Broken(source);
        }
        Path path = Types.PATH.read(new RawValue.Text(file, source), reading);
        if (path == null) {
            return new RawValue.Broken(source);
        }
        RawValue mounted = interpolation.mounted(path, key.path(), source);
        return mounted instanceof RawValue.Text text && !(key.type() instanceof Type.SecretText)
                ? EnvSyntax.given(key.type(), text.value(), source, reading)
                : mounted;
    }

    private static RawValue given(Key<?> key, String value, ValueContext reading) {
        Source source = new Source.Variable(key.variable());
        if (Machine.isSpoiled(value)) {
            reading.tell(source, NO_TEXT, LOCALE);
            return new RawValue.Broken(source);
        }
        return EnvSyntax.given(key.type(), value, source, reading);
    }

    private void check(String name, Set<String> known) {
        if (known.contains(name) || !isSetting(name)) {
            return;
        }
        String remedy = "`postern config reference` lists all keys";
        String nearest =
                NearestWord.of(
                        name.substring(PREFIX.length()),
                        known.stream().map(one -> one.substring(PREFIX.length())).toList());
        String path = name.endsWith(FILE) ? name.substring(0, name.length() - FILE.length()) : "";
        if (known.contains(path)) {
            remedy = "the key is a path already: set " + path;
        } else if (nearest != null) {
            remedy = "did you mean " + PREFIX + nearest + "?";
        }
        problems.add(new Source.Variable(name), "", "unknown variable", remedy);
    }

    /// Reads the values of environment variables, and the defaults and examples of the key table,
    /// which are written in the same way: lists by commas, users as NAME:PASSWORD (and so all
    /// [Type.Mappings]), aliases as NAME=ADDRESS, both percent-encoded.
    static final class EnvSyntax {

        private static final String BETWEEN = " with commas between, each part percent-encoded";
        private static final String ALIASES_RULE =
                "NAME=ADDRESS pairs" + BETWEEN + ", each name once";

        private EnvSyntax() {}

        /// Returns what `text` gives for the key of `reading`; broken after telling why.
        static RawValue given(Type<?> type, String text, Source source, ValueContext reading) {
            if (type instanceof Type.ListOf<?>) {
                return new RawValue.Items(
                        parts(text).stream()
                                .<RawValue>map(part -> new RawValue.Text(part, source))
                                .toList(),
                        source);
            }
            if (type instanceof Type.Mappings<?> list) {
                String noun = list.members().size() == 2 ? " pairs" : " triples";
                String rule = list.variable() + noun + BETWEEN;
                return orBroken(mappings(list.members(), text, source), rule, source, reading);
            }
            return type instanceof Type.Aliases
                    ? orBroken(aliases(text, source), ALIASES_RULE, source, reading)
                    : new RawValue.Text(text, source);
        }

        private static RawValue orBroken(
                @Nullable RawValue given, String rule, Source source, ValueContext reading) {
            if (given == null) {
                reading.tell(source, "must be " + rule, "");
                return new RawValue.Broken(source);
            }
            return given;
        }

        /// Returns the non-empty parts between commas.
        static List<String> parts(String text) {
            return Arrays.stream(text.split(","))
                    .map(String::strip)
                    .filter(part -> !part.isEmpty())
                    .toList();
        }

        private static @Nullable RawValue mappings(List<String> names, String text, Source source) {
            List<RawValue> mappings = new ArrayList<>();
            for (String whole : parts(text)) {
                String[] encoded = whole.split(":", names.size());
                SequencedMap<String, RawValue.Entry> members = new LinkedHashMap<>();
                boolean good = encoded.length == names.size();
                for (int i = 0; good && i < encoded.length; i++) {
                    good = put(members, names.get(i), encoded[i], source);
                }
                if (!good) {
                    return null;
                }
                mappings.add(new RawValue.Entries(members, source));
            }
            return new RawValue.Items(mappings, source);
        }

        private static @Nullable RawValue aliases(String text, Source source) {
            SequencedMap<String, RawValue.Entry> entries = new LinkedHashMap<>();
            for (String pair : parts(text)) {
                int equals = pair.indexOf('=');
                String name = equals < 0 ? null : Percent.decode(pair.substring(0, equals));
                if (name == null || !put(entries, name, pair.substring(equals + 1), source)) {
                    return null;
                }
            }
            return new RawValue.Entries(entries, source);
        }

        /// Returns whether `encoded` is well-formed and its name new.
        private static boolean put(
                SequencedMap<String, RawValue.Entry> members,
                String name,
                String encoded,
                Source source) {
            String decoded = Percent.decode(encoded);
            return decoded != null
                    && members.put(
                                    name,
                                    new RawValue.Entry(source, new RawValue.Text(decoded, source)))
                            == null;
        }
    }
}
