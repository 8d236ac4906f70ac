package dev.postern.egress.http;

import dev.postern.mail.ALabels;
import java.util.ArrayList;
import java.util.List;

/// An address in a header field, with the name that is shown for it (RFC 5322 §3.4).
///
/// *Limits.* [Allowance#ADDRESSES_LIMIT] in a field. A value is walked through once.
///
/// @param address `local@domain`, the domain as A-labels where it has any: no API knows another
///   form
/// @param name decoded; empty without one
record Mailbox(String address, String name) {

    Mailbox {
        address = ALabels.address(address).orElse(address);
    }

    private static final String BLANKS = " \t\r\n\f\u000B";

    /// What ends a bare address, beside blanks.
    private static final String SPECIALS = ",;:<>\"()";

    /// What a name may have without quotes, beside letters and digits.
    private static final String ATOM_CHARACTERS = " !#$%&'*+/=?^_`{|}~-";

    /// Returns the mailboxes of a raw field value, groups opened; what can't be understood is
    /// passed over. Comments and blanks may be wherever RFC 5322 §4.4 lets them be.
    ///
    /// @throws BeyondLimit when there are too many
    static List<Mailbox> parse(String raw) throws BeyondLimit {
        Scan scan = new Scan(raw);
        scan.run();
        return scan.found;
    }

    /// Walks through a value, entry by entry.
    private static final class Scan {

        private final String raw;
        private final List<Mailbox> found = new ArrayList<>();

        /// The present entry without its comments and what is in angle brackets.
        private final StringBuilder plain = new StringBuilder();

        private int at;

        /// Where the present entry begins.
        private int start;

        /// What its first comment says; that may be the name.
        private String comment = "";

        /// Whether the entry has had its address.
        private boolean done;

        /// Whether a quoted string has no end: then no later quote begins one.
        private boolean quotesAreOver;

        Scan(String raw) {
            this.raw = raw;
        }

        void run() throws BeyondLimit {
            while (at < raw.length()) {
                char c = raw.charAt(at);
                switch (c) {
                    case '"' -> plain.append(quoted());
                    case '(' -> comment();
                    case '<' -> angled();
                    case ',', ';' -> {
                        end();
                        at++;
                        start = at;
                    }
                    case ':' -> {
                        // What stood before it was the name of a group.
                        at++;
                        begin();
                    }
                    default -> {
                        plain.append(c);
                        at++;
                    }
                }
            }
            end();
        }

        private void begin() {
            start = at;
            plain.setLength(0);
            comment = "";
            done = false;
        }

        /// Ends an entry: what has no angle brackets may be an address itself, or have some in it.
        private void end() throws BeyondLimit {
            if (plain.indexOf("@") >= 0) {
                String all = closedUp(plain.toString());
                if (!done && isPlain(all)) {
                    add(all, comment);
                } else {
                    for (String word : words(plain)) {
                        add(word, "");
                    }
                }
            }
            begin();
        }

        private static List<String> words(CharSequence text) {
            List<String> words = new ArrayList<>();
            StringBuilder word = new StringBuilder();
            for (int i = 0; i <= text.length(); i++) {
                char c = i == text.length() ? ' ' : text.charAt(i);
                if (BLANKS.indexOf(c) < 0 && SPECIALS.indexOf(c) < 0) {
                    word.append(c);
                } else if (!word.isEmpty()) {
                    words.add(word.toString());
                    word.setLength(0);
                }
            }
            return words;
        }

        /// Returns a quoted string with its quotes; a quote alone is none.
        private String quoted() {
            int from = at++;
            if (!quotesAreOver) {
                int end = from + 1;
                while (end < raw.length() && raw.charAt(end) != '"') {
                    end += raw.charAt(end) == '\\' ? 2 : 1;
                }
                if (end < raw.length()) {
                    at = end + 1;
                    return raw.substring(from, at);
                }
                quotesAreOver = true;
            }
            return " ";
        }

        /// Passes over a comment (RFC 5322 §3.2.2); one without an end goes on to the last
        /// character.
        private void comment() {
            int from = at + 1;
            int depth = 0;
            do {
                switch (raw.charAt(at)) {
                    case '\\' -> at++;
                    case '(' -> depth++;
                    case ')' -> depth--;
                    default -> {}
                }
                at++;
            } while (depth > 0 && at < raw.length());
            if (comment.isEmpty() && depth == 0) {
                comment = raw.substring(from, at - 1).strip();
            }
        }

