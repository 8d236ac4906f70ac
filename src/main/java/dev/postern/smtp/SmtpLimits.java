package dev.postern.smtp;

/// The size limits that the protocol itself sets, in octets; the operator's limits are
/// configuration.
public final class SmtpLimits {
    /// A command line with its CRLF, before any extension (RFC 5321 §4.5.3.1.4).
    public static final int BASE_COMMAND_LINE_OCTETS = 512;

    /// A command line with its CRLF and all that the offered extensions add: ` SIZE=` 26 octets
    /// (RFC 1870 §3), ` BODY=8BITMIME` 17 (RFC 6152 §2), ` SMTPUTF8` 10 (RFC 6531 §3.1), ` AUTH=`
    /// 500 (RFC 4954 §3). One limit for every verb but AUTH: no harm comes of a long RCPT, and the
    /// path has a limit of its own.
    public static final int COMMAND_LINE_OCTETS = BASE_COMMAND_LINE_OCTETS + 26 + 17 + 10 + 500;

    /// An AUTH command or a line of the exchange that follows, with its CRLF (RFC 4954 §4).
    public static final int AUTH_LINE_OCTETS = 12288;

    /// A reverse-path or forward-path with its angle brackets (RFC 5321 §4.5.3.1.3).
    public static final int PATH_OCTETS = 256;

    /// A domain (RFC 5321 §4.5.3.1.2).
    public static final int DOMAIN_OCTETS = 255;

    /// A reply line with its code and CRLF (RFC 5321 §4.5.3.1.5).
    public static final int REPLY_LINE_OCTETS = 512;

    /// A whole reply of a next hop, as far as it is kept and looked at: eight full lines. Nothing
    /// that servers are known to say is as long.
    public static final int UPSTREAM_REPLY_OCTETS = 8 * REPLY_LINE_OCTETS;

    /// A line of message content with its CRLF (RFC 5321 §4.5.3.1.6); longer ones pass, but are
    /// counted.
    public static final int TEXT_LINE_OCTETS = 1000;

    /// The digits of a SIZE value (RFC 1870 §6).
    public static final int SIZE_DIGITS = 20;

    /// The name of a SASL mechanism (RFC 4422 §3.1).
    public static final int MECHANISM_OCTETS = 20;

    private SmtpLimits() {}
}
