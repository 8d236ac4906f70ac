package dev.postern.mail;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.internet.MimeUtility;
import java.io.UnsupportedEncodingException;

/// The value of a Subject field, decoded to be shown to operators.
final class Subject {

    /// Characters that are kept.
    static final int LIMIT_CHARACTERS = 200;

    private Subject() {}

    /// Returns the text of a raw field value, which begins behind the name, is folded perhaps, and
    /// is cut off perhaps; undecodable parts stay as they are. Control characters become blanks.
    static String decode(byte[] raw) {
        String value = new String(raw, UTF_8);
        String unfolded = value.substring(value.indexOf(':') + 1).replaceAll("\r?\n", "").strip();
        String text = unfolded.contains("=?") ? decodeWords(unfolded) : unfolded;
        String printable = text.replaceAll("\\p{Cntrl}", " ").strip();
        return cut(printable);
    }

    /// Decodes encoded words (RFC 2047 §2).
    private static String decodeWords(String text) {
        try {
            return MimeUtility.decodeText(text);
        } catch (UnsupportedEncodingException e) {
            // A charset that nobody here knows: the raw words still tell more than nothing.
            return text;
        }
    }

    private static String cut(String text) {
        if (text.codePointCount(0, text.length()) <= LIMIT_CHARACTERS) {
            return text;
        }
        return text.substring(0, text.offsetByCodePoints(0, LIMIT_CHARACTERS - 1)) + "…";
    }
}
