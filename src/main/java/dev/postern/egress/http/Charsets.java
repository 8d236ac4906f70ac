package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.internet.MimeUtility;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Locale;
import java.util.Optional;

/// What messages call their charsets, and what they mean by it.
final class Charsets {

    /// What octets are that are no UTF-8 and say nothing of themselves.
    static final Charset WINDOWS = Charset.forName("windows-1252");

    /// No charset has a longer name, with quotes around it.
    private static final int NAME_LIMIT_CHARACTERS = 80;

    private Charsets() {}

    /// Returns the charset of that name; empty when nobody here knows it. Latin-1 is read as
    /// Windows' superset of it and plain GB2312 as GB18030, as every mail reader does.
    static Optional<Charset> named(String name) {
        if (name.length() > NAME_LIMIT_CHARACTERS) {
            return Optional.empty();
        }
        String plain = name.strip().toLowerCase(Locale.ROOT).replaceAll("^[\"']|[\"']$", "");
        try {
            Charset charset =
                    switch (plain) {
                        // Jakarta Mail takes the second for Latin-1.
                        case "", "us-ascii", "ascii" -> US_ASCII;
                        case "iso-8859-1", "latin1", "iso8859-1", "8859-1" -> WINDOWS;
                        case "gb2312", "gbk", "x-gbk" -> Charset.forName("GB18030");
                        case "ks_c_5601-1987", "ks_c_5601" -> Charset.forName("x-windows-949");
                        case "iso-8859-8-i", "iso-8859-8-e" -> Charset.forName("ISO-8859-8");
                        case "utf-7", "unicode-1-1-utf-7" -> new Utf7();
                        case "utf8", "unicode-1-1-utf-8" -> UTF_8;
                        default -> Charset.forName(MimeUtility.javaCharset(plain));
                    };
            return Optional.of(charset);
        } catch (IllegalCharsetNameException | UnsupportedCharsetException _) {
            return Optional.empty();
        }
    }

    /// Returns the text of octets in a named charset, or a guess where nobody knows the name.
    static String decode(byte[] octets, String name) {
        Optional<Charset> charset = named(name).filter(known -> !known.equals(US_ASCII));
        return charset.isPresent() ? new String(octets, charset.get()) : guess(octets);
    }

    /// Returns the text of octets that say nothing of themselves.
    static String guess(byte[] octets) {
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
        } catch (CharacterCodingException _) {
            return new String(octets, WINDOWS);
        }
    }
}
