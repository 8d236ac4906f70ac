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
/// @param value the word before the first semicolon, in small letters: `text/plain`
/// @param all the parameters' decoded values, by their names in small letters
record Parameters(String value, Map<String, String> all) {

    /// The first word, with a comment before it perhaps (RFC 5322 §3.2.2).
    private static final Pattern WORD =
            Pattern.compile("^\\s*(?:\\([^)]*\\)\\s*)?([^;\\s()\"=]+)(?!\\s*=)");

    /// `name=value`, the value quoted or not; a quoted one may lack its end.
    private static final Pattern PARAMETER =
            Pattern.compile(
                    ";[;\\s]*([^=;\\s\"]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)(?:\"|$)|([^;]*))");

    /// The name of a piece of a value: `filename*0*` (RFC 2231 §3, §4).
    private static final Pattern PIECE = Pattern.compile("([^*]+)(?:\\*(\\d{1,3}))?(\\*)?");

    Parameters {
        all = Map.copyOf(all);
    }

    /// Reads a raw value, an octet a character.
    static Parameters parse(String raw) {
        Matcher first = WORD.matcher(raw);
        String bare = first.find() ? first.group(1).toLowerCase(Locale.ROOT) : "";
        Map<String, Map<Integer, Piece>> pieces = new LinkedHashMap<>();
        // Some leave the first semicolon out.
        Matcher parameter =
                PARAMETER.matcher(";" + raw.substring(bare.isEmpty() ? 0 : first.end()));
        while (parameter.find()) {
            Matcher name = PIECE.matcher(parameter.group(1));
            if (name.matches()) {
                String quoted = parameter.group(2);
                String text =
                        quoted == null
                                ? parameter.group(3).strip()
                                : quoted.replaceAll("\\\\([\"\\\\])", "$1");
                pieces.computeIfAbsent(name.group(1).toLowerCase(Locale.ROOT), _ -> new TreeMap<>())
                        .putIfAbsent(
                                number(name.group(2), name.group(3) != null),
                                new Piece(text, name.group(3) != null));
            }
        }
        Map<String, String> all = new LinkedHashMap<>();
        pieces.forEach((name, parts) -> all.put(name, joined(parts)));
        return new Parameters(bare, all);
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
