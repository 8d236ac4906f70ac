package dev.postern.egress.mime;

import dev.postern.mail.ALabels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// An address in a header field, with the name that is shown for it (RFC 5322 §3.4).
///
/// *Limits.* [ReadingBudget#ADDRESSES_LIMIT] in a field. A value is walked through once.
///
/// @param address `local@domain`, the domain as A-labels where it has any: no API knows another
///   form; of those that [Listed] has as others a local part, or nothing
/// @param name decoded; empty without one
public record Mailbox(String address, String name) {

    public Mailbox {
        address = inAscii(address);
    }

    private static final String BLANKS = " \t\r\n\f\u000B";

    /// What ends a bare address, beside blanks.
    private static final String SPECIALS = ",;:<>\"()";

    private static final Pattern BETWEEN_WORDS =
            Pattern.compile("[" + Pattern.quote(BLANKS + SPECIALS) + "]++");

    /// A character of an address that is not quoted.
    private static final String BARE = "[^@" + Pattern.quote(BLANKS + SPECIALS) + "]";

    /// `local@domain`, the local part quoted perhaps.
    private static final Pattern ADDRESS =
            Pattern.compile(
                    "(?s)(?:\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|" + BARE + "++)@" + BARE + "++");

    private static final Pattern BARE_WORD = Pattern.compile(BARE + "*+");

