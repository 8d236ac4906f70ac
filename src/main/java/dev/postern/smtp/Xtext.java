package dev.postern.smtp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/// The `xtext` encoding of parameter values (RFC 3461 §4): `+` and two hexadecimal capitals for an
/// octet.
public final class Xtext {
    private static final Pattern FORM = Pattern.compile("(?:[!-*,-<>-~]|\\+[0-9A-F]{2})*");
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final int HEX_DIGITS = 2;

    private Xtext() {}

    /// The text, its octets taken as UTF-8; empty if it is not xtext.
    public static Optional<String> decode(String xtext) {
        if (!FORM.matcher(xtext).matches()) {
            return Optional.empty();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < xtext.length(); i++) {
            char c = xtext.charAt(i);
            if (c == '+') {
                out.write(HexFormat.fromHexDigits(xtext, i + 1, i + 1 + HEX_DIGITS));
                i += HEX_DIGITS;
            } else {
                out.write(c);
            }
        }
        return Optional.of(out.toString(StandardCharsets.UTF_8));
    }

    /// The xtext of a text's UTF-8 octets.
    public static String encode(String text) {
        StringBuilder out = new StringBuilder();
        for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
            if (octet > ' ' && octet <= '~' && octet != '+' && octet != '=') {
                out.append((char) octet);
            } else {
                out.append('+').append(HEX.toHexDigits(octet));
            }
        }
        return out.toString();
    }
}
