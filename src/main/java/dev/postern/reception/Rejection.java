package dev.postern.reception;

import java.util.Locale;

/// Why a client's mail was not taken, as metrics count it.
public enum Rejection {
    /// Who may not submit, or must log in or start TLS first.
    NOT_ALLOWED,
    /// An address that can't be used.
    ADDRESS,
    /// A command that can't be read, or asks for what is not offered: 500, 501, 504 and 555.
    FORM,
    /// Over `smtp.max-message-size`.
    SIZE,
    /// More recipients than one transaction takes.
    RECIPIENTS,
    /// Bare CR or LF under `bare-newline: reject`.
    BARE_NEWLINE,
    /// Too many Received fields.
    LOOP,
    /// The spool is full.
    SPOOL_FULL,
    /// The spool's disk failed, or we did.
    SPOOL_BROKEN,
    /// The program is ending.
    SHUTDOWN,
    /// Too many connections at once.
    CONNECTIONS,
    /// `acknowledge: sent`, and no egress could take it.
    NOT_SENT,
    /// `acknowledge: sent`, and an egress refused it for good.
    REFUSED_UPSTREAM,
    /// The client went away before the end of its message, or was idle for too long.
    BROKEN_OFF;

    /// Returns the word that users see: `spool-full`.
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
