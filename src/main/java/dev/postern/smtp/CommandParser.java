package dev.postern.smtp;

import dev.postern.smtp.Command.MailParameters;
import dev.postern.smtp.Command.Malformed.Part;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads a command line (RFC 5321 §4.1), whatever it holds: there is no input that it throws at.
///
/// Lenient where clients in use need it: lower case, blanks after `FROM:` and `TO:` and at the end
/// (old Outlook, hand-written clients), tabs there as well, any EHLO name (Windows and container
/// names have `_`, phones send nothing like a domain), addresses as [PathParser] says.
///
/// *Diagnostics.* What is wrong comes as [Command.Malformed] with its reply. A BDAT line that does
/// not say how many octets follow, and an HTTP request, close the session.
public final class CommandParser {
    private static final int LINE_END_OCTETS = 2;
    private static final char DELETE = 0x7F;
    private static final String NO_ADDRESS = "no address";
    static final String BLANKS = "[ \t]+";
    private static final Set<String> HTTP_METHODS =
            Set.of(
                    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
                    "PRI");
    private static final Set<String> NOT_IMPLEMENTED =
            Set.of("EXPN", "TURN", "ETRN", "ATRN", "SEND", "SOML", "SAML", "LHLO");

    private CommandParser() {}

    /// Reads a line without its CRLF.
    public static Command parse(byte[] octets) {
        byte[] line = withoutBlanksBehind(octets);
        String verb = verb(line);
        boolean auth = verb.equals("AUTH");
        int limitOctets = auth ? SmtpLimits.AUTH_LINE_OCTETS : SmtpLimits.COMMAND_LINE_OCTETS;
        if (octets.length + LINE_END_OCTETS > limitOctets) {
            return new Command.Malformed(tooLong(line));
        }
        if (hasControl(line)) {
            return new Command.Malformed(closingReply(verb).orElse(Replies.badLine()));
        }
        int restOctets = line.length - verb.length();
        String rest = new String(line, verb.length(), restOctets, StandardCharsets.UTF_8);
        return command(verb, rest.trim());
    }

    /// The answer to a line over its limit, by its first octets.
    static Reply tooLong(byte[] start) {
        String verb = verb(start);
        Reply reply = verb.equals("AUTH") ? Replies.authLineTooLong() : Replies.lineTooLong();
        return closingReply(verb).orElse(reply);
    }

