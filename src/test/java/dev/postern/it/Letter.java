package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/// A message that tests send and recognise: its sender tells which it is, and it has a Date and a
/// Message-ID, so that nothing but a Received field is added on its way.
///
/// @param sender the envelope's sender, different for each message
/// @param content the text of the message, an octet a character
record Letter(String sender, String content) {

    private static final int LINE_OCTETS = 57;

    /// Writes a letter with about so many octets of random text.
    static Letter random(String name, int octets, RandomGenerator random) {
        byte[] noise = new byte[octets * 3 / 4];
        random.nextBytes(noise);
        String lines = Base64.getMimeEncoder(LINE_OCTETS, CRLF).encodeToString(noise);
        return of(name, lines + "\r\n");
    }

    private static final byte[] CRLF = {'\r', '\n'};

    /// Writes a letter with this body, whose lines end in CRLF.
    static Letter of(String name, String body) {
        String sender = name + "@example.org";
        return new Letter(
                sender,
                """
                From: %s\r
                To: user@example.com\r
                Date: Sun, 22 Nov 2026 12:00:00 +0000\r
                Message-ID: <%s>\r
                Subject: %s\r
                \r
                %s\
                """
                        .formatted(sender, sender, name, body));
    }

    byte[] bytes() {
        return content.getBytes(US_ASCII);
    }

    /// Returns the content's SHA-256 in hexadecimal.
    String digest() {
        return HexFormat.of().formatHex(sha256().digest(bytes()));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible);
        }
    }
}
