package dev.postern.outcome;

import java.util.Locale;

/// What kind of trouble makes an egress unavailable: how soon it is worth another look depends on
/// it.
public enum Fault {
    /// Refused, unreachable, reset, no such host.
    NETWORK,
    /// Nothing came in time.
    TIMEOUT,
    /// TLS could not be agreed on or is not offered.
    TLS,
    /// The certificate does not verify (unknown issuer, expired, other name).
    CERTIFICATE,
    /// The server that answers is not the one asked for.
    INTERCEPTION,
    /// The log-in failed or is not offered.
    CREDENTIALS,
    /// The account, its address or its plan may not send.
    ACCOUNT,
    /// A sending limit is used up.
    QUOTA,
    /// The server said that it can't work now (421, 4xx or 5xx before MAIL, HTTP 500 or 503).
    SERVICE;

    /// Returns the word that users see: `credentials`.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
