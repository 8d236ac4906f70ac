package dev.postern.smtp;

/// What becomes of a CR or LF in message content that is not part of a CRLF (RFC 5321 §2.3.8
/// forbids both; `curl -T`, Vert.x and emailjs send them all the same).
public enum BareNewline {
    /// LF becomes CRLF, CR becomes a space.
    NORMALIZE,
    /// The message is read to its true end and refused.
    REJECT
}
