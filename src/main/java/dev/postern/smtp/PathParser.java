package dev.postern.smtp;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads the path of MAIL and RCPT (RFC 5321 §4.1.2) at the start of a text.
///
/// Lenient where senders need it: no brackets (scripts and devices), dots anywhere in a local part
/// (Japanese carriers gave out `a..b.@`), local parts over 64 octets (VERP and SRS addresses; the
/// path's limit holds), `_` in domains (containers' and Windows' host names). The next hop has the
/// last word.
final class PathParser {
    private static final String SPECIALS = "<>()[]\\,;:\"@ ";
    private static final char REPLACEMENT = '\uFFFD';
    private static final int BRACKETS = 2;

    private final String text;
    private int at;
    private String address = "";
    private @Nullable String problem;

    PathParser(String text) {
        this.text = text;
        if (!path()) {
            problem = "malformed address";
        } else if (octets(address) + BRACKETS > Limits.PATH_OCTETS) {
            problem = "path too long";
        }
    }

    /// What is wrong with the path, or null.
    @Nullable String problem() {
        return problem;
    }

    /// The address without brackets and source route; empty for `<>`.
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

    private boolean path() {
        boolean bracketed = take('<');
        if (bracketed && take('>')) {
            return atEnd();
        }
        if (bracketed && peek() == '@' && !sourceRoute()) {
            return false;
        }
        int start = at;
        if (!mailbox()) {
            return false;
        }
        address = text.substring(start, at);
        return (!bracketed || take('>')) && atEnd();
    }

    private boolean atEnd() {
        return at == text.length() || peek() == ' ';
    }

    /// `@a,@b:`, to be ignored (RFC 5321 §4.1.2, appendix C).
    private boolean sourceRoute() {
        do {
            if (!take('@') || !domain()) {
                return false;
            }
        } while (take(','));
        return take(':');
    }

    /// The domain may be missing: `Postmaster` by RFC 5321 §4.1.1.3, `root` by cron's custom.
    private boolean mailbox() {
        boolean local = peek() == '"' ? quotedString() : dotString();
        return local && (!take('@') || domain());
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

    private boolean domain() {
        int start = at;
        if (take('[')) {
            return addressLiteral();
        }
        while (isDomainText(peek())) {
            if (peek() == '.' && (at == start || text.charAt(at - 1) == '.')) {
                return false;
            }
            at++;
        }
        return at > start
                && text.charAt(at - 1) != '.'
                && octets(text.substring(start, at)) <= Limits.DOMAIN_OCTETS;
    }

    private boolean addressLiteral() {
        int start = at;
        while (isText(peek()) && peek() <= '~' && "[]\\ ".indexOf(peek()) < 0) {
            at++;
        }
        return at > start && take(']');
    }

    private static boolean isDomainText(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '_'
                || c == '.'
                || (c > '~' && isText(c));
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
