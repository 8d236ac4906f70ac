package dev.postern.config;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the `POSTERN_…` variables. An empty one counts as not set.
final class Environment {

    static final String CONFIG = "POSTERN_CONFIG";

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

    private final Map<String, String> variables;
    private final Interpolation interpolation;
    private final Problems problems;

    Environment(Map<String, String> variables, Interpolation interpolation, Problems problems) {
        this.variables = variables;
        this.interpolation = interpolation;
        this.problems = problems;
    }

    /// Returns a variable's value; null when it is unset or empty.
    static @Nullable String value(Map<String, String> variables, String name) {
        String value = variables.get(name);
        return value == null || value.isEmpty() ? null : value;
    }

    /// Returns whether a variable is one of our settings, or is taken for one.
    static boolean isSetting(String name) {
        return name.startsWith(PREFIX) && !isKubernetes(name);
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
            return value == null
                    ? null
                    : EnvSyntax.given(
                            key.type(), value, new Source.Variable(key.variable()), reading);
        }
        Source source = new Source.Variable(key.fileVariable());
        if (value != null) {
            problems.add(source, key.path(), key.variable() + " is set too", "set one of the two");
            return new RawValue.Broken(source);
        }
        RawValue mounted = interpolation.mounted(Path.of(file), key.path(), source);
        return mounted instanceof RawValue.Text text && !(key.type() instanceof Type.SecretText)
                ? EnvSyntax.given(key.type(), text.value(), source, reading)
                : mounted;
    }

    private void check(String name, Set<String> known) {
        if (known.contains(name) || !isSetting(name)) {
            return;
        }
        String remedy = "`postern config reference` lists all keys";
        String nearest = NearestWord.of(name.substring(PREFIX.length()), withoutPrefix(known));
        if (name.endsWith(FILE) && known.contains(withoutFile(name))) {
            remedy = "the key is a path already: set " + withoutFile(name);
        } else if (nearest != null) {
            remedy = "did you mean " + PREFIX + nearest + "?";
        }
        problems.add(new Source.Variable(name), "", "unknown variable", remedy);
    }

    private static boolean isKubernetes(String name) {
        return name.length() <= KUBERNETES_CHARS && KUBERNETES.matcher(name).matches();
    }

    private static String withoutFile(String name) {
        return name.substring(0, name.length() - FILE.length());
    }

    private static List<String> withoutPrefix(Set<String> names) {
        return names.stream().map(name -> name.substring(PREFIX.length())).toList();
    }
}
