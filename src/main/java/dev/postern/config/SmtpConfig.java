package dev.postern.config;

import dev.postern.smtp.ContentDecoder.BareNewline;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The listener that apps talk to.
///
/// @param listen where it listens; 127.0.0.1 binds `[::1]` on the same port too where IPv6 loopback
///   exists
/// @param hostname in the banner, the EHLO reply and Received
/// @param maxMessageSizeBytes SIZE (RFC 1870)
/// @param maxRecipients per transaction
/// @param maxConnections at once
/// @param idleTimeout for a command or a piece of data (RFC 5321 §4.5.3.2)
/// @param bareNewline what to do about bare CR and LF in a message
/// @param auth whether AUTH is offered and needed
/// @param users who may log in; empty and optional: any credentials are accepted where both ends
///   are loopback
/// @param authPlaintext whether AUTH before TLS is offered beyond loopback
/// @param allow who may submit without AUTH
/// @param allowIsDefault whether `allow` is the built-in default, which holds for loopback
///   listeners only
/// @param tls the certificate for STARTTLS
public record SmtpConfig(
        HostPort listen,
        String hostname,
        long maxMessageSizeBytes,
        int maxRecipients,
        int maxConnections,
        Duration idleTimeout,
        BareNewline bareNewline,
        Auth auth,
        List<User> users,
        boolean authPlaintext,
        List<Cidr> allow,
        boolean allowIsDefault,
        Tls tls) {

    public SmtpConfig {
        users = List.copyOf(users);
        allow = List.copyOf(allow);
    }

    /// Returns these settings, but those keys as in `other` that change in a running program: who
    /// may submit.
    public SmtpConfig liveKeysOf(SmtpConfig other) {
        return new SmtpConfig(
                listen,
                hostname,
                maxMessageSizeBytes,
                maxRecipients,
                maxConnections,
                idleTimeout,
                bareNewline,
                other.auth,
                other.users,
                other.authPlaintext,
                other.allow,
                other.allowIsDefault,
                tls);
    }

    /// Whether AUTH is offered and needed.
    public enum Auth {
        NONE,
        OPTIONAL,
        REQUIRED
    }

    /// Who may log in.
    public record User(String username, Secret password) {}

    /// The certificate for STARTTLS.
    ///
    /// @param certificate a PEM chain; null: STARTTLS is not offered
    /// @param key its PEM key; null exactly when the certificate is
    /// @param required whether mail is refused before TLS
    public record Tls(@Nullable Path certificate, @Nullable Path key, boolean required) {}
}
