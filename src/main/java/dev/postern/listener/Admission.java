package dev.postern.listener;

import dev.postern.config.SmtpConfig;
import dev.postern.config.SmtpConfig.Auth;
import dev.postern.listener.SessionContext.Link;
import dev.postern.mail.ALabels;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import dev.postern.smtp.Command;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import java.net.InetAddress;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Who may submit mail, and who is offered to log in.
///
/// | smtp.auth | who may submit                                      |
/// |-----------|-----------------------------------------------------|
/// | none      | `allow`                                             |
/// | optional  | `allow`, and who logged in                          |
/// | required  | who logged in                                       |
///
/// `allow` as it is by default holds for a loopback listener only: in a meshed pod traffic of
/// strangers can come from loopback addresses.
///
/// @param loopbackListener whether the listener has loopback addresses only
/// @param tlsOffered whether it has a certificate
record Admission(SmtpConfig config, boolean loopbackListener, boolean tlsOffered) {

    /// Returns the rules of the same listener by another configuration.
    Admission by(SmtpConfig other) {
        return new Admission(other, loopbackListener, tlsOffered);
    }

    /// Returns why a client may not begin this transaction; null when it may.
    Reception.Result.@Nullable Refused refusal(
            Command.Mail mail, Link link, boolean secure, boolean authenticated) {
        Reply reply = refusal(link, secure, authenticated);
        if (reply != null) {
            return new Reception.Result.Refused(reply, Rejection.NOT_ALLOWED);
        }
        OptionalLong size = mail.sizeOctets();
        if (size.isPresent() && size.getAsLong() > config.maxMessageSizeBytes()) {
            // RFC 1870 §6.1.
            return new Reception.Result.Refused(Replies.MESSAGE_TOO_BIG, Rejection.SIZE);
        }
        if (!mail.smtpUtf8() && !ALabels.isAscii(mail.reversePath())) {
            return new Reception.Result.Refused(Replies.NON_ASCII_ADDRESS, Rejection.ADDRESS);
        }
        return null;
    }

    private @Nullable Reply refusal(Link link, boolean secure, boolean authenticated) {
        if (authenticated || (config.auth() != Auth.REQUIRED && isAllowed(link.client()))) {
            return null;
        }
        // RFC 4954 §6. Without a way to log in, asking for it would be no help.
        return authOffered(link, secure) || authAfterTls(link, secure)
                ? Replies.AUTH_REQUIRED
                : Replies.SUBMISSION_REFUSED;
    }

    private boolean isAllowed(InetAddress client) {
        boolean allowHolds = loopbackListener || !config.allowIsDefault();
        return allowHolds && config.allow().stream().anyMatch(block -> block.contains(client));
    }

    /// Returns whether AUTH is offered to this client now: after TLS, and before it on loopback or
    /// by `auth-plaintext` only (RFC 4954 §4: a password is not to be sent in the clear).
    boolean authOffered(Link link, boolean secure) {
        return canLogIn(link)
                && !mustStartTls(secure)
                && (secure || config.authPlaintext() || link.isLoopback());
    }

    /// Returns whether AUTH would be offered once TLS is on.
    boolean authAfterTls(Link link, boolean secure) {
        return !secure && tlsOffered && canLogIn(link);
    }

    private boolean canLogIn(Link link) {
        return switch (config.auth()) {
            case NONE -> false;
            case OPTIONAL -> !config.users().isEmpty() || takesAnyCredentials(link);
            case REQUIRED -> true;
        };
    }

    /// Returns whether any user name and password are right: apps in development have some
    /// configured and can't leave them out.
    boolean takesAnyCredentials(Link link) {
        return config.auth() == Auth.OPTIONAL && config.users().isEmpty() && link.isLoopback();
    }

    /// Returns whether STARTTLS must come before anything else (RFC 3207 §4).
    boolean mustStartTls(boolean secure) {
        return config.tls().required() && !secure;
    }
}
