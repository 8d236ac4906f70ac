package dev.postern.spool;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// The spool can't do what was asked of it.
public final class SpoolException extends IOException {

    private static final long serialVersionUID = 1;

    /// What is the matter, which decides the reply that a client gets.
    public enum Kind {
        /// Too little room: 452 4.3.1.
        FULL,
        /// The disk failed: 451 4.3.0.
        BROKEN,
        /// Shutting down: 421 4.3.2.
        CLOSED,
        /// Another process owns the spool, or it is of a newer version: the program can't start.
        UNUSABLE
    }

    private final Kind kind;

    public SpoolException(Kind kind, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    static SpoolException closed() {
        return new SpoolException(Kind.CLOSED, "the spool is shutting down", null);
    }

    static SpoolException unusable(String words, @Nullable Throwable cause) {
        return new SpoolException(Kind.UNUSABLE, words, cause);
    }

    /// Returns what is the matter.
    public Kind kind() {
        return kind;
    }
}
