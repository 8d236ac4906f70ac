package dev.postern.outcome;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The rows of the trouble table that more than the outcome depends on, by their ids.
public enum Symptom {
    // Noticed by ourselves.
    BROKEN_OFF("broken off: "),
    PASSWORD_UNREADABLE("password unreadable: "),
    INTERCEPTED("intercepted by "),
    TLS_NOT_OFFERED("STARTTLS not offered"),
    EHLO_NEEDED("EHLO refused: "),
    AUTH_NOT_OFFERED("AUTH not offered"),
    AUTH_NO_MECHANISM("AUTH "),

    // The network and TLS.
    CONNECT_REFUSED,
    CONNECT_TIMEOUT,
    CONNECT_NO_NETWORK,
    CONNECT_NO_ROUTE,
    CONNECT_FORBIDDEN,
    GREETING_TIMEOUT,
    GREETING_CLOSED,
    TIMEOUT,
    RESET,
    CLOSED,
    GARBLED,
    TLS_PLAIN,
    TLS_VERSION,
    TLS_TIMEOUT,
    TLS_ENDED,
    TLS_OTHER,
    STARTTLS_REFUSED,
    CA_UNREADABLE,
    CERT_EXPIRED,
    CERT_NAME,
    CERT_NO_SAN,

    // The answers of APIs.
    ANSWER_TIMEOUT,
    ANSWER_NOT_HTTP,
    GATEWAY,
    SUCCESS,

    /// Any other row.
    OTHER;

    private static final Map<String, Symptom> BY_ID =
            Arrays.stream(values()).collect(Collectors.toMap(Symptom::id, Function.identity()));

    private final String words;

    Symptom() {
        this("");
    }

    Symptom(String words) {
        this.words = words;
    }

    static Symptom of(String id) {
        return BY_ID.getOrDefault(id, OTHER);
    }

    /// Returns the id of its row: `connect-refused`.
    String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// Returns what the table knows it by, where we noticed it ourselves; details follow.
    String words() {
        return words;
    }
}
