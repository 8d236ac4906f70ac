package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.Secret;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Takes an egress's secrets out of words that came from outside, in whatever way they repeat them:
/// as they are, escaped for URLs, JSON or HTML, and in base64, also as a part of something longer
/// (`Basic …`). Thread-safe.
final class KeyMask {

    /// AWS tells what it would have signed, the token of a borrowed role and all.
    private static final Pattern BORROWED =
            Pattern.compile(
                    "(security-token[\"']?\\s*[:=]\\s*[\"']?)[^\\s\"'&,;]+",
                    Pattern.CASE_INSENSITIVE);

    /// Less of base64 would be found in any text.
    private static final int BASE64_LEAST_CHARACTERS = 6;

    /// The characters beside it tell of the secret's first and last octets.
    private static final String AROUND = "[\\w+/%=-]{0,8}";

    private static final int SEXTET_BITS = 6;
    private static final int GROUP_OCTETS = 3;

    private final List<Secret> secrets;
    private @Nullable Compiled compiled;

    /// The pattern of secrets as they were; mounted ones may change.
    private record Compiled(List<String> values, Pattern pattern) {}

    KeyMask(List<Secret> secrets) {
        this.secrets = List.copyOf(secrets);
    }

    /// Returns the text without secrets.
    String mask(String text) {
        List<String> values =
                secrets.stream().map(Secret::reveal).filter(value -> !value.isEmpty()).toList();
        String masked = BORROWED.matcher(text).replaceAll("$1" + Secret.MASK);
        return values.isEmpty()
                ? masked
                : pattern(values).matcher(masked).replaceAll(Matcher.quoteReplacement(Secret.MASK));
    }

    private synchronized Pattern pattern(List<String> values) {
        Compiled known = compiled;
        if (known == null || !known.values().equals(values)) {
            String all = values.stream().map(KeyMask::forms).collect(Collectors.joining("|"));
            known = new Compiled(values, Pattern.compile(all));
            compiled = known;
        }
        return known.pattern();
    }

    private static String forms(String value) {
        List<String> forms = new ArrayList<>();
        // Base64 first: what follows must not leave the rest of it behind.
        byte[] octets = value.getBytes(UTF_8);
        for (int before = 0; before < GROUP_OCTETS; before++) {
            String core = base64(octets, before);
            if (core.length() >= BASE64_LEAST_CHARACTERS) {
                forms.add(AROUND + base64Escaped(core) + AROUND);
            }
        }
        forms.add("(?i:" + escaped(value) + ")");
        return String.join("|", forms);
    }

    /// Returns the characters that stand for these octets alone, when so many others of a group
    /// stand before them.
    private static String base64(byte[] octets, int before) {
        byte[] shifted = new byte[before + octets.length];
        System.arraycopy(octets, 0, shifted, before, octets.length);
        String all = Base64.getEncoder().withoutPadding().encodeToString(shifted);
        int from = (before * Byte.SIZE + SEXTET_BITS - 1) / SEXTET_BITS;
        int to = shifted.length * Byte.SIZE / SEXTET_BITS;
        return all.substring(Math.min(from, to), to);
    }

    /// The alphabet for URLs (RFC 4648 §5) has other characters in two places.
    private static String base64Escaped(String core) {
        return escaped(core)
                .replace(escaped("+"), "(?:" + escaped("+") + "|-)")
                .replace(escaped("/"), "(?:" + escaped("/") + "|_)");
    }

    /// Returns an expression for the text with any of its characters escaped.
    private static String escaped(String value) {
        return value.codePoints().mapToObj(KeyMask::escaped).collect(Collectors.joining());
    }

    private static String escaped(int character) {
        String as = Character.toString(character);
        HexFormat percent = HexFormat.of().withPrefix("%(?i:").withSuffix(")");
        return String.format(
                Locale.ROOT,
                "(?:\\\\?%s|%s|\\\\u(?i:%04x)|&#0*%d;|&#x0*(?i:%x);)",
                Pattern.quote(as),
                percent.formatHex(as.getBytes(UTF_8)),
                character,
                character,
                character);
    }
}
