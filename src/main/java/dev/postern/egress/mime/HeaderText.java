package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.mail.ALabels;
import jakarta.mail.internet.MimeUtility;
import java.io.ByteArrayOutputStream;
import java.io.UnsupportedEncodingException;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Header values between octets, encoded words and text.
///
/// *Limits.* A value is walked through once.
public final class HeaderText {

    /// Jakarta Mail cuts a text in two, and each half again: no way for a long one.
    private static final int LONG_CHARACTERS = 1000;

    /// What an encoded word holds: in base64 with the rest of it no more than 75 characters (RFC
    /// 2047 §2).
    private static final int WORD_LIMIT_BYTES = 45;

    private HeaderText() {}

    /// Returns the text of a raw value: its encoded words decoded (RFC 2047 §2), also where they
    /// are not set apart or are quoted, as they should not be, and its other octets as UTF-8 (RFC
    /// 6532 §3) or, where they are none, as Windows had them. Control characters become blanks.
    public static String decode(Fields.Raw raw) {
        StringBuilder decoded = new StringBuilder();
        runs(raw.octets()).forEach(run -> decoded.append(run.text()));
        return decoded.toString().replaceAll("\\p{Cntrl}+", " ").strip();
    }

    /// Returns the text of octets above 127.
    static String octetsDecoded(Fields.Raw raw) {
        return Charsets.decode(octets(raw.octets()), "");
    }

    /// Returns the same value with its octets above 127 as UTF-8, but for those in encoded words.
    ///
    /// @param otherwise what they are that are no UTF-8
    static Fields.Raw inUtf8(Fields.Raw raw, Charset otherwise) {
        String value = raw.octets();
        Charset charset = Charsets.of(octets(value), otherwise);
        StringBuilder utf8 = new StringBuilder();
        int end = 0;
        for (Word word : Word.in(value)) {
            utf8.append(inUtf8(value.substring(end, word.start()), charset));
            utf8.append(value, word.start(), word.end());
            end = word.end();
        }
        return new Fields.Raw(utf8.append(inUtf8(value.substring(end), charset)).toString());
    }

    private static String inUtf8(String octets, Charset charset) {
        return new String(new String(octets(octets), charset).getBytes(UTF_8), ISO_8859_1);
    }

    private static byte[] octets(String octets) {
        return octets.getBytes(ISO_8859_1);
    }

    /// Returns whether the text of a raw value can't be told: a charset that nobody here knows, or
    /// octets that it can't have.
    public static boolean isGuessed(Fields.Raw raw) {
        return runs(raw.octets()).stream().anyMatch(Run::isGuessed);
    }

    /// Octets in one charset.
    ///
    /// @param value an octet a character
    /// @param charset its name; none for what is in no encoded word, which is in the other
    private record Run(String value, String charset, Charset plain) {

        String text() {
            return charset.isEmpty()
                    ? new String(octets(value), plain)
                    : Charsets.decode(octets(value), charset);
        }

        boolean isGuessed() {
            return charset.isEmpty()
                    ? plain.equals(UTF_8) && !Charsets.Fit.of(octets(value), plain).isAll()
                    : Charsets.isGuess(octets(value), charset);
        }
    }

    private static List<Run> runs(String value) {
        Charset plain = Charsets.of(octets(value), Charsets.WINDOWS);
        List<Run> runs = new ArrayList<>();
        // Octets of adjacent words in one charset, since some mailers cut characters in two.
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        String charset = "";
        int end = 0;
        for (Word word : Word.in(value)) {
            String between = value.substring(end, word.start());
            boolean adjacent = !charset.isEmpty() && between.isBlank();
            if (!adjacent || !charset.equalsIgnoreCase(word.charset())) {
                runs.add(new Run(octets.toString(ISO_8859_1), charset, plain));
                octets.reset();
                runs.add(new Run(adjacent ? "" : between, "", plain));
            }
            charset = word.charset();
            octets.writeBytes(word.octets());
            end = word.end();
        }
        runs.add(new Run(octets.toString(ISO_8859_1), charset, plain));
        runs.add(new Run(value.substring(end), "", plain));
        return runs;
    }

