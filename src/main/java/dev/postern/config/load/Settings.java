package dev.postern.config.load;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The effective value of every key of a table, with its source. A key whose value is wrong is not
/// in it.
final class Settings {

    private final Map<Key<?>, Setting<?>> byKey = new LinkedHashMap<>();
    private final String prefix;
    private final Problems problems;

    /// @param prefix what comes before each path in problems; empty at the top
    Settings(String prefix, Problems problems) {
        this.prefix = prefix;
        this.problems = problems;
    }

    /// A key's value.
    ///
    /// @param value null where null is a value
    /// @param given as it was written, for showing
    record Setting<T>(Key<T> key, @Nullable T value, RawValue given) {}

    <T> void put(Key<T> key, @Nullable T value, RawValue given) {
        byKey.put(key, new Setting<>(key, value, given));
    }

    /// Returns whether all of `keys` have a good value or a good null.
    boolean know(Key<?>... keys) {
        return List.of(keys).stream().allMatch(byKey::containsKey);
    }

    /// Returns the value of a key that has one.
    <T> T get(Key<T> key) {
        T value = find(key);
        if (value == null) {
            throw new AssertionError("no value for " + key.path());
        }
        return value;
    }

    /// Returns the value of a key, null where it has none.
    <T> @Nullable T find(Key<T> key) {
        // put() pairs every key with a value of its own type.
        @SuppressWarnings("unchecked")
        Setting<T> setting = (Setting<T>) byKey.get(key);
        return setting == null ? null : setting.value();
    }

    /// Returns where the value of a key comes from.
    Source source(Key<?> key) {
        Setting<?> setting = byKey.get(key);
        return setting == null ? new Source.Default("") : setting.given().source();
    }

    /// Returns a key as problems name it.
    String path(Key<?> key) {
        return prefix + key.path();
    }

    /// Tells that something is wrong with a key's value.
    void tell(Key<?> key, String what, String remedy) {
        problems.add(source(key), path(key), what, remedy);
    }

    /// Returns whether a key was given, rather than left to its default.
    boolean explicit(Key<?> key) {
        Source source = source(key);
        return !(source instanceof Source.Default || source instanceof Source.OfProvider);
    }

    /// Returns all in the order of the table.
    List<Setting<?>> all() {
        return List.copyOf(byKey.values());
    }
}
