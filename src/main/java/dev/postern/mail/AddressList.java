package dev.postern.mail;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The addresses in the value of a From, To, Cc or Bcc field (RFC 5322 §3.4), without display
/// names, comments, groups' names and source routes. For mail that brings no envelope.
///
/// Lenient as mailers are: empty entries are skipped, and white space around dots and `@` is
/// dropped, as is a dot behind a domain. A bare local part is an address here (`root`); whether it
/// can be qualified is for others to say.
///
/// *Limits.* An address of more than [#ADDRESS_OCTETS] is none; of what is none the first
/// [#MALFORMED_CHARACTERS] are told.
///
/// @param addresses in their order, each one once
/// @param others the entries that are no address
public record AddressList(List<String> addresses, List<String> others) {

    /// A path less its brackets (RFC 5321 §4.5.3.1.3).
    static final int ADDRESS_OCTETS = 254;

    static final int MALFORMED_CHARACTERS = 100;

    private static final String SPECIALS = "()<>[]:;@\\,\"";

    public AddressList {
        addresses = List.copyOf(addresses);
        others = List.copyOf(others);
    }

    /// Returns the first entry that is no address; null when all are.
    public @Nullable String malformed() {
        return others.isEmpty() ? null : others.getFirst();
    }

    /// Reads a field's value, folded or not.
    public static AddressList parse(String value) {
        Set<String> found = new LinkedHashSet<>();
        Reader reader = new Reader(value.replace("\r\n", "").replace("\n", ""));
        List<String> others = new ArrayList<>();
        for (String written : reader.entries()) {
            String entry = withoutRootDot(written);
            if (isAddress(entry)) {
                found.add(entry);
            } else {
                others.add(written.substring(0, Math.min(written.length(), MALFORMED_CHARACTERS)));
            }
        }
        return new AddressList(List.copyOf(found), others);
    }

    /// Returns whether `text` is `local@domain` or a bare local part.
    public static boolean isAddress(String text) {
        if (text.length() > ADDRESS_OCTETS || text.getBytes(UTF_8).length > ADDRESS_OCTETS) {
            return false;
        }
        int at = atSign(text);
        String local = at < 0 ? text : text.substring(0, at);
        return isLocalPart(local) && (at < 0 || isDomain(text.substring(at + 1)));
    }

    private static int atSign(String text) {
        return text.startsWith("\"") ? text.indexOf('@', closing(text, 0, '"')) : text.indexOf('@');
    }

    /// A dot behind a domain says that it is a whole one, and is none of its own (RFC 1034 §3.1).
    private static String withoutRootDot(String entry) {
        boolean dotted = entry.endsWith(".") && !entry.endsWith("..") && atSign(entry) >= 0;
        return dotted ? entry.substring(0, entry.length() - 1) : entry;
    }

    /// Returns the place of the mark that closes what begins at `opening`, or the end.
    private static int closing(String text, int opening, char mark) {
        int i = opening + 1;
        while (i < text.length() && text.charAt(i) != mark) {
            i += text.charAt(i) == '\\' ? 2 : 1;
        }
        return Math.min(i, text.length());
    }

