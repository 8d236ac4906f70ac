package dev.postern.config;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A value that must never be shown. Its text is fetched at each use, so that a mounted file that
/// changes is noticed without a restart. Two are equal when they were the same as they were loaded.
public final class Secret {

    /// What stands for every secret wherever it would be shown.
    public static final String MASK = "********";

    private final String loaded;
    private final Supplier<String> text;

    private Secret(String loaded, Supplier<String> text) {
        this.loaded = loaded;
        this.text = text;
    }

    /// Returns a secret that never changes.
    public static Secret of(String text) {
        return new Secret(text, () -> text);
    }

    /// Returns a secret that is fetched at each use.
    ///
    /// @param loaded its text now
    public static Secret from(String loaded, Supplier<String> text) {
        return new Secret(loaded, text);
    }

    /// Returns the value, to be used and forgotten.
    public String reveal() {
        return text.get();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Secret secret && loaded.equals(secret.loaded);
    }

    @Override
    public int hashCode() {
        return loaded.hashCode();
    }

    /// Returns the mask, never the value.
    @Override
    public String toString() {
        return MASK;
    }
}
