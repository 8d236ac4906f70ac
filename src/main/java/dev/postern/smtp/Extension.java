package dev.postern.smtp;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// A service extension, by its EHLO keyword (RFC 5321 §4.1.1.1).
public enum Extension {
    /// RFC 2920.
    PIPELINING("PIPELINING"),
    /// RFC 1870; the parameter is the largest message in octets.
    SIZE("SIZE"),
    /// RFC 6152.
    EIGHT_BIT_MIME("8BITMIME"),
    /// RFC 6531.
    SMTPUTF8("SMTPUTF8"),
    /// RFC 3030: BDAT.
    CHUNKING("CHUNKING"),
    /// RFC 2034.
    ENHANCED_STATUS_CODES("ENHANCEDSTATUSCODES"),
    /// RFC 4954; the parameters are the mechanisms.
    AUTH("AUTH"),
    /// RFC 3207.
    STARTTLS("STARTTLS"),
    /// RFC 9422; the parameters are `NAME=VALUE`.
    LIMITS("LIMITS"),
    /// RFC 3461; never offered by us.
    DSN("DSN");

    private final String keyword;

    Extension(String keyword) {
        this.keyword = keyword;
    }

    public String keyword() {
        return keyword;
    }

    /// The line of an EHLO reply that offers this extension.
    public String offer(String... parameters) {
        return parameters.length == 0 ? keyword : keyword + " " + String.join(" ", parameters);
    }

    /// The extension that a line of a server's EHLO reply offers, if it is one of these.
    public static Optional<Extension> offered(String ehloLine) {
        String first = ehloLine.strip().split(" ", 2)[0].toUpperCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(extension -> extension.keyword.equals(first))
                .findFirst();
    }
}
