package dev.postern.outcome;

import java.util.Locale;

/// How far an attempt had come when trouble met it, in the order in which a submission goes.
public enum Stage {
    /// Looking up the host's name.
    DNS("looking up its name"),
    /// Opening the TCP connection.
    CONNECT("connecting"),
    /// The TLS handshake, implicit or after STARTTLS.
    TLS("in the TLS handshake"),
    GREETING("before its greeting"),
    EHLO("at EHLO"),
    STARTTLS("at STARTTLS"),
    AUTH("at AUTH"),
    MAIL("at MAIL"),
    RCPT("at RCPT"),
    /// From the DATA command until right before the final dot.
    DATA("at DATA"),
    /// From the final dot on: past the commit point.
    DOT("after the final dot");

    private final String phrase;

    Stage(String phrase) {
        this.phrase = phrase;
    }

    /// Returns whether no message is concerned yet: trouble here is the egress's, never the
    /// message's.
    public boolean isBeforeMail() {
        return compareTo(MAIL) < 0;
    }

    /// Returns the stage as part of a sentence: `after the final dot`.
    public String phrase() {
        return phrase;
    }

    /// Returns the word of the trouble table: `mail`.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
