package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A structured field value such as Content-Type and Content-Disposition: a word and its
/// parameters, as RFC 2231 has them or as mailers really write them.
///
/// *Limits.* [Allowance#PARAMETERS_LIMIT] parameters. The value is walked through once.
///
/// @param value the word before the first semicolon, in small letters: `text/plain`
/// @param all the parameters' decoded values, by their names in small letters
record Parameters(String value, Map<String, String> all) {

    /// The name of a piece of a value: `filename*0*` (RFC 2231 §3, §4).
    private static final Pattern PIECE = Pattern.compile("([^*]++)(?:\\*(\\d{1,3}))?(\\*)?");

    Parameters {
        all = Map.copyOf(all);
    }

    /// Reads a raw value, an octet a character.
    ///
    /// @throws BeyondLimit when it has too many parameters
    static Parameters parse(String raw) throws BeyondLimit {
        Scan scan = new Scan(raw);
        String word = scan.word().toLowerCase(Locale.ROOT);
        Map<String, Map<Integer, Piece>> pieces = new LinkedHashMap<>();
        for (int count = 1; scan.parameter(); count++) {
            if (count > Allowance.PARAMETERS_LIMIT) {
                throw new BeyondLimit(
                        "more than " + Allowance.PARAMETERS_LIMIT + " parameters in a field");
            }
            Matcher name = PIECE.matcher(scan.name);
            if (name.matches()) {
                boolean extended = name.group(3) != null;
                pieces.computeIfAbsent(name.group(1).toLowerCase(Locale.ROOT), _ -> new TreeMap<>())
                        .putIfAbsent(
                                number(name.group(2), extended), new Piece(scan.text, extended));
            }
        }
        Map<String, String> all = new LinkedHashMap<>();
        pieces.forEach((name, parts) -> all.put(name, joined(parts)));
        return new Parameters(word, all);
    }

    /// Walks through a value.
    private static final class Scan {

        private final String raw;
        private int at;

        /// The name and the value of the parameter that was found.
        private String name = "";

        private String text = "";

        Scan(String raw) {
            this.raw = raw;
        }

        private boolean is(String characters) {
            return at < raw.length() && characters.indexOf(raw.charAt(at)) >= 0;
        }

        private boolean isBlank() {
            return is(" \t\r\n\f\u000B");
        }

        private void skipBlanks() {
            while (isBlank()) {
                at++;
            }
        }

        /// Returns the first word, with a comment before it perhaps (RFC 5322 §3.2.2); empty when a
        /// parameter comes at once.
        String word() {
            skipBlanks();
            if (is("(")) {
                int end = raw.indexOf(')', at);
                at = end < 0 ? at : end + 1;
                skipBlanks();
            }
            int from = at;
            while (at < raw.length() && !is(";()\"=") && !isBlank()) {
                at++;
            }
            String word = raw.substring(from, at);
            skipBlanks();
            if (is("=")) {
                at = from;
                return "";
            }
            return word;
        }

        /// Goes to the next `name=value`. Some leave the first semicolon out.
        ///
        /// @return whether there is one
        boolean parameter() {
            while (at < raw.length()) {
                while (is(";") || isBlank()) {
                    at++;
                }
                int from = at;
                while (at < raw.length() && !is("=;\"") && !isBlank()) {
                    at++;
                }
                name = raw.substring(from, at);
                skipBlanks();
                if (!name.isEmpty() && is("=")) {
                    at++;
                    skipBlanks();
                    text = is("\"") ? quoted() : unquoted();
                    return true;
                }
                unquoted();
            }
            return false;
        }

        /// A quoted string may lack its end.
        private String quoted() {
            StringBuilder quoted = new StringBuilder();
            at++;
            while (at < raw.length() && raw.charAt(at) != '"') {
                if (raw.charAt(at) == '\\' && at + 1 < raw.length()) {
                    at++;
                    // Paths of Windows come unescaped.
                    quoted.append(is("\"\\") ? "" : "\\");
                }
                quoted.append(raw.charAt(at++));
            }
            unquoted();
            return quoted.toString();
        }

        /// Goes to the next semicolon, and returns what stands before it.
        private String unquoted() {
            int from = at;
            int end = raw.indexOf(';', at);
            at = end < 0 ? raw.length() : end;
            return raw.substring(from, at).strip();
        }
    }

    /// A plain value beside one by RFC 2231 is for old readers: it comes last and is not used.
    private static int number(@Nullable String digits, boolean extended) {
        if (digits != null) {
            return Integer.parseInt(digits);
        }
        return extended ? 0 : Integer.MAX_VALUE;
    }

    private record Piece(String text, boolean extended) {}

    private static String joined(Map<Integer, Piece> pieces) {
        Piece plain = pieces.get(Integer.MAX_VALUE);
        if (plain != null && pieces.size() == 1) {
            return HeaderText.decode(plain.text());
        }
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        String charset = "";
        boolean encoded = false;
        int wanted = 0;
        for (Map.Entry<Integer, Piece> entry : pieces.entrySet()) {
            if (entry.getKey() != wanted++) {
                break;
            }
            Piece piece = entry.getValue();
            String text = piece.text();
            if (piece.extended() && wanted == 1) {
                String[] parts = text.split("'", 3);
                charset = parts.length == 3 ? parts[0] : "";
                text = parts.length == 3 ? parts[2] : text;
            }
            encoded |= piece.extended();
            octets.writeBytes(piece.extended() ? unescaped(text) : text.getBytes(ISO_8859_1));
        }
        // Some split encoded words over the pieces, which no standard knows.
        return encoded
                ? Charsets.decode(octets.toByteArray(), charset)
                : HeaderText.decode(octets.toString(ISO_8859_1));
    }

    private static byte[] unescaped(String text) {
        ByteArrayOutputStream octets = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); i++) {
            boolean escape = text.charAt(i) == '%' && i + 2 < text.length();
            int value = escape ? HeaderText.hex(text.substring(i + 1, i + 3)) : -1;
            octets.write(value < 0 ? text.charAt(i) : value);
            i += value < 0 ? 0 : 2;
        }
        return octets.toByteArray();
    }

    /// Returns a parameter's value; empty without one.
    String get(String name) {
        return all.getOrDefault(name, "");
    }
}
