package dev.postern.smtp;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/// The words of SASL that SMTP uses (RFC 4422, RFC 4954).
public final class Sasl {
    public static final String PLAIN = "PLAIN";
    public static final String LOGIN = "LOGIN";

    /// LOGIN's challenges, as clients compare them (draft-murchison-sasl-login).
    public static final Reply LOGIN_USERNAME = Replies.authChallenge(encode("Username:"));

    public static final Reply LOGIN_PASSWORD = Replies.authChallenge(encode("Password:"));

    /// PLAIN without an initial response: an empty challenge (RFC 4954 §4).
    public static final Reply EMPTY_CHALLENGE = Replies.authChallenge("");

    private static final int BASE64_GROUP = 4;

    private static final Pattern MECHANISM =
            Pattern.compile("[A-Za-z0-9_-]{1," + SmtpLimits.MECHANISM_OCTETS + "}");

    private Sasl() {}

    static boolean isMechanism(String text) {
        return MECHANISM.matcher(text).matches();
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    /// Returns the octets of a response (RFC 4954 §4); empty if it is not base64. Strict: the JDK's
    /// decoder alone would take a response without its padding (RFC 4648 §3.2).
    public static Optional<byte[]> decode(String base64) {
        try {
            return base64.length() % BASE64_GROUP == 0
                    ? Optional.of(Base64.getDecoder().decode(base64))
                    : Optional.empty();
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }

    /// What a client proves itself with.
    ///
    /// Empty names and passwords pass, though RFC 4616 §2 wants an octet: apps whose settings are
    /// left empty send them to a listener that takes any credentials. Whether they are right is for
    /// the listener to say.
    ///
    /// @param authorizationId who to act as; mostly empty
    /// @param username who logs in
    /// @param password secret, left out of `toString`
    public record UserPassword(String authorizationId, String username, String password) {

        /// Reads the message of SASL PLAIN (RFC 4616 §2), `[authzid] NUL authcid NUL passwd`; empty
        /// if it is not that, or not UTF-8.
        public static Optional<UserPassword> parsePlain(byte[] octets) {
            String text;
            try {
                text = UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
            } catch (CharacterCodingException _) {
                return Optional.empty();
            }
            String[] parts = text.split("\0", -1);
            return parts.length == 3
                    ? Optional.of(new UserPassword(parts[0], parts[1], parts[2]))
                    : Optional.empty();
        }

        @Override
        public String toString() {
            return "UserPassword[username=" + username + "]";
        }
    }
}
