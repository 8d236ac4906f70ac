package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.io.UnsupportedEncodingException;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Header values between octets, encoded words and text.
final class HeaderText {

    /// An encoded word (RFC 2047 §2), also with blanks in it, which some mailers leave there. Each
    /// piece ends at the next question mark, so nothing is looked at more than a few times.
    private static final Pattern WORD =
            Pattern.compile("=\\?([^?\\s*]++)(?:\\*[^?]*+)?\\?([BbQq])\\?([^?]*+)\\?=");

    /// Jakarta Mail cuts a text in two, and each half again: no way for a long one.
    private static final int LONG_CHARACTERS = 1000;

    /// What an encoded word holds: in base64 with the rest of it no more than 75 characters (RFC
    /// 2047 §2).
    private static final int WORD_LIMIT_BYTES = 45;

    private HeaderText() {}

    /// Returns the text of a raw value: its octets as UTF-8 (RFC 6532 §3) or, where they are none,
    /// as Windows had them, then its encoded words decoded (RFC 2047 §2), also where they are not
    /// set apart or are quoted, as they should not be. Control characters become blanks.
    ///
    /// @param raw an octet a character
    static String decode(String raw) {
        return wordsDecoded(octetsDecoded(raw)).replaceAll("\\p{Cntrl}+", " ").strip();
    }

    /// Returns the text of octets above 127, an octet a character.
    static String octetsDecoded(String raw) {
        return isAscii(raw) ? raw : Charsets.guess(raw.getBytes(ISO_8859_1));
    }

    private static String wordsDecoded(String text) {
        StringBuilder decoded = new StringBuilder();
        // Octets of adjacent words in one charset, since some mailers cut characters in two.
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        String charset = "";
        int end = 0;
        Matcher word = WORD.matcher(text);
        while (word.find()) {
            String between = text.substring(end, word.start());
            boolean adjacent = !charset.isEmpty() && between.isBlank();
            if (!adjacent || !charset.equalsIgnoreCase(word.group(1))) {
                decoded.append(Charsets.decode(octets.toByteArray(), charset));
                octets.reset();
                decoded.append(adjacent ? "" : between);
            }
            charset = word.group(1);
            octets.writeBytes(octets(word.group(2), word.group(3)));
            end = word.end();
        }
        decoded.append(Charsets.decode(octets.toByteArray(), charset));
        return decoded.append(text.substring(end)).toString();
    }

    private static byte[] octets(String encoding, String text) {
        if (encoding.equalsIgnoreCase("B")) {
            String clean = text.replaceAll("[^A-Za-z0-9+/]", "");
            int whole = clean.length() % 4 == 1 ? clean.length() - 1 : clean.length();
            return Base64.getDecoder().decode(clean.substring(0, whole));
        }
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int value = c == '=' && i + 2 < text.length() ? hex(text.substring(i + 1, i + 3)) : -1;
            if (value >= 0) {
                octets.write(value);
                i += 2;
            } else if (c == '_') {
                octets.write(' ');
            } else {
                octets.writeBytes(String.valueOf(c).getBytes(c < 256 ? ISO_8859_1 : UTF_8));
            }
        }
        return octets.toByteArray();
    }

    /// Returns the value of two hexadecimal digits; -1 when they are none.
    static int hex(String digits) {
        int high = Character.digit(digits.charAt(0), 16);
        int low = Character.digit(digits.charAt(1), 16);
        return high < 0 || low < 0 ? -1 : high * 16 + low;
    }

    /// Returns a raw value as ASCII: as it is, or where it has octets above 127 as encoded words.
    static String ascii(String raw) {
        if (isAscii(raw)) {
            return raw.replaceAll("\\p{Cntrl}+", " ");
        }
        if (raw.length() > LONG_CHARACTERS) {
            return encodedWords(decode(raw));
        }
        try {
            return MimeUtility.encodeText(decode(raw), "UTF-8", null).replaceAll("\\s++", " ");
        } catch (UnsupportedEncodingException e) {
            throw new AssertionError("every Java has UTF-8", e);
        }
    }

    private static String encodedWords(String text) {
        StringBuilder words = new StringBuilder();
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); ) {
            int next = text.offsetByCodePoints(i, 1);
            byte[] some = text.substring(i, next).getBytes(UTF_8);
            if (octets.size() + some.length > WORD_LIMIT_BYTES) {
                words.append(encodedWord(octets.toByteArray())).append(' ');
                octets.reset();
            }
            octets.writeBytes(some);
            i = next;
        }
        return words.append(encodedWord(octets.toByteArray())).toString();
    }

    private static String encodedWord(byte[] octets) {
        return "=?UTF-8?B?" + Base64.getEncoder().encodeToString(octets) + "?=";
    }

    /// Returns whether all characters are ASCII.
    static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }
}
