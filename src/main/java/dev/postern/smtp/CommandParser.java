package dev.postern.smtp;

import dev.postern.smtp.Command.Malformed.Part;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
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
    private static final String BLANKS = "[ \t]+";
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");
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
            return new Command.Malformed(closingReply(verb).orElse(Replies.BAD_LINE));
        }
        int restOctets = line.length - verb.length();
        String rest = new String(line, verb.length(), restOctets, StandardCharsets.UTF_8);
        return command(verb, rest.trim());
    }

    /// The answer to a line over its limit, by its first octets.
    static Reply tooLong(byte[] start) {
        String verb = verb(start);
        Reply reply = verb.equals("AUTH") ? Replies.AUTH_LINE_TOO_LONG : Replies.LINE_TOO_LONG;
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
            return Optional.of(Replies.BAD_CHUNK_SIZE);
        }
        return HTTP_METHODS.contains(verb) ? Optional.of(Replies.NOT_HTTP) : Optional.empty();
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
            case "MAIL" -> envelope(Part.SENDER, "FROM:", rest);
            case "RCPT" -> envelope(Part.RECIPIENT, "TO:", rest);
            case "BDAT" -> bdat(rest);
            case "AUTH" -> auth(rest);
            case "NOOP" -> new Command.Noop();
            case "HELP" -> new Command.Help();
            case "VRFY" ->
                    rest.isEmpty()
                            ? new Command.Malformed(Replies.badArguments("VRFY address"))
                            : new Command.Vrfy();
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
                NOT_IMPLEMENTED.contains(verb) ? Replies.NOT_IMPLEMENTED : Replies.UNRECOGNISED);
    }

    private static Command bare(String verb, String rest, Command command) {
        return rest.isEmpty()
                ? command
                : new Command.Malformed(Replies.badArguments(verb + " takes no arguments"));
    }

    private static Command hello(String rest, boolean extended) {
        if (rest.isEmpty()) {
            return new Command.Malformed(Replies.CLIENT_NAME_MISSING);
        }
        String name = Reply.printable(rest);
        return extended ? new Command.Ehlo(name) : new Command.Helo(name);
    }

    /// MAIL or RCPT, which have an address in common.
    private static Command envelope(Part part, String prefix, String rest) {
        boolean sender = part == Part.SENDER;
        String form = (sender ? "MAIL " : "RCPT ") + prefix + "<address>";
        if (!rest.regionMatches(true, 0, prefix, 0, prefix.length())) {
            return new Command.Malformed(part, Replies.badSyntax(form), rest);
        }
        String spoken = rest.substring(prefix.length()).trim();
        PathParser path = new PathParser(spoken);
        String problem = path.problem();
        if (problem == null && !sender && path.address().isEmpty()) {
            problem = "no address";
        }
        if (problem != null) {
            String text = form + ": " + problem;
            Reply reply = sender ? Replies.badSender(text) : Replies.badRecipient(text);
            return new Command.Malformed(part, reply, spoken);
        }
        return sender ? mail(path, spoken) : rcpt(path, spoken);
    }

    private static Command mail(PathParser path, String spoken) {
        MailParametersParser parameters = new MailParametersParser(path.rest());
        if (parameters.refusal != null) {
            return new Command.Malformed(Part.SENDER, parameters.refusal, spoken);
        }
        boolean smtpUtf8 = parameters.seen.contains(MailParametersParser.Keyword.SMTPUTF8);
        return new Command.Mail(path.address(), parameters.sizeOctets, smtpUtf8);
    }

    private static Command rcpt(PathParser path, String spoken) {
        String parameters = path.rest().trim();
        if (parameters.isEmpty()) {
            return new Command.Rcpt(path.address());
        }
        Reply refusal = MailParametersParser.notOffered(parameters.split(BLANKS, 2)[0]);
        return new Command.Malformed(Part.RECIPIENT, refusal, spoken);
    }

    private static Command bdat(String rest) {
        String[] arguments = rest.split(" +");
        OptionalLong size = decimal(arguments[0]);
        boolean last = arguments.length == 2 && arguments[1].equalsIgnoreCase("LAST");
        if (size.isEmpty() || (!last && arguments.length != 1)) {
            return new Command.Malformed(Replies.BAD_CHUNK_SIZE);
        }
        return new Command.Bdat(size.getAsLong(), last);
    }

    private static Command auth(String rest) {
        String[] arguments = rest.split(BLANKS);
        if (!Sasl.isMechanism(arguments[0]) || arguments.length > 2) {
            return new Command.Malformed(Replies.badArguments("AUTH mechanism [initial-response]"));
        }
        String mechanism = arguments[0].toUpperCase(Locale.ROOT);
        return new Command.Auth(mechanism, arguments.length == 2 ? arguments[1] : null);
    }

    /// The value of ASCII digits, where `Long.parseLong` takes signs and every script's; empty for
    /// anything else and for more than 2^63-1.
    static OptionalLong decimal(String text) {
        try {
            return DIGITS.matcher(text).matches()
                    ? OptionalLong.of(Long.parseLong(text))
                    : OptionalLong.empty();
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
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
        private static final Pattern SIZE =
                Pattern.compile("[0-9]{1," + SmtpLimits.SIZE_DIGITS + "}");

        /// The `xtext` encoding of parameter values (RFC 3461 §4): what stands for an octet, and
        /// the octets that stand for themselves.
        private static final Pattern XTEXT_ESCAPE = Pattern.compile("\\+[0-9A-F]{2}");

        private static final Pattern XTEXT_PLAIN = Pattern.compile("[!-*,-<>-~]+");

        private final Set<Keyword> seen = EnumSet.noneOf(Keyword.class);
        private OptionalLong sizeOctets = OptionalLong.empty();
        private @Nullable Reply refusal;

        /// Reads parameters parted by spaces; the first that is wrong settles [#refusal].
        MailParametersParser(String text) {
            for (String parameter : text.split(BLANKS)) {
                if (refusal == null && !parameter.isEmpty()) {
                    refusal = accept(parameter);
                }
            }
        }

        private @Nullable Reply accept(String parameter) {
            String[] parts = parameter.split("=", 2);
            Keyword keyword =
                    EnumSet.allOf(Keyword.class).stream()
                            .filter(known -> known.name().equalsIgnoreCase(parts[0]))
                            .findFirst()
                            .orElse(null);
            if (keyword == null) {
                return notOffered(parameter);
            }
            if (!seen.add(keyword)) {
                return Replies.badArguments(keyword + " is given twice");
            }
            boolean valued = parts.length == 2;
            String value = valued ? parts[1] : "";
            return switch (keyword) {
                case SIZE -> size(value);
                case BODY -> body(value);
                case SMTPUTF8 -> valued ? Replies.badArguments("SMTPUTF8 has no value") : null;
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

        /// RFC 1870 §6. Up to 20 digits are right, more than a long holds; such a size is over any
        /// limit.
        private @Nullable Reply size(String value) {
            if (!SIZE.matcher(value).matches()) {
                return Replies.badArguments("SIZE=number-of-octets");
            }
            sizeOctets = OptionalLong.of(decimal(value).orElse(Long.MAX_VALUE));
            return null;
        }

        /// RFC 6152 §2. BINARYMIME is not offered (RFC 3030 §3).
        private static @Nullable Reply body(String value) {
            return switch (value.toUpperCase(Locale.ROOT)) {
                case "7BIT", "8BITMIME" -> null;
                case "BINARYMIME" -> Replies.parameterUnknown("BODY=BINARYMIME");
                default -> Replies.badArguments("BODY=7BIT or BODY=8BITMIME");
            };
        }

        /// RFC 4954 §5.
        private static @Nullable Reply auth(String value) {
            String plain = XTEXT_ESCAPE.matcher(value).replaceAll("x");
            return XTEXT_PLAIN.matcher(plain).matches()
                    ? null
                    : Replies.badArguments("AUTH=<> or AUTH=address in xtext");
        }
    }
}
