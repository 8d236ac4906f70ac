package dev.postern.config;

import java.util.ArrayList;
import java.util.List;
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
/// @param candidates the ports that `auto` tries, in order; not empty
public record SmtpEgressConfig(
        String host,
        OptionalInt port,
        Tls tls,
        @Nullable String tlsName,
        @Nullable String username,
        @Nullable Secret password,
        @Nullable String ehloName,
        List<SubmissionPort> candidates) {

    public SmtpEgressConfig {
        candidates = List.copyOf(candidates);
    }

    /// Returns the same with a port, and how TLS is spoken there, that `auto` tries before all
    /// others: what an adopted application used until now.
    public SmtpEgressConfig withFirst(SubmissionPort first) {
        List<SubmissionPort> all = new ArrayList<>(candidates);
        all.remove(first);
        all.addFirst(first);
        return new SmtpEgressConfig(host, port, tls, tlsName, username, password, ehloName, all);
    }

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
