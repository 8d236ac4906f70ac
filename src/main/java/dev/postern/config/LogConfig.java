package dev.postern.config;

/// How to log.
public record LogConfig(Format format, Level level, Addresses addresses) {

    /// The form of a line.
    public enum Format {
        /// Text on a terminal, else JSON.
        AUTO,
        TEXT,
        JSON
    }

    /// The least level that is logged.
    public enum Level {
        ERROR,
        WARN,
        INFO,
        DEBUG,
        TRACE
    }

    /// How mail addresses appear.
    public enum Addresses {
        FULL,
        /// `a***@e***.org`
        MASKED
    }
}
