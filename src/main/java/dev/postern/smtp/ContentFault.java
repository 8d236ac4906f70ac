package dev.postern.smtp;

/// Why message content that was read to its end must be refused.
public enum ContentFault {
    /// More octets than the listener takes (RFC 1870 §6.3).
    OVER_SIZE,
    /// A bare CR or LF under [BareNewline#REJECT].
    BARE_NEWLINE;

    /// What the client is told.
    public Reply reply() {
        return switch (this) {
            case OVER_SIZE -> Replies.messageTooBig();
            case BARE_NEWLINE -> Replies.bareNewlines();
        };
    }
}
