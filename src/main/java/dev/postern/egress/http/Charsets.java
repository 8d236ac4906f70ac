package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.internet.MimeUtility;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.Writer;
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

    private static final char REPLACEMENT = '\uFFFD';
    private static final char LAST_OF_ASCII = 127;
    private static final char ESCAPE = 27;

    private Charsets() {}

    /// Returns the charset of that name; empty when nobody here knows it. Latin-1 is read as
    /// Windows' superset of it and plain GB2312 as GB18030, as every mail reader does.
    static Optional<Charset> named(String name) {
        if (name.length() > NAME_LIMIT_CHARACTERS) {
            return Optional.empty();
        }
        String plain = name.strip().toLowerCase(Locale.ROOT).replaceAll("^[\"']|[\"']$", "");
        // A comment may follow without a blank (RFC 2045 §5.1).
        int comment = plain.indexOf('(');
        plain = comment > 0 ? plain.substring(0, comment).strip() : plain;
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
        return new String(octets, charset.orElseGet(() -> of(octets, WINDOWS)));
    }

    /// Returns the charset of octets that say nothing of themselves: UTF-8 when they are that, also
    /// when they are but for a few.
    ///
    /// @param otherwise what they are if they are none
    static Charset of(byte[] octets, Charset otherwise) {
        if (isStateful(otherwise) && new String(octets, ISO_8859_1).indexOf(ESCAPE) >= 0) {
            return otherwise;
        }
        try {
            return of(() -> new ByteArrayInputStream(octets), otherwise);
        } catch (IOException e) {
            throw new AssertionError("an array can be read", e);
        }
    }

    /// Octets that can be read again.
    @FunctionalInterface
    interface Octets {
        InputStream open() throws IOException;
    }

    /// Returns the charset of octets that say nothing of themselves.
    ///
    /// @param otherwise what they are if they are no UTF-8
    static Charset of(Octets octets, Charset otherwise) throws IOException {
        boolean utf8 =
                otherwise.equals(UTF_8)
                        || isUtf8(octets)
                        // Another charset's octets look like UTF-8 by chance, if a few of them.
                        || (otherwise.equals(WINDOWS) && isMostlyUtf8(octets));
        return utf8 ? UTF_8 : otherwise;
    }

    /// Returns whether all of the octets are UTF-8.
    static boolean isUtf8(Octets octets) throws IOException {
        try (Reader reader = new InputStreamReader(octets.open(), UTF_8.newDecoder())) {
            reader.transferTo(Writer.nullWriter());
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }

    /// Returns whether more characters beyond ASCII are whole than are not.
    private static boolean isMostlyUtf8(Octets octets) throws IOException {
        long balance = 0;
        try (Reader reader = new BufferedReader(new InputStreamReader(octets.open(), UTF_8))) {
            for (int c = reader.read(); c >= 0; c = reader.read()) {
                balance += c == REPLACEMENT ? -1 : c > LAST_OF_ASCII ? 1 : 0;
            }
        }
        return balance > 0;
    }

    /// Returns whether a charset has other characters behind an escape, all of them ASCII octets.
    private static boolean isStateful(Charset charset) {
        return charset.name().startsWith("ISO-2022-");
    }
}
