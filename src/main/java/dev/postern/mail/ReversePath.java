package dev.postern.mail;

/// The sender of an envelope as spoken in MAIL FROM, without angle brackets (RFC 5321 §4.1.1.2).
///
/// @param address `local@domain`, or empty for the null reverse-path `<>` of bounces (RFC 5321
///   §4.5.5)
public record ReversePath(String address) {

    /// The null reverse-path.
    public static final ReversePath NULL = new ReversePath("");

    /// Returns whether this is the null reverse-path.
    public boolean isNull() {
        return address.isEmpty();
    }

    @Override
    public String toString() {
        return address;
    }
}
