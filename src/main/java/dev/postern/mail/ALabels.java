package dev.postern.mail;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Domains beyond ASCII in the form that DNS, APIs and hops without SMTPUTF8 know: as A-labels (RFC
/// 5890 §2.3.2.1).
///
/// The mapping is that of UTS 46, not transitional, made of Java's own tables. `java.net.IDN` is of
/// 2003: it takes `faß.de` for `fass.de`, which is somebody else's, and knows no letter that is
/// younger. Symbols pass, as UTS 46 has it. What registries look at beyond that, the order of
/// scripts (RFC 5893) and what joiners join, is not: such a name is just in no DNS.
///
/// *Limits.* [#DOMAIN_OCTETS] a domain, [#LABEL_OCTETS] a label (RFC 1035 §2.3.4).
public final class ALabels {

    private static final int DOMAIN_OCTETS = 255;
    private static final int LABEL_OCTETS = 63;
    private static final String PREFIX = "xn--";

    /// What ends a label (UTS 46 §2.3).
    private static final String STOPS = ".\u3002\uFF0E\uFF61";

    /// What is no letter, mark, number or symbol, but belongs to a name (RFC 5892 §2.6).
    private static final String PUNCTUATION = "\u00B7\u05F3\u05F4\u0F0B\u200C\u200D\u30FB";

    /// A label. Of ASCII it has only what host names have: a wide `＞` or `＠` has become a plain one
    /// by now, and must end no address.
    private static final Pattern LABEL =
            Pattern.compile(
                    "(?![-\\p{M}])[a-z0-9_\\-"
                            + "[\\p{Ll}\\p{Lu}\\p{Lm}\\p{Lo}\\p{Mn}\\p{Mc}\\p{N}\\p{S}"
                            + PUNCTUATION
                            + "&&[^\\p{ASCII}]]]+(?<!-)");

    /// What is not seen and counts for nothing, beside the variation selectors.
    private static final String INVISIBLE =
            "\u00AD\u034F\u115F\u1160\u17B4\u17B5\u180B\u180C\u180D\u180F\u200B\u2060\u3164"
                    + "\uFEFF\uFFA0";

    /// Small letters that stay, although their capital one folds to another.
    private static final String DEVIATIONS = "ßςı";

    // The numbers of RFC 3492 §5.
    private static final int BASE = 36;
    private static final int T_MIN = 1;
    private static final int T_MAX = 26;
    private static final int SKEW = 38;
    private static final int DAMP = 700;
    private static final int INITIAL_BIAS = 72;
    private static final int INITIAL_N = 128;

    private ALabels() {}

    /// Returns an address with its domain in ASCII; the local part stays. One whose domain is ASCII
    /// stays as it is. Empty where no domain in ASCII can stand for it.
    public static Optional<String> address(String address) {
        int at = address.lastIndexOf('@');
        return at < 0
                ? Optional.of(address)
                : domain(address.substring(at + 1)).map(address.substring(0, at + 1)::concat);
    }

    /// Returns a domain in ASCII. Empty where it has a label that is empty, too long, or of what no
    /// name is made of.
    public static Optional<String> domain(String domain) {
        if (isAscii(domain)) {
            return Optional.of(domain);
        }
        if (domain.length() > DOMAIN_OCTETS) {
            return Optional.empty();
        }
        StringBuilder labels = new StringBuilder();
        for (String label : mapped(domain).split("\\.", -1)) {
            if (!isLabel(label)) {
                return Optional.empty();
            }
            String ascii = isAscii(label) ? label : PREFIX + punycode(label);
            if (ascii.length() > LABEL_OCTETS) {
                return Optional.empty();
            }
            labels.append(labels.isEmpty() ? "" : ".").append(ascii);
        }
        return Optional.of(labels.toString()).filter(it -> it.length() <= DOMAIN_OCTETS);
    }

    /// Returns whether all characters are ASCII.
    public static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < INITIAL_N);
    }

    /// Maps each character, then composes (UTS 46 §4).
    private static String mapped(String domain) {
        StringBuilder mapped = new StringBuilder();
        domain.codePoints().filter(c -> !isInvisible(c)).forEach(c -> mapped.append(mapped(c)));
        return Normalizer.normalize(mapped, Normalizer.Form.NFC);
    }

    private static boolean isInvisible(int c) {
        return INVISIBLE.indexOf(c) >= 0
                || (c >= 0xFE00 && c <= 0xFE0F)
                || (c >= 0xE0100 && c <= 0xE01EF);
    }

    /// Folds width and case. A stop within another character, as in `⒈`, is no stop but a fault.
    private static String mapped(int c) {
        String letter = Character.toString(c);
        if (STOPS.indexOf(c) >= 0) {
            return ".";
        }
        if (DEVIATIONS.indexOf(c) >= 0) {
            return letter;
        }
        String plain = Normalizer.normalize(letter, Normalizer.Form.NFKC).replace('.', ' ');
        String capital = plain.toUpperCase(Locale.ROOT);
        // Their small letters are the younger ones.
        boolean cherokee = Character.UnicodeScript.of(c) == Character.UnicodeScript.CHEROKEE;
        return cherokee ? capital : capital.toLowerCase(Locale.ROOT);
    }

    private static boolean isLabel(String label) {
        boolean reserved = !isAscii(label) && label.startsWith("--", 2);
        return !reserved
                && label.codePointCount(0, label.length()) <= LABEL_OCTETS
                && LABEL.matcher(label).matches();
    }

    /// Encodes a label (RFC 3492 §6.3).
    private static String punycode(String label) {
        int[] points = label.codePoints().toArray();
        StringBuilder code = new StringBuilder();
        label.chars().filter(c -> c < INITIAL_N).forEach(c -> code.append((char) c));
        int basic = code.length();
        int handled = basic;
        if (basic > 0) {
            code.append('-');
        }
        int n = INITIAL_N;
        int delta = 0;
        int bias = INITIAL_BIAS;
        while (handled < points.length) {
            int next = Integer.MAX_VALUE;
            for (int point : points) {
                next = point >= n ? Math.min(next, point) : next;
            }
            delta += (next - n) * (handled + 1);
            n = next;
            for (int point : points) {
                if (point < n) {
                    delta++;
                } else if (point == n) {
                    appendDelta(code, delta, bias);
                    bias = adapted(delta, handled + 1, handled == basic);
                    delta = 0;
                    handled++;
                }
            }
            delta++;
            n++;
        }
        return code.toString();
    }

    private static void appendDelta(StringBuilder code, int delta, int bias) {
        int q = delta;
        int k = BASE;
        int t = threshold(k, bias);
        while (q >= t) {
            code.append(digit(t + (q - t) % (BASE - t)));
            q = (q - t) / (BASE - t);
            k += BASE;
            t = threshold(k, bias);
        }
        code.append(digit(q));
    }

    private static int threshold(int k, int bias) {
        return Math.clamp((long) k - bias, T_MIN, T_MAX);
    }

    private static char digit(int value) {
        return (char) (value < T_MAX ? 'a' + value : '0' + value - T_MAX);
    }

    private static int adapted(int delta, int points, boolean first) {
        int rest = first ? delta / DAMP : delta / 2;
        rest += rest / points;
        int k = 0;
        while (rest > (BASE - T_MIN) * T_MAX / 2) {
            rest /= BASE - T_MIN;
            k += BASE;
        }
        return k + (BASE - T_MIN + 1) * rest / (rest + SKEW);
    }
}
