package dev.postern.smtp;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads what follows the path of MAIL.
final class MailParametersParser {
    private enum Keyword {
        SIZE,
        BODY,
        SMTPUTF8,
        AUTH
    }

    private static final Pattern KEYWORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]*");

    private final Set<Keyword> seen = EnumSet.noneOf(Keyword.class);
    private OptionalLong sizeOctets = OptionalLong.empty();
    private MailParameters.Body body = MailParameters.Body.SEVEN_BIT;
    private @Nullable String auth;
    private @Nullable Reply refusal;

    /// Reads parameters parted by spaces; the first that is wrong settles [#refusal()].
    MailParametersParser(String text) {
        for (String parameter : text.split(CommandParser.BLANKS)) {
            if (refusal == null && !parameter.isEmpty()) {
                refusal = accept(parameter);
            }
        }
    }

    /// The answer to parameters that are wrong, or null.
    @Nullable Reply refusal() {
        return refusal;
    }

    MailParameters parameters() {
        return new MailParameters(sizeOctets, body, seen.contains(Keyword.SMTPUTF8), auth);
    }

    private @Nullable Reply accept(String parameter) {
        int equals = parameter.indexOf('=');
        String name = equals < 0 ? parameter : parameter.substring(0, equals);
        String value = equals < 0 ? null : parameter.substring(equals + 1);
        Keyword keyword = keyword(name);
        if (keyword == null) {
            return notOffered(parameter);
        }
        if (!seen.add(keyword)) {
            return Replies.badArguments(keyword + " is given twice");
        }
        return switch (keyword) {
            case SIZE -> size(value);
            case BODY -> body(value);
            case SMTPUTF8 -> value == null ? null : Replies.badArguments("SMTPUTF8 has no value");
            case AUTH -> auth(value);
        };
    }

    /// The answer to a parameter of MAIL or RCPT that is not offered, or is none by its form (RFC
    /// 5321 §4.1.2, esmtp-keyword).
    static Reply notOffered(String parameter) {
        String name = parameter.split("=", 2)[0];
        return KEYWORD.matcher(name).matches()
                ? Replies.parameterUnknown(name)
                : Replies.badArguments("malformed parameter");
    }

    private static @Nullable Keyword keyword(String name) {
        for (Keyword keyword : Keyword.values()) {
            if (keyword.name().equalsIgnoreCase(name)) {
                return keyword;
            }
        }
        return null;
    }

    /// RFC 1870 §6. Up to 20 digits are right, more than a long holds; such a size is over any
    /// limit.
    private @Nullable Reply size(@Nullable String value) {
        if (value == null || value.length() > Limits.SIZE_DIGITS || !Decimal.isDecimal(value)) {
            return Replies.badArguments("SIZE=number-of-octets");
        }
        sizeOctets = OptionalLong.of(Decimal.parse(value).orElse(Long.MAX_VALUE));
        return null;
    }

    /// RFC 6152 §2. BINARYMIME is not offered (RFC 3030 §3).
    private @Nullable Reply body(@Nullable String value) {
        if (value == null) {
            return Replies.badArguments("BODY=7BIT or BODY=8BITMIME");
        }
        switch (value.toUpperCase(Locale.ROOT)) {
            case "7BIT" -> body = MailParameters.Body.SEVEN_BIT;
            case "8BITMIME" -> body = MailParameters.Body.EIGHT_BIT_MIME;
            case "BINARYMIME" -> {
                return Replies.parameterUnknown("BODY=BINARYMIME");
            }
            default -> {
                return Replies.badArguments("BODY=7BIT or BODY=8BITMIME");
            }
        }
        return null;
    }

    /// RFC 4954 §5.
    private @Nullable Reply auth(@Nullable String value) {
        Optional<String> decoded = value == null ? Optional.empty() : Xtext.decode(value);
        if (decoded.isEmpty() || decoded.get().isEmpty()) {
            return Replies.badArguments("AUTH=<> or AUTH=address in xtext");
        }
        auth = decoded.get().equals("<>") ? "" : decoded.get();
        return null;
    }
}
