package dev.postern.smtp;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads the path of MAIL and RCPT (RFC 5321 §4.1.2) at the start of a text.
///
/// Lenient where senders need it: no brackets (scripts and devices), blanks inside of them and a
/// dot behind the domain (programs that paste what a user or DNS gave them; Postfix takes both),
/// dots anywhere in a local part (Japanese carriers gave out `a..b.@`), local parts over 64 octets
/// (VERP and SRS addresses; the path's limit holds), `_` in domains (containers' and Windows' host
/// names). The next hop has the last word.
final class PathParser {
    private static final String SPECIALS = "<>()[]\\,;:\"@ \t";
    private static final char REPLACEMENT = '\uFFFD';
    private static final int BRACKETS = 2;
    private static final String NAME_BEFORE = "a name before the address";

    private final String text;
    private int at;
    private String address = "";
    private final @Nullable String problem;

    PathParser(String text) {
        this.text = text;
        String wrong = path();
        boolean tooLong = wrong == null && octets(address) + BRACKETS > SmtpLimits.PATH_OCTETS;
        problem = tooLong ? "path too long" : wrong;
    }

    /// What is wrong with the path, in words that a reply can say; or null.
    @Nullable String problem() {
        return problem;
    }

    /// The address without brackets, source route and a dot behind its domain; empty for `<>`.
    String address() {
        return address;
    }

    /// What follows the path.
    String rest() {
        return text.substring(at);
    }

    private static int octets(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    private @Nullable String path() {
        if (!take('<')) {
            String wrong = mailbox();
            return wrong == null ? behindBare() : wrong;
        }
        blanks();
        if (take('>')) {
            return behind();
        }
        String wrong = peek() == '@' ? sourceRoute() : null;
        wrong = wrong == null ? mailbox() : wrong;
        if (wrong != null) {
            return wrong;
        }
        boolean blanks = blanks();
        return take('>') ? behind() : inBrackets(blanks);
    }

    /// Why there is no closing bracket where there should be one.
    private String inBrackets(boolean blanks) {
        if (at == text.length()) {
            return "no closing bracket";
        }
        if (text.indexOf('<', at) >= 0) {
            return NAME_BEFORE;
        }
        return blanks ? "a blank in the address" : strange();
    }

    private @Nullable String behind() {
        return atEnd() ? null : "text behind the address: a blank is missing";
    }

    /// What looks like a local part alone may be a name: then a bracket begins a word behind it.
    private @Nullable String behindBare() {
        int bracket = address.indexOf('@') < 0 ? text.indexOf('<', at) : -1;
        if (bracket >= 0 && (bracket == at || isBlank(text.charAt(bracket - 1)))) {
            return NAME_BEFORE;
        }
        return atEnd() ? null : strange();
    }

    /// What can't stand here.
    private String strange() {
        char c = peek();
        if (at == text.length() || isBlank(c)) {
            return at == text.length() ? "no address" : "a blank in the address";
        }
        if (c == REPLACEMENT) {
            return "octets that are not UTF-8";
        }
        return c == '@' ? "more than one @" : "'" + c + "' in the address";
    }

    private boolean atEnd() {
        return at == text.length() || isBlank(peek());
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private boolean blanks() {
        int start = at;
        while (isBlank(peek())) {
            at++;
        }
        return at > start;
    }

    /// `@a,@b:`, to be ignored (RFC 5321 §4.1.2, appendix C).
    private @Nullable String sourceRoute() {
        do {
            String wrong = take('@') ? domain() : "a source route that is none";
            if (wrong != null) {
                return wrong;
            }
        } while (take(','));
        if (take(':')) {
            return null;
        }
        return peek() == '>' ? "no local part" : "a source route without its end";
    }

    /// The domain may be missing: `Postmaster` by RFC 5321 §4.1.1.3, `root` by cron's custom.
    private @Nullable String mailbox() {
        if (peek() == '@') {
            return "no local part";
        }
        int start = at;
        if (peek() == '"' && !quotedString()) {
            return "a quoted string without its end";
        }
        if (at == start && !dotString()) {
            return strange();
        }
        address = text.substring(start, at);
        if (!take('@')) {
            return null;
        }
        String wrong = domain();
        int end = text.charAt(at - 1) == '.' ? at - 1 : at;
        address = text.substring(start, end);
        return wrong;
    }

    private boolean dotString() {
        int start = at;
        while (isText(peek()) && SPECIALS.indexOf(peek()) < 0) {
            at++;
        }
        return at > start;
    }

    private boolean quotedString() {
        at++;
        while (isText(peek()) && peek() != '"') {
            if (peek() == '\\') {
                at++;
            }
            if (!isText(peek())) {
                return false;
            }
            at++;
        }
        return take('"');
    }

    private @Nullable String domain() {
        int start = at;
        if (take('[')) {
            return addressLiteral() ? null : "an address literal that is none";
        }
        while (isDomainText(peek())) {
            if (peek() == '.' && (at == start || text.charAt(at - 1) == '.')) {
                return "an empty label in the domain";
            }
            at++;
        }
        if (at == start) {
            return "no domain";
        }
        boolean tooLong = octets(text.substring(start, at)) > SmtpLimits.DOMAIN_OCTETS;
        return tooLong ? "domain too long" : null;
    }

    private boolean addressLiteral() {
        int start = at;
        while (isText(peek()) && peek() <= '~' && "[]\\ ".indexOf(peek()) < 0) {
            at++;
        }
        return at > start && take(']');
    }

    private static boolean isDomainText(char c) {
        return isText(c) && (c > '~' || Character.isLetterOrDigit(c) || "-_.".indexOf(c) >= 0);
    }

    /// Printable, be it non-ASCII; the replacement character stands for octets that were not UTF-8.
    private static boolean isText(char c) {
        return !Character.isISOControl(c) && c != REPLACEMENT;
    }

    private boolean take(char wanted) {
        if (peek() == wanted) {
            at++;
            return true;
        }
        return false;
    }

    /// The next character, NUL at the end: command lines hold none.
    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }
}
