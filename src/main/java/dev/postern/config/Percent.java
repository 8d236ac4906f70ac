package dev.postern.config;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Percent-encoding (RFC 3986 §2.1). A plus sign is a plus sign.
public final class Percent {

    private static final int HEX = 16;
    private static final int ESCAPE_CHARS = 3;

    private Percent() {}

    /// Returns the text behind `encoded`; null when an escape is malformed or its octets are not
    /// UTF-8.
    public static @Nullable String decode(String encoded) {
        if (encoded.indexOf('%') < 0) {
            return encoded;
        }
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        int at = 0;
        while (at < encoded.length()) {
            if (encoded.charAt(at) == '%') {
                int octet = octet(encoded, at);
                if (octet < 0) {
                    return null;
                }
                octets.write(octet);
                at += ESCAPE_CHARS;
            } else {
                int point = encoded.codePointAt(at);
                octets.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
                at += Character.charCount(point);
            }
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(octets.toByteArray()))
                    .toString();
        } catch (CharacterCodingException _) {
            return null;
        }
    }

    private static int octet(String encoded, int at) {
        if (at + ESCAPE_CHARS > encoded.length()) {
            return -1;
        }
        int high = Character.digit(encoded.charAt(at + 1), HEX);
        int low = Character.digit(encoded.charAt(at + 2), HEX);
        return high < 0 || low < 0 ? -1 : high * HEX + low;
    }
}