        /// Reads an address in angle brackets. One that has no end before another begins is none.
        private void angled() throws BeyondLimit {
            int opened = at++;
            String noted = comment;
            int comma = -1;
            StringBuilder inside = new StringBuilder();
            while (at < raw.length() && raw.charAt(at) != '>' && raw.charAt(at) != '<') {
                switch (raw.charAt(at)) {
                    case '"' -> inside.append(quoted());
                    case '(' -> comment();
                    default -> {
                        comma = raw.charAt(at) == ',' ? at : comma;
                        inside.append(raw.charAt(at++));
                    }
                }
            }
            if (at >= raw.length() || raw.charAt(at) == '<') {
                giveUp(opened, comma, inside);
                return;
            }
            at++;
            String path = withoutRoute(closedUp(inside.toString()));
            if (!done && isPlain(path)) {
                comment = noted;
                add(path, phrase(opened));
                done = true;
            } else {
                for (String word : words(inside)) {
                    add(word, "");
                }
            }
            plain.setLength(0);
        }

        /// What has no second bracket is text; with a comma in it the entry ends there.
        private void giveUp(int opened, int comma, CharSequence inside) throws BeyondLimit {
            plain.append(' ');
            if (comma < 0) {
                plain.append(inside);
                start = at;
            } else {
                plain.append(raw, opened + 1, comma);
                end();
                start = comma + 1;
                plain.append(raw, start, at);
            }
        }

        /// Returns the name before an address in angle brackets, or what a comment beside it says.
        private String phrase(int opened) {
            if (plain.toString().isBlank()) {
                return commentAfter();
            }
            boolean simple = isPlain(raw.substring(opened + 1, at - 1).strip());
            return (simple && !quotesAreOver ? raw.substring(start, opened) : plain.toString())
                    .strip();
        }

        private String commentAfter() {
            while (at < raw.length() && BLANKS.indexOf(raw.charAt(at)) >= 0) {
                at++;
            }
            if (comment.isEmpty() && at < raw.length() && raw.charAt(at) == '(') {
                comment();
            }
            return comment;
        }

        private static String withoutRoute(String path) {
            return path.startsWith("@") ? path.substring(path.indexOf(':') + 1) : path;
        }

        private void add(String address, String name) throws BeyondLimit {
            String decoded = HeaderText.octetsDecoded(address).strip();
            if (isPlain(decoded)) {
                if (found.size() >= Allowance.ADDRESSES_LIMIT) {
                    throw new BeyondLimit("more than " + Allowance.ADDRESSES_LIMIT + " addresses");
                }
                found.add(new Mailbox(decoded, HeaderText.decode(unquoted(name))));
            }
        }

        /// Returns the text of a name that is one quoted string.
        private static String unquoted(String name) {
            if (name.length() < 2 || !name.startsWith("\"") || !name.endsWith("\"")) {
                return name;
            }
            StringBuilder text = new StringBuilder();
            for (int i = 1; i < name.length() - 1; i++) {
                i += name.charAt(i) == '\\' && i + 1 < name.length() - 1 ? 1 : 0;
                text.append(name.charAt(i));
            }
            return text.toString();
        }
    }

    /// Returns the value without blanks around it and around its dots and `@`.
    private static String closedUp(String value) {
        StringBuilder closed = new StringBuilder();
        boolean blanks = false;
        boolean quoted = false;
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (!quoted && BLANKS.indexOf(c) >= 0) {
                blanks = true;
                continue;
            }
            int last = closed.length() - 1;
            boolean joined = last < 0 || isJoint(c) || isJoint(closed.charAt(last));
            closed.append(blanks && !joined ? " " : "").append(c);
            blanks = false;
            quoted ^= c == '"';
            if (quoted && c == '\\' && i + 1 < value.length()) {
                closed.append(value.charAt(++i));
            }
        }
        return closed.toString();
    }

    private static boolean isJoint(char c) {
        return c == '.' || c == '@';
    }

    /// Returns whether an address is `local@domain`, the local part quoted perhaps.
    private static boolean isPlain(String address) {
        int at = 0;
        if (address.startsWith("\"")) {
            at = 1;
            while (at < address.length() && address.charAt(at) != '"') {
                at += address.charAt(at) == '\\' ? 2 : 1;
            }
            at++;
        } else {
            while (at < address.length() && isOfAddress(address.charAt(at))) {
                at++;
            }
        }
        if (at == 0 || at >= address.length() - 1 || address.charAt(at) != '@') {
            return false;
        }
        return address.chars().skip(at + 1L).allMatch(Mailbox::isOfAddress);
    }

    private static boolean isOfAddress(int c) {
        return c != '@' && BLANKS.indexOf(c) < 0 && SPECIALS.indexOf(c) < 0;
    }

    /// Returns it as APIs take it in one text: `"Doe, Jane" <jane@example.org>`.
    @Override
    public String toString() {
        if (name.isEmpty()) {
            return address;
        }
        String shown =
                name.chars().allMatch(Mailbox::isOfName)
                        ? name
                        : "\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        return shown + " <" + address + ">";
    }

    private static boolean isOfName(int c) {
        boolean alphanumeric =
                (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return alphanumeric || ATOM_CHARACTERS.indexOf(c) >= 0;
    }
}
