package dev.postern.config;

import java.util.function.Supplier;

/// A value that must never be shown. Its text is fetched at each use, so that a mounted file that
/// changes is noticed without a restart.
public final class Secret {

    /// What stands for every secret wherever it would be shown.
    public static final String MASK = "********";

    private final Supplier<String> text;

    private Secret(Supplier<String> text) {
        this.text = text;
    }

    /// Returns a secret that never changes.
    public static Secret of(String text) {
        return new Secret(() -> text);
    }

    /// Returns a secret that is fetched at each use.
    public static Secret from(Supplier<String> text) {
        return new Secret(text);
    }

    /// Returns the value, to be used and forgotten.
    public String reveal() {
        return text.get();
    }

    /// Returns the mask, never the value.
    @Override
    public String toString() {
        return MASK;
    }
}