    /// White space before the end of a line is to be borne, tabs too (RFC 5321 §4.1.1).
    private static byte[] withoutBlanksBehind(byte[] line) {
        int end = line.length;
        while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t')) {
            end--;
        }
        return Arrays.copyOf(line, end);
    }

    /// What is before the first space, ASCII letters in capitals: one character for each octet.
    private static String verb(byte[] line) {
        StringBuilder verb = new StringBuilder();
        for (int at = 0; at < line.length && line[at] != ' '; at++) {
            char c = (char) (line[at] & 0xFF);
            verb.append(c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c);
        }
        return verb.toString();
    }

    /// The answer to what must end the session, however ill-formed it is. A BDAT that is not
    /// understood has octets behind it that are no commands (RFC 3030 §2). A browser can be made to
    /// send any text to a port on this machine, but only behind an HTTP request line.
    private static Optional<Reply> closingReply(String verb) {
        if (verb.startsWith("BDAT")) {
            return Optional.of(Replies.badChunkSize());
        }
        return HTTP_METHODS.contains(verb) ? Optional.of(Replies.notHttp()) : Optional.empty();
    }

    static boolean isNonAscii(String text) {
        return text.chars().anyMatch(c -> c > DELETE);
    }

    private static boolean hasControl(byte[] line) {
        for (byte octet : line) {
            if ((octet >= 0 && octet < ' ' && octet != '\t') || octet == DELETE) {
                return true;
            }
        }
        return false;
    }

    private static Command command(String verb, String rest) {
        return switch (verb) {
            case "HELO" -> hello(rest, false);
            case "EHLO" -> hello(rest, true);
            case "MAIL" -> mail(rest);
            case "RCPT" -> rcpt(rest);
            case "BDAT" -> bdat(rest);
            case "AUTH" -> auth(rest);
            case "NOOP" -> new Command.Noop();
            case "HELP" -> new Command.Help();
            case "VRFY" -> vrfy(rest);
            case "DATA" -> bare(verb, rest, new Command.Data());
            case "RSET" -> bare(verb, rest, new Command.Rset());
            case "QUIT" -> bare(verb, rest, new Command.Quit());
            case "STARTTLS" -> bare(verb, rest, new Command.StartTls());
            default -> other(verb);
        };
    }

    private static Command other(String verb) {
        Optional<Reply> closing = closingReply(verb);
        if (closing.isPresent()) {
            return new Command.Malformed(closing.get());
        }
        return new Command.Unknown(
                NOT_IMPLEMENTED.contains(verb) ? Replies.notImplemented() : Replies.unrecognised());
    }

    private static Command bare(String verb, String rest, Command command) {
        return rest.isEmpty()
                ? command
                : new Command.Malformed(Replies.badArguments(verb + " takes no arguments"));
    }

    private static Command hello(String rest, boolean extended) {
        if (rest.isEmpty()) {
            return new Command.Malformed(Replies.clientNameMissing());
        }
        String name = Reply.printable(rest);
        return extended ? new Command.Ehlo(name) : new Command.Helo(name);
    }

    private static Command vrfy(String rest) {
        return rest.isEmpty()
                ? new Command.Malformed(Replies.badArguments("VRFY address"))
                : new Command.Vrfy(rest);
    }

    private static Command mail(String rest) {
        if (!startsWith(rest, "FROM:")) {
            return new Command.Malformed(
                    Part.SENDER, Replies.badSyntax("MAIL FROM:<address>"), rest);
        }
        String spoken = rest.substring("FROM:".length()).trim();
        PathParser path = new PathParser(spoken);
        String problem = spoken.isEmpty() ? NO_ADDRESS : path.problem();
        if (problem != null) {
            return new Command.Malformed(
                    Part.SENDER, Replies.badSender("MAIL FROM:<address>: " + problem), spoken);
        }
        MailParametersParser parameters = new MailParametersParser(path.rest());
        Reply refusal = parameters.refusal();
        return refusal == null
                ? new Command.Mail(path.address(), parameters.parameters())
                : new Command.Malformed(Part.SENDER, refusal, spoken);
    }

    private static Command rcpt(String rest) {
        if (!startsWith(rest, "TO:")) {
            return new Command.Malformed(
                    Part.RECIPIENT, Replies.badSyntax("RCPT TO:<address>"), rest);
        }
        String spoken = rest.substring("TO:".length()).trim();
        PathParser path = new PathParser(spoken);
        String problem = path.problem();
        if (problem == null && path.address().isEmpty()) {
            problem = NO_ADDRESS;
        }
        if (problem != null) {
            return new Command.Malformed(
                    Part.RECIPIENT, Replies.badRecipient("RCPT TO:<address>: " + problem), spoken);
        }
        String parameters = path.rest().trim();
        return parameters.isEmpty()
                ? new Command.Rcpt(path.address())
                : new Command.Malformed(
                        Part.RECIPIENT,
                        MailParametersParser.notOffered(parameters.split(BLANKS, 2)[0]),
                        spoken);
    }

    private static boolean startsWith(String text, String prefix) {
        return text.regionMatches(true, 0, prefix, 0, prefix.length());
    }

    private static Command bdat(String rest) {
        String[] arguments = rest.split(" +");
        OptionalLong size = Decimal.parse(arguments[0]);
        boolean last = arguments.length == 2 && arguments[1].equalsIgnoreCase("LAST");
        if (size.isEmpty() || (!last && arguments.length != 1)) {
            return new Command.Malformed(Replies.badChunkSize());
        }
        return new Command.Bdat(size.getAsLong(), last);
    }

    private static Command auth(String rest) {
        String[] arguments = rest.split(BLANKS);
        boolean named = Sasl.isMechanism(arguments[0]);
        if (!named || arguments.length > 2) {
            return new Command.Malformed(Replies.badArguments("AUTH mechanism [initial-response]"));
        }
        String mechanism = arguments[0].toUpperCase(Locale.ROOT);
        return new Command.Auth(mechanism, arguments.length == 2 ? arguments[1] : null);
    }

    /// Reads what follows the path of MAIL.
    static final class MailParametersParser {
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
                case SMTPUTF8 ->
                        value == null ? null : Replies.badArguments("SMTPUTF8 has no value");
                case AUTH -> auth(value);
            };
        }

        /// The answer to a parameter of MAIL or RCPT that is not offered, or is none by its form
        /// (RFC 5321 §4.1.2, esmtp-keyword).
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
            if (value == null
                    || value.length() > SmtpLimits.SIZE_DIGITS
                    || !Decimal.isDecimal(value)) {
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

    /// The `xtext` encoding of parameter values (RFC 3461 §4): `+` and two hexadecimal capitals for
    /// an octet.
    public static final class Xtext {
        private static final HexFormat HEX = HexFormat.of().withUpperCase();
        private static final int HEX_DIGITS = 2;

        private Xtext() {}

        /// The text, its octets taken as UTF-8; empty if it is not xtext.
        public static Optional<String> decode(String xtext) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            for (int i = 0; i < xtext.length(); i++) {
                char c = xtext.charAt(i);
                if (c == '+' && isEscape(xtext, i)) {
                    out.write(HexFormat.fromHexDigits(xtext, i + 1, i + 1 + HEX_DIGITS));
                    i += HEX_DIGITS;
                } else if (isPlain(c)) {
                    out.write(c);
                } else {
                    return Optional.empty();
                }
            }
            return Optional.of(out.toString(StandardCharsets.UTF_8));
        }

        /// The xtext of a text's UTF-8 octets.
        public static String encode(String text) {
            StringBuilder out = new StringBuilder();
            for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
                char c = (char) (octet & 0xff);
                if (isPlain(c)) {
                    out.append(c);
                } else {
                    out.append('+').append(HEX.toHexDigits(octet));
                }
            }
            return out.toString();
        }

        private static boolean isPlain(char c) {
            return c > ' ' && c <= '~' && c != '+' && c != '=';
        }

        private static boolean isEscape(String xtext, int at) {
            return at + HEX_DIGITS < xtext.length()
                    && isCapitalHex(xtext.charAt(at + 1))
                    && isCapitalHex(xtext.charAt(at + HEX_DIGITS));
        }

        private static boolean isCapitalHex(char c) {
            return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
        }
    }

    /// The numbers of the protocol: ASCII digits only, where `Long.parseLong` takes signs and every
    /// script's.
    static final class Decimal {
        private static final int RADIX = 10;

        private Decimal() {}

        static boolean isDecimal(String text) {
            return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
        }

        /// The value of at least one digit; empty for anything else and for more than 2^63-1.
        static OptionalLong parse(String text) {
            if (!isDecimal(text)) {
                return OptionalLong.empty();
            }
            long value = 0;
            for (int i = 0; i < text.length(); i++) {
                int digit = text.charAt(i) - '0';
                if (value > (Long.MAX_VALUE - digit) / RADIX) {
                    return OptionalLong.empty();
                }
                value = value * RADIX + digit;
            }
            return OptionalLong.of(value);
        }
    }
}
