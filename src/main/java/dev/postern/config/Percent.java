package dev.postern.config;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Percent-encoding (RFC 3986 §2.1). A plus sign is a plus sign.
public final class Percent {

    private static final Pattern MALFORMED = Pattern.compile("%(?![0-9A-Fa-f]{2})");

    private Percent() {}

    /// Returns the text behind `encoded`; null when an escape is malformed or its octets are not
    /// UTF-8.
    public static @Nullable String decode(String encoded) {
        if (encoded.indexOf('%') < 0) {
            return encoded;
        }
        if (MALFORMED.matcher(encoded).find()) {
            return null;
        }
        // A character for each octet: Java's decoder would put up with octets that are not UTF-8.
        String octets = new String(encoded.replace("+", "%2B").getBytes(UTF_8), ISO_8859_1);
        try {
            String decoded = URLDecoder.decode(octets, ISO_8859_1);
            return UTF_8.newDecoder()
                    .decode(ByteBuffer.wrap(decoded.getBytes(ISO_8859_1)))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException _) {
            return null;
        }
    }
}
