package dev.postern.mail;

import java.util.Locale;

/// Why a recipient waits.
public enum Reason {
    /// Held by an operator; only a release frees it.
    OPERATOR,
    /// Held because no egress is configured; leaves by itself once there is one.
    NO_EGRESS,
    /// Deferred: every usable egress was unavailable.
    EGRESS_DOWN,
    /// Deferred by a reply to this recipient or message.
    RECIPIENT,
    /// Deferred: no egress may send for this sender.
    UNSUITED,
    /// Deferred by a rate or a quota.
    LIMITED,
    /// Deferred: the last attempt ended without an answer and waits to be repeated.
    UNCERTAIN,
    /// Held because the program ended while it was prepared, again and again; only an operator's
    /// release or retry frees it, for one more attempt.
    SUSPECTED;

    /// Returns the word that users see: `egress-down`.
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