    /// An encoded word (RFC 2047 §2), also with blanks or question marks in its text, which some
    /// mailers leave there.
    ///
    /// @param start where it begins
    /// @param end behind its last character
    /// @param charset the name of its charset, without a language (RFC 2231 §5)
    /// @param base64 whether its text is in base64 (RFC 2047 §4)
    /// @param text still encoded
    private record Word(int start, int end, String charset, boolean base64, String text) {

        static final String START = "=?";
        private static final String END = "?=";

        /// What stands before its text: a charset, perhaps a language, an encoding.
        private static final Pattern HEAD =
                Pattern.compile("=\\?([^ \t?*]++)(?:\\*[^?]*+)?\\?([BbQq])\\?");

        /// Returns all of a value, in their order.
        static List<Word> in(String value) {
            List<Word> words = new ArrayList<>();
            int at = value.indexOf(START);
            while (at >= 0) {
                Word word = at(value, at);
                if (word != null) {
                    words.add(word);
                }
                at = value.indexOf(START, word == null ? at + START.length() : word.end());
            }
            return words;
        }

        /// Returns the one that begins there; null when none does.
        private static @Nullable Word at(String value, int start) {
            Matcher head = HEAD.matcher(value).region(start, value.length());
            int end = head.lookingAt() ? end(value, head.end()) : -1;
            return end < 0
                    ? null
                    : new Word(
                            start,
                            end + END.length(),
                            head.group(1),
                            head.group(2).equalsIgnoreCase("B"),
                            value.substring(head.end(), end));
        }

        /// Returns where its text ends; negative when another begins before.
        private static int end(String value, int from) {
            for (int i = from; i < value.length(); i++) {
                if (value.startsWith(END, i)) {
                    return i;
                }
                // An equals sign may be its last character.
                if (value.startsWith(START, i) && !value.startsWith(END, i + 1)) {
                    return -1;
                }
            }
            return -1;
        }

        byte[] octets() {
            if (base64) {
                String clean = text.replaceAll("[^A-Za-z0-9+/]", "");
                int whole = clean.length() % 4 == 1 ? clean.length() - 1 : clean.length();
                return Base64.getDecoder().decode(clean.substring(0, whole));
            }
            return HeaderText.octets(unescaped(text.replace('_', ' '), '='));
        }
    }

