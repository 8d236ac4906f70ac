package dev.postern.outcome;

import java.util.Locale;

/// How far an attempt had come when trouble met it: first what all egresses do, then the verbs of a
/// submission, then the steps of a call of an API, each in the order in which they go.
public enum Stage {
    /// Looking up the host's name.
    DNS("looking up its name"),
    /// Opening the TCP connection.
    CONNECT("connecting"),
    /// Asking the proxy for a tunnel.
    PROXY("asking the proxy"),
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
    DOT("after the final dot"),
    /// Signing, or anything else before a request's first octet.
    PREPARE("preparing the request"),
    /// From the request's first octet until right before its last.
    REQUEST("sending the request"),
    /// From the request's last octet on: past the commit point.
    ANSWER("waiting for the answer"),
    /// An API's answer came, in its provider's own form or as a success.
    REPLY("in the answer"),
    /// An answer came in another form: whoever gave it, it was not the API.
    FOREIGN("in an answer that is not the provider's");

    private final String phrase;

    Stage(String phrase) {
        this.phrase = phrase;
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
