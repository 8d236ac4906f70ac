package dev.postern.mail;

import java.util.function.UnaryOperator;

/// Makes whole addresses of the bare local parts in the value of a From, To or Cc field, such as
/// cron's `root (Cron Daemon)`: no provider takes them (RFC 5322 §3.4.1). All else stays as it is:
/// names, comments, folding, whole addresses.
public final class BareAddresses {

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
                case '"' -> word(closing('"'));
                case '(' -> copy(AddressList.commentEnd(value, at));
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
        int close = closing('>');
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
        return word.indexOf('@') < 0 && AddressList.isAddress(word);
    }

    private int wordsEnd() {
        int end = at;
        while (end < value.length() && " \t\r\n\"(<,;:".indexOf(value.charAt(end)) < 0) {
            end++;
        }
        return end;
    }

    /// Returns the place after the mark that closes what begins here, or the value's end.
    private int closing(char mark) {
        return Math.min(AddressList.closing(value, at, mark) + 1, value.length());
    }
}