    /// What a name may be without quotes.
    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]*+");

    /// What a field value lists.
    ///
    /// @param mailboxes those with an address, groups opened
    /// @param others what else is there: a local part alone, as in cron's `root (Cron Daemon)`, or
    ///   text that is no address, as the name
    /// @param groups the names of groups (RFC 5322 §3.4)
    public record Listed(List<Mailbox> mailboxes, List<Mailbox> others, List<String> groups) {}

    /// Reads a field value. Comments and blanks may be wherever RFC 5322 §4.4 lets them be.
    ///
    /// @throws IOException when it has too many entries
    public static Listed list(Fields.Raw value) throws IOException {
        Scan scan = new Scan(value);
        scan.run();
        return new Listed(scan.found, scan.others, scan.groups);
    }

    /// Returns who wrote a message: the first with a domain that its From names, else the first
    /// without; null when there is none at all.
    ///
    /// @throws IOException when there are too many
    public static @Nullable Mailbox author(Fields fields) throws IOException {
        Mailbox other = null;
        for (Fields.Raw value : fields.values("From")) {
            Listed listed = list(value);
            if (!listed.mailboxes().isEmpty()) {
                return listed.mailboxes().getFirst();
            }
            if (other == null && !listed.others().isEmpty()) {
                other = listed.others().getFirst();
            }
        }
        return other;
    }

    /// Returns an address as APIs take it: a domain beyond ASCII in its A-labels (RFC 5890
    /// §2.3.2.1), where it has any.
    public static String inAscii(String address) {
        return ALabels.address(address).orElse(address);
    }

    /// Returns whether mail gets to it.
    public boolean hasDomain() {
        return address.indexOf('@') >= 0;
    }

    /// Walks through a value, entry by entry.
    private static final class Scan {

        private final String raw;
        private final List<Mailbox> found = new ArrayList<>();
        private final List<Mailbox> others = new ArrayList<>();
        private final List<String> groups = new ArrayList<>();

        /// The present entry without its comments and what is in angle brackets.
        private final StringBuilder plain = new StringBuilder();

        private int at;

        /// What its first comment says, without escapes; that may be the name.
        private String comment = "";

        /// Whether the entry has had its address.
        private boolean done;

        /// Whether a quoted string has no end: then no later quote begins one.
        private boolean quotesAreOver;

        Scan(Fields.Raw value) {
            this.raw = value.octets();
        }

        void run() throws IOException {
            while (at < raw.length()) {
                char c = raw.charAt(at);
                switch (c) {
                    case '"' -> plain.append(quoted());
                    case '(' -> {
                        comment();
                        plain.append(' ');
                    }
                    case '<' -> angled();
                    case ',', ';' -> {
                        end();
                        at++;
                    }
                    case ':' -> {
                        String group = named(unquoted(plain.toString()));
                        groups.addAll(group.isEmpty() ? List.of() : List.of(group));
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
            plain.setLength(0);
            comment = "";
            done = false;
        }

        /// Ends an entry: what has no angle brackets may be an address itself, or have some in it.
        private void end() throws IOException {
            if (plain.indexOf("@") < 0) {
                endWithoutAddress();
            } else {
                String all = closedUp(plain.toString());
                if (!done && ADDRESS.matcher(all).matches()) {
                    add(all, comment);
                } else {
                    addWords(plain);
                }
            }
            begin();
        }

        /// What has one word only is a local part, any other text a name.
        private void endWithoutAddress() throws IOException {
            String all = plain.toString().strip();
            if (all.isEmpty()) {
                return;
            }
            boolean local = !done && BARE_WORD.matcher(all).matches();
            addOther(local ? all : "", local ? comment : unquoted(all));
        }

        /// Takes the addresses among words; the rest is text.
        private void addWords(CharSequence text) throws IOException {
            StringBuilder rest = new StringBuilder();
            for (String word : BETWEEN_WORDS.split(text)) {
                rest.append(add(word, "") ? "" : word + " ");
            }
            addOther("", rest.toString());
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
            // A backslash at the end escapes nothing.
            at = Math.min(at, raw.length());
            if (comment.isEmpty() && depth == 0) {
                // A backslash escapes the next character (RFC 5322 §3.2.2).
                comment = raw.substring(from, at - 1).replaceAll("(?s)\\\\(.)", "$1").strip();
            }
        }

        /// Reads an address in angle brackets. One that has no end before another begins is none.
        private void angled() throws IOException {
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
            String all = closedUp(inside.toString());
            String path = all.startsWith("@") ? all.substring(all.indexOf(':') + 1) : all;
            if (!done && ADDRESS.matcher(path).matches()) {
                comment = noted;
                add(path, phrase());
                done = true;
            } else if (!done && BARE_WORD.matcher(path).matches()) {
                comment = noted;
                addOther(path, phrase());
            } else {
                addWords(plain.append(' ').append(inside));
            }
            plain.setLength(0);
        }

        /// What has no second bracket is text; with a comma in it the entry ends there.
        private void giveUp(int opened, int comma, CharSequence inside) throws IOException {
            plain.append(' ');
            if (comma < 0) {
                plain.append(inside);
            } else {
                plain.append(raw, opened + 1, comma);
                end();
                plain.append(raw, comma + 1, at);
            }
        }

        /// Returns the name before an address in angle brackets, or what a comment beside it says.
        private String phrase() {
            return plain.toString().isBlank() ? commentAfter() : unquoted(plain.toString());
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

        /// @return whether that is an address
        private boolean add(String address, String name) throws IOException {
            String decoded = HeaderText.octetsDecoded(new Fields.Raw(address)).strip();
            return ADDRESS.matcher(decoded).matches()
                    && found.add(new Mailbox(decoded, named(name)));
        }

        private void addOther(String address, String name) throws IOException {
            if ((address + name).chars().noneMatch(Character::isLetterOrDigit)) {
                return;
            }
            String decoded = HeaderText.octetsDecoded(new Fields.Raw(address));
            others.add(new Mailbox(decoded, named(name)));
        }

        private String named(String name) throws IOException {
            int entries = found.size() + others.size() + groups.size();
            ReadingBudget.check(entries + 1, ReadingBudget.ADDRESSES_LIMIT, "addresses");
            return HeaderText.decode(new Fields.Raw(name));
        }

        /// Returns what a phrase says: the words of its quoted strings, one blank for several
        /// outside them (RFC 5322 §3.2.5).
        private static String unquoted(String phrase) {
            StringBuilder text = new StringBuilder();
            boolean quoted = false;
            boolean blank = false;
            for (int i = 0; i < phrase.length(); i++) {
                char c = phrase.charAt(i);
                if (!quoted && BLANKS.indexOf(c) >= 0) {
                    blank = true;
                    continue;
                }
                text.append(blank ? " " : "");
                blank = false;
                if (c == '"') {
                    quoted = !quoted;
                } else {
                    i += quoted && c == '\\' && i + 1 < phrase.length() ? 1 : 0;
                    text.append(phrase.charAt(i));
                }
            }
            return text.toString().strip();
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

    /// Returns it as APIs take it in one text: `"Doe, Jane" <jane@example.org>`.
    @Override
    public String toString() {
        if (name.isEmpty()) {
            return address;
        }
        String shown =
                PLAIN_NAME.matcher(name).matches()
                        ? name
                        : "\"" + name.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
        return address.isEmpty() ? shown : shown + " <" + address + ">";
    }

    /// Returns it as it stands in a header field: the name in encoded words where it needs them.
    public String inHeader() {
        return ALabels.isAscii(name) ? toString() : HeaderText.phrase(name) + " <" + address + ">";
    }
}
