package dev.postern.egress.http;

import java.util.Locale;

/// How far a call had come when trouble met it.
enum HttpStage {
    /// Looking up the host's name.
    DNS("looking up its name"),
    /// Opening the TCP connection.
    CONNECT("connecting"),
    /// Asking the proxy for a tunnel.
    PROXY("asking the proxy"),
    TLS("in the TLS handshake"),
    /// Signing, or anything else before the first octet.
    PREPARE("preparing the request"),
    /// From the request's first octet until right before its last.
    REQUEST("sending the request"),
    /// From the request's last octet on: past the commit point.
    ANSWER("waiting for the answer"),
    /// An answer came.
    REPLY("in the answer");

    private final String phrase;

    HttpStage(String phrase) {
        this.phrase = phrase;
    }

    /// Returns the stage as part of a sentence: `sending the request`.
    String phrase() {
        return phrase;
    }

    /// Returns the word of the trouble table: `request`.
    String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
