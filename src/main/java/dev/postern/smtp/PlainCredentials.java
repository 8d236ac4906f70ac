package dev.postern.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The message of SASL PLAIN (RFC 4616 §2).
///
/// Empty names and passwords pass, though the RFC wants an octet: apps whose settings are left
/// empty send them to a listener that takes any credentials. Whether they are right is for the
/// listener to say.
///
/// @param authorizationId who to act as; mostly empty
/// @param username who logs in
/// @param password secret, left out of `toString`
public record PlainCredentials(String authorizationId, String username, String password) {
    /// Reads `[authzid] NUL authcid NUL passwd`; empty if it is not that, or not UTF-8.
    public static Optional<PlainCredentials> parse(byte[] octets) {
        String text;
        try {
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
        } catch (CharacterCodingException _) {
            return Optional.empty();
        }
        String[] parts = text.split("\0", -1);
        if (parts.length != 3) {
            return Optional.empty();
        }
        return Optional.of(new PlainCredentials(parts[0], parts[1], parts[2]));
    }

    @Override
    public String toString() {
        return "PlainCredentials[username=" + username + "]";
    }
}
