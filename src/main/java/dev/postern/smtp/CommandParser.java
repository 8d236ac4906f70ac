package dev.postern.smtp;

import dev.postern.smtp.Command.Malformed.Part;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

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
        int limitOctets = auth ? Limits.AUTH_LINE_OCTETS : Limits.COMMAND_LINE_OCTETS;
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
}
