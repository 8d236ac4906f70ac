package dev.postern.config;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// A submission server.
///
/// @param host its name or address
/// @param port its port; empty: `auto`
/// @param tls how the connection is protected
/// @param tlsName the name that its certificate must be for; null: the host
/// @param username null: no log-in
/// @param password null exactly when the user name is
/// @param ehloName what we call ourselves; null: the machine's name
public record SmtpEgressConfig(
        String host,
        OptionalInt port,
        Tls tls,
        @Nullable String tlsName,
        @Nullable String username,
        @Nullable Secret password,
        @Nullable String ehloName) {

    /// How the connection is protected.
    public enum Tls {
        /// Implicit TLS on 465, 2465 and 8465, STARTTLS elsewhere; without it nothing is sent.
        REQUIRED,
        /// TLS from the first octet, on any port (RFC 8314 §3.3).
        IMPLICIT,
        /// STARTTLS where offered.
        OPTIONAL,
        NONE
    }
}
