package dev.postern.outcome;

import java.util.Locale;

/// The six classes that an attempt can end in, per recipient.
public enum OutcomeClass {
    /// The egress took it.
    ACCEPTED,
    /// Try again later, by the schedule.
    DEFERRED,
    /// This recipient or message can never go.
    REJECTED,
    /// This egress can't take this message; another may.
    UNSUITED,
    /// This egress can't send now; another may, and the message waits if none can.
    UNAVAILABLE,
    /// No answer after the commit point: it may have been taken.
    UNCERTAIN;

    /// Returns the word that users see: `unavailable`.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
