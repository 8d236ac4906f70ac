package dev.postern.egress;

import java.util.Locale;

/// How an egress does, as operators see it.
public enum EgressState {
    /// Its breaker is closed and its last probe or message succeeded.
    UP,
    /// Not yet probed, unproven, or about to be tried by one message.
    UNKNOWN,
    /// Its breaker is open: it gets no mail.
    DOWN;

    /// Returns the word that users see: `up`.
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
