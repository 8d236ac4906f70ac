package dev.postern.smtp;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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

    static final int BASE64_GROUP = 4;

    private static final Pattern MECHANISM =
            Pattern.compile("[A-Za-z0-9_-]{1," + SmtpLimits.MECHANISM_OCTETS + "}");

    private Sasl() {}

    static boolean isMechanism(String text) {
        return MECHANISM.matcher(text).matches();
    }

    private static String encode(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

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
                text =
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(ByteBuffer.wrap(octets))
                                .toString();
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

    /// What a client sends in an AUTH exchange (RFC 4954 §4).
    public sealed interface Response {
        /// The response's octets; they are secret.
        final class Decoded implements Response {
            private final byte[] octets;

            Decoded(byte[] octets) {
                this.octets = octets;
            }

            public byte[] octets() {
                return octets;
            }

            /// The octets as UTF-8: LOGIN's user name or password.
            public String text() {
                return new String(octets, StandardCharsets.UTF_8);
            }

            @Override
            public String toString() {
                return "Decoded[" + octets.length + " octets]";
            }
        }

        /// The client gave up: `*`.
        record Cancelled() implements Response {}

        /// Not base64, or without its padding.
        record NotBase64() implements Response {}

        /// Reads a line, without its CRLF, that answers a challenge.
        static Response parse(byte[] line) {
            String text = new String(line, StandardCharsets.ISO_8859_1).stripTrailing();
            return text.equals("*") ? new Cancelled() : decode(text);
        }

        /// Reads the initial response of an AUTH command, where `=` is a response of no octets.
        static Response parseInitial(String text) {
            return text.equals("=") ? new Decoded(new byte[0]) : decode(text);
        }

        /// Strict: the JDK's decoder alone would take a response without its padding (RFC 4648
        /// §3.2).
        private static Response decode(String text) {
            if (text.length() % Sasl.BASE64_GROUP != 0) {
                return new NotBase64();
            }
            try {
                return new Decoded(Base64.getDecoder().decode(text));
            } catch (IllegalArgumentException _) {
                return new NotBase64();
            }
        }
    }
}
