package dev.postern.egress.mime;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A structured field value such as Content-Type and Content-Disposition: a word and its
/// parameters, as RFC 2231 has them or as mailers really write them.
///
/// *Limits.* [ReadingBudget#PARAMETERS_LIMIT] parameters. The value is walked through once.
///
/// @param value the word before the first semicolon, in small letters: `text/plain`
/// @param all the parameters' decoded values, by their names in small letters
/// @param guessed the names of those whose text can't be told
record MimeParameters(String value, Map<String, String> all, Set<String> guessed) {

    /// The name of a piece of a value: `filename*0*` (RFC 2231 §3, §4).
    private static final Pattern PIECE = Pattern.compile("([^*]++)(?:\\*(\\d{1,3}))?(\\*)?");

    MimeParameters {
        all = Map.copyOf(all);
        guessed = Set.copyOf(guessed);
    }

    /// A word without any.
    MimeParameters(String value) {
        this(value, Map.of(), Set.of());
    }

    /// Reads a raw value.
    ///
    /// @throws IOException when it has too many parameters
    static MimeParameters parse(Fields.Raw raw) throws IOException {
        Scan scan = new Scan(raw.octets());
        String word = scan.word().toLowerCase(Locale.ROOT);
        Map<String, String> all = new LinkedHashMap<>();
        Set<String> guessed = new HashSet<>();
        pieces(scan)
                .forEach((name, parts) -> {
                    Joined joined = joined(parts);
                    all.put(name, joined.text());
                    if (joined.isGuessed()) {
                        guessed.add(name);
                    }
                });
        return new MimeParameters(word, all, guessed);
    }

    /// Returns the octets of one parameter, not decoded; none without it.
    ///
    /// @throws IOException when there are too many
    static String octets(Fields.Raw raw, String name) throws IOException {
        Scan scan = new Scan(raw.octets());
        scan.word();
        Map<Integer, Piece> parts = pieces(scan).get(name);
        return parts == null ? "" : joined(parts).octets().stripTrailing();
    }

    private static Map<String, Map<Integer, Piece>> pieces(Scan scan) throws IOException {
        Map<String, Map<Integer, Piece>> pieces = new LinkedHashMap<>();
        for (int count = 1; scan.parameter(); count++) {
            ReadingBudget.check(count, ReadingBudget.PARAMETERS_LIMIT, "parameters in a field");
            Matcher name = PIECE.matcher(scan.name);
            if (name.matches()) {
                boolean extended = name.group(3) != null;
                pieces.computeIfAbsent(name.group(1).toLowerCase(Locale.ROOT), _ -> new TreeMap<>())
                        .putIfAbsent(
                                number(name.group(2), extended), new Piece(scan.text, extended));
            }
        }
        return pieces;
    }

    /// Walks through a value.
    private static final class Scan {

        private final String raw;
        private int at;

        /// The name and the value of the parameter that was found.
        private String name = "";

        private String text = "";

        /// Whether a comment has no end: then no later bracket begins one.
        private boolean commentsAreOver;

        Scan(String raw) {
            this.raw = raw;
        }

        private boolean is(String characters) {
            return at < raw.length() && characters.indexOf(raw.charAt(at)) >= 0;
        }

        private boolean isBlank() {
            return is(" \t\r\n\f\u000B");
        }

        /// Passes over blanks and comments (RFC 2045 §5.1, RFC 5322 §3.2.2).
        private void skipBlanks() {
            do {
                while (isBlank()) {
                    at++;
                }
            } while (is("(") && comment());
        }

        /// Passes over a comment; what has no end is none, and then no later one has.
        private boolean comment() {
            int depth = 0;
            for (int i = at; i < raw.length() && !commentsAreOver; i++) {
                switch (raw.charAt(i)) {
                    case '\\' -> i++;
                    case '(' -> depth++;
                    case ')' -> depth--;
                    default -> {}
                }
                if (depth == 0) {
                    at = Math.min(i + 1, raw.length());
                    return true;
                }
            }
            commentsAreOver = true;
            return false;
        }

