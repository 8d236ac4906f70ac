package dev.postern.config.load;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One key of the configuration: the single place that says its name, type, default and meaning.
///
/// @param path its name, with dots between sections
/// @param type how its values are written
/// @param fallback the default, written as in an environment variable; null: none, or found at load
/// @param told the default as the reference tells it
/// @param necessary whether a value must be given
/// @param example a value that differs from the default, written as in an environment variable
/// @param meaning one or two sentences
record Key<T>(
        String path,
        Type<T> type,
        @Nullable String fallback,
        String told,
        boolean necessary,
        String example,
        String meaning) {

    /// Returns a key that always has a value.
    static <T> Key<T> of(
            String path, Type<T> type, String fallback, String example, String meaning) {
        return new Key<>(path, type, fallback, fallback, false, example, meaning);
    }

    /// Returns a key whose default is found at load.
    static <T> Key<T> computed(
            String path, Type<T> type, String told, String example, String meaning) {
        return new Key<>(path, type, null, told, false, example, meaning);
    }

    /// Returns a key that may be without a value.
    static <T> Key<T> optional(String path, Type<T> type, String example, String meaning) {
        return new Key<>(path, type, null, "null", false, example, meaning);
    }

    /// Returns a key that must be given.
    static <T> Key<T> required(String path, Type<T> type, String example, String meaning) {
        return new Key<>(path, type, null, "required", true, example, meaning);
    }

    /// Returns whether null is a value.
    boolean nullable() {
        return fallback == null && !necessary;
    }

    /// Returns the environment variable that sets it.
    String variable() {
        return "POSTERN_" + path.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    /// Returns the environment variable that names a file with its value.
    String fileVariable() {
        return variable() + "_FILE";
    }

    /// Returns whether [#fileVariable()] exists: not for a key that is a path itself.
    @SuppressWarnings("ReferenceEquality") // To compare records takes the start its time.
    boolean hasFileVariable() {
        return type != Types.PATH;
    }

    /// Each row of the table is itself only.
    @Override
    public boolean equals(@Nullable Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return path.hashCode();
    }
}
