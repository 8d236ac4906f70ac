package dev.postern.smtp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/// The `xtext` encoding of parameter values (RFC 3461 §4): `+` and two hexadecimal capitals for an
/// octet.
public final class Xtext {
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final int HEX_DIGITS = 2;

    private Xtext() {}

    /// The text, its octets taken as UTF-8; empty if it is not xtext.
    public static Optional<String> decode(String xtext) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < xtext.length(); i++) {
            char c = xtext.charAt(i);
            if (c == '+' && isEscape(xtext, i)) {
                out.write(HexFormat.fromHexDigits(xtext, i + 1, i + 1 + HEX_DIGITS));
                i += HEX_DIGITS;
            } else if (isPlain(c)) {
                out.write(c);
            } else {
                return Optional.empty();
            }
        }
        return Optional.of(out.toString(StandardCharsets.UTF_8));
    }

    /// The xtext of a text's UTF-8 octets.
    public static String encode(String text) {
        StringBuilder out = new StringBuilder();
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (octet & 0xff);
            if (isPlain(c)) {
                out.append(c);
            } else {
                out.append('+').append(HEX.toHexDigits(octet));
            }
        }
        return out.toString();
    }

    private static boolean isPlain(char c) {
        return c > ' ' && c <= '~' && c != '+' && c != '=';
    }

    private static boolean isEscape(String xtext, int at) {
        return at + HEX_DIGITS < xtext.length()
                && isCapitalHex(xtext.charAt(at + 1))
                && isCapitalHex(xtext.charAt(at + HEX_DIGITS));
    }

    private static boolean isCapitalHex(char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
    }
}