    /// Returns a text in which an escape with two hexadecimal digits behind it stands for another
    /// character, with that one. An escape without digits is a character like any other.
    static String unescaped(String text, char escape) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            boolean escapes =
                    text.charAt(i) == escape
                            && i + 2 < text.length()
                            && HexFormat.isHexDigit(text.charAt(i + 1))
                            && HexFormat.isHexDigit(text.charAt(i + 2));
            int c = escapes ? HexFormat.fromHexDigits(text, i + 1, i + 3) : text.charAt(i);
            plain.append((char) c);
            i += escapes ? 2 : 0;
        }
        return plain.toString();
    }

    /// Returns a raw value as ASCII: as it is, or where it has octets above 127 as encoded words.
    public static String ascii(Fields.Raw raw) {
        return ALabels.isAscii(raw.octets())
                ? raw.octets().replaceAll("\\p{Cntrl}+", " ")
                : encoded(decode(raw));
    }

    /// Returns a text as ASCII: as encoded words where it is more than that.
    static String encoded(String text) {
        if (ALabels.isAscii(text) || text.length() > LONG_CHARACTERS) {
            return ALabels.isAscii(text) ? text : phrase(text);
        }
        try {
            return MimeUtility.encodeText(text, "UTF-8", null).replaceAll("\\s++", " ");
        } catch (UnsupportedEncodingException e) {
            throw new AssertionError("every Java has UTF-8", e);
        }
    }

    /// Returns a text as a phrase of encoded words. They are in base64, so that nothing of it means
    /// something there (RFC 2047 §5 (3)).
    static String phrase(String text) {
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

    /// Returns a structured value as ASCII: names and comments beyond it as encoded words,
    /// addresses and links as what they are. Empty where one of these can't be said in ASCII.
    public static Optional<String> structured(Fields.Raw raw) {
        return new Structured(inUtf8(raw, Charsets.WINDOWS).octets().replaceAll("\\p{Cntrl}+", " "))
                .ascii();
    }

    /// Walks through a structured value in UTF-8, piece by piece.
    private static final class Structured {

        private static final String DELIMITERS = ",;:()";
        private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*+:");

        private final String value;
        private final StringBuilder ascii = new StringBuilder();

        /// Whether nothing but blanks is behind an encoded word.
        private boolean behindWord;

        private boolean isSaid = true;

        Structured(String value) {
            this.value = value;
        }

        Optional<String> ascii() {
            int end;
            for (int at = 0; at < value.length(); at = end) {
                end = end(at);
                String piece = value.substring(at, end);
                if (ALabels.isAscii(piece)) {
                    ascii.append(piece);
                    behindWord &= piece.isBlank();
                } else if (piece.startsWith("<")) {
                    angled(piece);
                    behindWord = false;
                } else {
                    words(piece);
                }
            }
            return isSaid ? Optional.of(ascii.toString().strip()) : Optional.empty();
        }

        /// Returns where a piece ends: what is in angle brackets or quotes, a delimiter, or words.
        private int end(int from) {
            char first = value.charAt(from);
            int at = from + 1;
            if (DELIMITERS.indexOf(first) >= 0) {
                return at;
            }
            boolean quoted = first == '"';
            while (at < value.length()) {
                char c = value.charAt(at);
                if (quoted && c == '\\') {
                    at++;
                } else if (first == '<' ? c == '>' : quoted && c == '"') {
                    return at + 1;
                } else if (first != '<' && !quoted && (DELIMITERS + "<\"").indexOf(c) >= 0) {
                    return at;
                }
                at++;
            }
            return value.length();
        }

        /// A link beyond ASCII is the same with percent signs (RFC 3987 §3.1), a domain in
        /// A-labels.
        private void angled(String piece) {
            String inside = piece.endsWith(">") ? piece.substring(0, piece.length() - 1) : piece;
            if (SCHEME.matcher(inside).region(1, inside.length()).lookingAt()) {
                inside.chars()
                        .mapToObj(c -> c < 128 ? Character.toString(c) : "%%%02X".formatted(c))
                        .forEach(ascii::append);
            } else {
                address(inside);
            }
            ascii.append('>');
        }

        private void address(String octets) {
            int from = octets.startsWith("<") ? 1 : 0;
            String text = new String(octets(octets.substring(from)), UTF_8);
            String said = Mailbox.inAscii(text.strip());
            isSaid &= ALabels.isAscii(said);
            ascii.append(octets, 0, from).append(said);
        }

        private void words(String piece) {
            boolean quoted = piece.startsWith("\"");
            if (!quoted && piece.indexOf('@') >= 0) {
                address(piece);
                behindWord = false;
                return;
            }
            String plain = quoted ? piece.replaceAll("\\\\(.)|\"", "$1") : piece;
            boolean apart = ascii.isEmpty() || " (".indexOf(ascii.charAt(ascii.length() - 1)) >= 0;
            // Blanks between two encoded words are none (RFC 2047 §6.2).
            String blank = behindWord ? " " : "";
            ascii.append(apart ? "" : " ");
            ascii.append(phrase(blank + decode(new Fields.Raw(plain)))).append(' ');
            behindWord = true;
        }
    }

    /// Returns whether all octets of a raw value are ASCII.
    public static boolean isAscii(Fields.Raw raw) {
        return ALabels.isAscii(raw.octets());
    }
}
