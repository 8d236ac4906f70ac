package dev.postern.config.load;

import dev.postern.config.Secret;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What differs between two configurations, in names of keys; never in values.
///
/// @param live keys that differ and are taken up at once; of an egress `egress.NAME.KEY`,
///   `egress.NAME` when it came or went, `egress` when the order differs
/// @param fixed those of the other keys that differ
public record Changes(List<String> live, List<String> fixed) {

    private static final String EGRESS = "egress";

    public Changes {
        live = List.copyOf(live);
        fixed = List.copyOf(fixed);
    }

    /// Returns what differs.
    public static Changes between(Loaded.Valid before, Loaded.Valid after) {
        List<String> live = new ArrayList<>();
        List<String> fixed = new ArrayList<>();
        Settings old = before.settings();
        Settings now = after.settings();
        for (Key<?> key : Keys.ALL) {
            if (key.equals(Keys.EGRESS)) {
                live.addAll(egresses(before.egress(), after.egress()));
            } else if (!Objects.equals(current(old, key), current(now, key))) {
                (Keys.LIVE.contains(key) ? live : fixed).add(key.path());
            }
        }
        return new Changes(live, fixed);
    }

    /// A secret from a mounted file is read at each use: as long as it is the same file, nothing
    /// needs a restart.
    private static @Nullable Object current(Settings settings, Key<?> key) {
        Object value = settings.find(key);
        return value instanceof Secret secret ? secret.reveal() : value;
    }

    private static List<String> egresses(
            List<EgressLoader.EgressEntry> before, List<EgressLoader.EgressEntry> after) {
        Map<String, EgressLoader.EgressEntry> old = byName(before);
        Map<String, EgressLoader.EgressEntry> now = byName(after);
        Set<String> names = new LinkedHashSet<>(old.keySet());
        names.addAll(now.keySet());
        List<String> changed = new ArrayList<>();
        for (String name : names) {
            EgressLoader.EgressEntry one = old.get(name);
            EgressLoader.EgressEntry other = now.get(name);
            if (one == null || other == null || one.type() != other.type()) {
                changed.add(EGRESS + "." + name);
            } else {
                EgressKeys.of(one.type()).stream()
                        .filter(key ->
                                !Objects.equals(
                                        one.settings().find(key), other.settings().find(key)))
                        .forEach(key -> changed.add(EGRESS + "." + name + "." + key.path()));
            }
        }
        if (changed.isEmpty() && !List.copyOf(old.keySet()).equals(List.copyOf(now.keySet()))) {
            changed.add(EGRESS);
        }
        return changed;
    }

    private static Map<String, EgressLoader.EgressEntry> byName(
            List<EgressLoader.EgressEntry> entries) {
        Map<String, EgressLoader.EgressEntry> byName = new LinkedHashMap<>();
        entries.forEach(entry -> byName.put(entry.settings().get(EgressKeys.NAME), entry));
        return byName;
    }
}
