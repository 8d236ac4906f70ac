package dev.postern.mail;

/// A recipient of an envelope as spoken in RCPT TO, without angle brackets and source route (RFC
/// 5321 §4.1.1.3).
///
/// @param address `local@domain`, never empty
public record ForwardPath(String address) {

    public ForwardPath {
        if (address.isEmpty()) {
            throw new IllegalArgumentException("a forward-path must not be empty");
        }
    }

    @Override
    public String toString() {
        return address;
    }
}
