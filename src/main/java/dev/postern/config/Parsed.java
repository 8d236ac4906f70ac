package dev.postern.config;

/// The result of reading a text.
sealed interface Parsed<T> {

    /// A value.
    record Good<T>(T value) implements Parsed<T> {}

    /// A text that breaks the rule.
    ///
    /// @param rule what the text would have to be, as in `must be …`
    /// @param remedy what to write instead; empty when the rule says it. Never holds the text
    record Wrong<T>(String rule, String remedy) implements Parsed<T> {}

    static <T> Parsed<T> good(T value) {
        return new Good<>(value);
    }

    static <T> Parsed<T> wrong(String rule) {
        return new Wrong<>(rule, "");
    }

    static <T> Parsed<T> wrong(String rule, String remedy) {
        return new Wrong<>(rule, remedy);
    }
}
