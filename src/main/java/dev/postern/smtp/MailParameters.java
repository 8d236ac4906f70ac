package dev.postern.smtp;

import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// The parameters of MAIL (RFC 5321 §4.1.1.11).
///
/// @param sizeOctets SIZE: the client's estimate (RFC 1870); `Long.MAX_VALUE` for more than that
/// @param body BODY (RFC 6152)
/// @param smtputf8 whether SMTPUTF8 was said (RFC 6531)
/// @param auth AUTH: who the client says first submitted it, decoded; empty for `<>`; null if not
///   said. It is accepted and means nothing to us (RFC 4954 §5).
public record MailParameters(
        OptionalLong sizeOctets, Body body, boolean smtputf8, @Nullable String auth) {
    /// What the client says of the content's octets.
    public enum Body {
        SEVEN_BIT,
        EIGHT_BIT_MIME
    }

    public static final MailParameters NONE =
            new MailParameters(OptionalLong.empty(), Body.SEVEN_BIT, false, null);
}