    /// Returns the place behind the comment that begins at `opening`, or the end.
    private static int commentEnd(String text, int opening) {
        int depth = 0;
        int i = opening;
        do {
            char c = text.charAt(i);
            if (c == '\\') {
                i++;
            } else if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth--;
            }
            i++;
        } while (depth > 0 && i < text.length());
        return Math.min(i, text.length());
    }

    private static boolean isLocalPart(String local) {
        if (local.startsWith("\"")) {
            return local.length() > 1
                    && closing(local, 0, '"') == local.length() - 1
                    && local.chars().noneMatch(Character::isISOControl);
        }
        return !local.isEmpty()
                && local.chars().allMatch(c -> isText(c) && SPECIALS.indexOf(c) < 0);
    }

    private static boolean isDomain(String domain) {
        if (domain.startsWith("[")) {
            return domain.length() > 2
                    && domain.indexOf(']') == domain.length() - 1
                    && domain.chars().allMatch(AddressList::isText);
        }
        return !domain.isEmpty()
                && !domain.startsWith(".")
                && !domain.endsWith(".")
                && !domain.contains("..")
                && domain.chars().allMatch(c -> isText(c) && SPECIALS.indexOf(c) < 0);
    }

    private static boolean isText(int c) {
        return c > ' ' && !Character.isISOControl(c);
    }

    /// Cuts a value into entries: what is in angle brackets if there are any, else all of it, less
    /// comments.
    private static final class Reader {

        private final String value;
        private final List<String> entries = new ArrayList<>();
        private final StringBuilder plain = new StringBuilder();
        private @Nullable String angled;
        private int at;

        Reader(String value) {
            this.value = value;
        }

        List<String> entries() {
            while (at < value.length()) {
                char c = value.charAt(at);
                switch (c) {
                    case '"' -> plain.append(quoted());
                    case '(' -> at = commentEnd(value, at);
                    case '<' -> angled = angle();
                    case '[' -> plain.append(upTo(']'));
                    case ',', ';' -> end();
                    case ':' -> {
                        at++;
                        plain.setLength(0);
                    }
                    default -> {
                        plain.append(c);
                        at++;
                    }
                }
            }
            end();
            return entries;
        }

        private void end() {
            at++;
            String entry = angled != null ? angled : squeezed(plain.toString());
            if (!entry.isEmpty()) {
                entries.add(entry);
            }
            plain.setLength(0);
            angled = null;
        }

        private String quoted() {
            int from = at;
            at = Math.min(closing(value, from, '"') + 1, value.length());
            return value.substring(from, at);
        }

        /// The inside of angle brackets, without a source route (RFC 5322 §4.4).
        private String angle() {
            at++;
            StringBuilder inside = new StringBuilder();
            while (at < value.length() && value.charAt(at) != '>') {
                char c = value.charAt(at);
                if (c == '"') {
                    inside.append(quoted());
                } else if (c == '(') {
                    at = commentEnd(value, at);
                } else {
                    inside.append(c);
                    at++;
                }
            }
            at++;
            String path = squeezed(inside.toString());
            return path.startsWith("@") ? path.substring(path.indexOf(':') + 1) : path;
        }

        private String upTo(char end) {
            int from = at;
            int found = value.indexOf(end, from);
            at = found < 0 ? value.length() : found + 1;
            return value.substring(from, at);
        }

        /// The text without blanks at its ends, nor around dots and at-signs outside quotes.
        private static String squeezed(String text) {
            String bare = text.strip();
            StringBuilder squeezed = new StringBuilder(bare.length());
            boolean afterMark = false;
            int blanks = 0;
            int at = 0;
            while (at < bare.length()) {
                char c = bare.charAt(at);
                if (Character.isWhitespace(c)) {
                    blanks++;
                    at++;
                    continue;
                }
                boolean mark = c == '.' || c == '@';
                if (!mark && !afterMark) {
                    squeezed.append(bare, at - blanks, at);
                }
                int end = c == '"' ? Math.min(closing(bare, at, '"') + 1, bare.length()) : at + 1;
                squeezed.append(bare, at, end);
                afterMark = mark;
                blanks = 0;
                at = end;
            }
            return squeezed.toString();
        }
    }

    /// Makes whole addresses of the bare local parts in the value of a From, To or Cc field, such
    /// as cron's `root (Cron Daemon)`: no provider takes them (RFC 5322 §3.4.1). All else stays as
    /// it is: names, comments, folding, whole addresses.
    public static final class BareAddresses {

        private final String value;
        private final UnaryOperator<String> whole;
        private final StringBuilder out = new StringBuilder();
        private int at;
        private int words;
        private int wordStart;
        private int wordEnd;
        private boolean angled;

        private BareAddresses(String value, UnaryOperator<String> whole) {
            this.value = value;
            this.whole = whole;
        }

        /// Returns the value with whole addresses.
        ///
        /// @param value as it stands in the message, folded or not
        /// @param whole gives the address for a local part
        public static String complete(String value, UnaryOperator<String> whole) {
            return new BareAddresses(value, whole).complete();
        }

        private String complete() {
            while (at < value.length()) {
                char c = value.charAt(at);
                switch (c) {
                    case '"' -> word(behind('"'));
                    case '(' -> copy(commentEnd(value, at));
                    case '<' -> angle();
                    case ',', ';' -> {
                        end();
                        copy(at + 1);
                    }
                    case ':' -> {
                        copy(at + 1);
                        words = 0;
                    }
                    case ' ', '\t', '\r', '\n' -> copy(at + 1);
                    default -> word(wordsEnd());
                }
            }
            end();
            return out.toString();
        }

        private void copy(int end) {
            out.append(value, at, end);
            at = end;
        }

        private void word(int end) {
            // Quoted and plain pieces that touch are one word: "a b"@example.org.
            if (words == 0 || wordEnd != out.length()) {
                words++;
                wordStart = out.length();
            }
            copy(end);
            wordEnd = out.length();
        }

        private void end() {
            if (!angled && words == 1) {
                String word = out.substring(wordStart, wordEnd);
                if (isBare(word)) {
                    out.replace(wordStart, wordEnd, whole.apply(word));
                }
            }
            words = 0;
            angled = false;
        }

        private void angle() {
            int close = behind('>');
            String inside = value.substring(at + 1, Math.max(at + 1, close - 1)).strip();
            boolean closed = value.charAt(close - 1) == '>';
            if (closed && isBare(inside)) {
                out.append('<').append(whole.apply(inside)).append('>');
                at = close;
            } else {
                copy(close);
            }
            angled = true;
        }

        private static boolean isBare(String word) {
            return word.indexOf('@') < 0 && isAddress(word);
        }

        private int wordsEnd() {
            int end = at;
            while (end < value.length() && " \t\r\n\"(<,;:".indexOf(value.charAt(end)) < 0) {
                end++;
            }
            return end;
        }

        /// Returns the place after the mark that closes what begins here, or the value's end.
        private int behind(char mark) {
            return Math.min(closing(value, at, mark) + 1, value.length());
        }
    }
}
