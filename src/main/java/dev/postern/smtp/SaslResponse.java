package dev.postern.smtp;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// What a client sends in an AUTH exchange (RFC 4954 §4).
public sealed interface SaslResponse {
    /// The response's octets; they are secret.
    final class Decoded implements SaslResponse {
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
    record Cancelled() implements SaslResponse {}

    /// Not base64, or without its padding.
    record NotBase64() implements SaslResponse {}

    /// Reads a line, without its CRLF, that answers a challenge.
    static SaslResponse parse(byte[] line) {
        String text = new String(line, StandardCharsets.ISO_8859_1).stripTrailing();
        return text.equals("*") ? new Cancelled() : decode(text);
    }

    /// Reads the initial response of an AUTH command, where `=` is a response of no octets.
    static SaslResponse parseInitial(String text) {
        return text.equals("=") ? new Decoded(new byte[0]) : decode(text);
    }

    /// Strict: the JDK's decoder alone would take a response without its padding (RFC 4648 §3.2).
    private static SaslResponse decode(String text) {
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
