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
/// @param live keys of [#LIVE] that differ; of an egress `egress.NAME.KEY`, `egress.NAME` when it
///   came or went, `egress` when the order differs
/// @param fixed those of the other keys that differ
public record Changes(List<String> live, List<String> fixed) {

    /// The keys that a running program takes up. The others need a restart.
    static final Set<Key<?>> LIVE =
            Set.of(
                    Keys.SMTP_AUTH,
                    Keys.SMTP_USERS,
                    Keys.SMTP_AUTH_PLAINTEXT,
                    Keys.SMTP_ALLOW,
                    Keys.ACKNOWLEDGE_TIMEOUT,
                    Keys.QUALIFY_DOMAIN,
                    Keys.ALIASES,
                    Keys.SENDMAIL_FROM,
                    Keys.RETRY_SCHEDULE,
                    Keys.RETRY_MAX_AGE,
                    Keys.DRAIN_DELAY,
                    Keys.DRAIN_TIMEOUT,
                    Keys.LOG_FORMAT,
                    Keys.LOG_LEVEL,
                    Keys.LOG_ADDRESSES,
                    Keys.EGRESS);

    private static final String EGRESS = "egress";

    public Changes {
        live = List.copyOf(live);
        fixed = List.copyOf(fixed);
    }

    /// Returns what differs.
    public static Changes between(Loaded.Valid before, Loaded.Valid after) {
        List<String> live = new ArrayList<>();
        List<String> fixed = new ArrayList<>();
        Settings old = before.effective().settings();
        Settings now = after.effective().settings();
        for (Key<?> key : Keys.ALL) {
            if (key.equals(Keys.EGRESS)) {
                live.addAll(egresses(before.effective().egress(), after.effective().egress()));
            } else if (!LIVE.contains(key)) {
                addIf(!Objects.equals(current(old, key), current(now, key)), key, fixed);
            } else {
                addIf(!Objects.equals(old.find(key), now.find(key)), key, live);
            }
        }
        return new Changes(live, fixed);
    }

    private static void addIf(boolean differs, Key<?> key, List<String> names) {
        if (differs) {
            names.add(key.path());
        }
    }

    /// A secret from a mounted file is read at each use: as long as it is the same file, nothing
    /// needs a restart.
    private static @Nullable Object current(Settings settings, Key<?> key) {
        Object value = settings.find(key);
        return value instanceof Secret secret ? secret.reveal() : value;
    }

    private static List<String> egresses(
            List<EgressLoader.Entry> before, List<EgressLoader.Entry> after) {
        Map<String, EgressLoader.Entry> old = byName(before);
        Map<String, EgressLoader.Entry> now = byName(after);
        Set<String> names = new LinkedHashSet<>(old.keySet());
        names.addAll(now.keySet());
        List<String> changed = new ArrayList<>();
        for (String name : names) {
            EgressLoader.Entry one = old.get(name);
            EgressLoader.Entry other = now.get(name);
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

    private static Map<String, EgressLoader.Entry> byName(List<EgressLoader.Entry> entries) {
        Map<String, EgressLoader.Entry> byName = new LinkedHashMap<>();
        entries.forEach(entry -> byName.put(entry.settings().get(EgressKeys.NAME), entry));
        return byName;
    }
}