        /// Returns the first word, such as `text/plain`; empty when a parameter comes at once.
        String word() {
            skipBlanks();
            int from = at;
            StringBuilder word = new StringBuilder(run());
            skipBlanks();
            // Blanks and comments may stand around the slash as well.
            while (is("/") || (!word.isEmpty() && word.charAt(word.length() - 1) == '/')) {
                String more = run();
                if (more.isEmpty()) {
                    break;
                }
                word.append(more);
                skipBlanks();
            }
            if (is("=")) {
                at = from;
                return "";
            }
            return word.toString();
        }

        private String run() {
            int from = at;
            while (at < raw.length() && !is(";()\"=") && !isBlank()) {
                at++;
            }
            return raw.substring(from, at);
        }

        /// Goes to the next `name=value`. Some leave the first semicolon out.
        ///
        /// @return whether there is one
        boolean parameter() {
            while (at < raw.length()) {
                skipBlanks();
                while (is(";")) {
                    at++;
                    skipBlanks();
                }
                name = run();
                skipBlanks();
                if (!name.isEmpty() && is("=")) {
                    at++;
                    while (isBlank()) {
                        at++;
                    }
                    text = value();
                    return true;
                }
                unquoted();
            }
            return false;
        }

        private String value() {
            int from = at;
            skipBlanks();
            if (is("\"")) {
                return quoted();
            }
            at = from;
            return unquoted();
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

        /// Goes to the next semicolon, and returns what stands before it, without comments that are
        /// set apart at its start and its end. Within it, a file's name has such brackets.
        private String unquoted() {
            StringBuilder text = new StringBuilder();
            boolean begun = false;
            boolean apart = true;
            while (at < raw.length() && !is(";")) {
                int from = at;
                if (apart && is("(") && comment()) {
                    skipBlanks();
                    boolean within = begun && at < raw.length() && !is(";");
                    text.append(within ? raw.substring(from, at) : "");
                } else {
                    apart = isBlank();
                    begun |= !apart;
                    text.append(raw.charAt(at++));
                }
            }
            return text.toString().strip();
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

    /// The value of a parameter.
    ///
    /// @param octets an octet a character, percent signs undone
    /// @param charset the name of theirs (RFC 2231 §4); null where nothing is said of it
    private record Joined(String octets, @Nullable String charset) {

        String text() {
            // Some have encoded words here, or split them over the pieces: no standard knows that.
            return charset == null
                    ? HeaderText.decode(new Fields.Raw(octets))
                    : Charsets.decode(octets.getBytes(ISO_8859_1), charset);
        }

        boolean isGuessed() {
            return charset == null
                    ? HeaderText.isGuessed(new Fields.Raw(octets))
                    : Charsets.isGuess(octets.getBytes(ISO_8859_1), charset);
        }
    }

    private static Joined joined(Map<Integer, Piece> pieces) {
        Piece plain = pieces.get(Integer.MAX_VALUE);
        if (plain != null && pieces.size() == 1) {
            return new Joined(plain.text(), null);
        }
        StringBuilder octets = new StringBuilder();
        String charset = null;
        boolean first = true;
        pieces.remove(Integer.MAX_VALUE);
        for (Piece piece : pieces.values()) {
            String text = piece.text();
            if (piece.extended() && charset == null) {
                String[] parts = text.split("'", 3);
                boolean said = first && parts.length == 3;
                charset = said ? parts[0] : "";
                text = said ? parts[2] : text;
            }
            octets.append(piece.extended() ? HeaderText.unescaped(text, '%') : text);
            first = false;
        }
        return new Joined(octets.toString(), charset);
    }

    /// Returns a parameter's value; empty without one.
    String get(String name) {
        return all.getOrDefault(name, "");
    }
}
