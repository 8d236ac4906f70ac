package dev.postern.smtp;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalLong;

/// Reads a command line (RFC 5321 §4.1), whatever it holds: there is no input that it throws at.
///
/// Lenient where clients in use need it: lower case, spaces after `FROM:` and `TO:` and at the end
/// (old Outlook, hand-written clients), any EHLO name (Windows and container names have `_`, phones
/// send nothing like a domain), addresses as [PathParser] says.
///
/// *Diagnostics.* What is wrong comes as [Command.Malformed] with its reply. A BDAT line that does
/// not say how many octets follow, and an HTTP request, close the session.
public final class CommandParser {
    private static final int LINE_END_OCTETS = 2;
    private static final char DELETE = 0x7F;

    private CommandParser() {}

    /// Reads a line without its CRLF.
    public static Command parse(byte[] line) {
        int verbOctets = verbOctets(line);
        String verb = new String(line, 0, verbOctets, StandardCharsets.ISO_8859_1);
        verb = verb.toUpperCase(Locale.ROOT);
        if (!verb.equals("AUTH") && line.length + LINE_END_OCTETS > Limits.COMMAND_LINE_OCTETS) {
            return refuseLine(verb, Replies.lineTooLong());
        }
        if (line.length + LINE_END_OCTETS > Limits.AUTH_LINE_OCTETS) {
            return new Command.Malformed(Replies.authLineTooLong());
        }
        if (hasControl(line)) {
            return refuseLine(verb, Replies.badLine());
        }
        int restOctets = line.length - verbOctets;
        String rest = new String(line, verbOctets, restOctets, StandardCharsets.UTF_8);
        return command(verb, rest.trim());
    }

    private static int verbOctets(byte[] line) {
        int at = 0;
        while (at < line.length && line[at] != ' ') {
            at++;
        }
        return at;
    }

    static boolean isNonAscii(String text) {
        return text.chars().anyMatch(c -> c > DELETE);
    }

    /// A BDAT that is not understood has octets behind it that are no commands (RFC 3030 §2).
    private static Command refuseLine(String verb, Reply reply) {
        return new Command.Malformed(verb.equals("BDAT") ? Replies.badChunkSize() : reply);
    }

    private static boolean hasControl(byte[] line) {
        for (byte octet : line) {
            if ((octet >= 0 && octet < ' ') || octet == DELETE) {
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

    /// A browser can be made to send any text to a port on this machine, behind an HTTP request
    /// line; the session must not live to read it.
    private static Command other(String verb) {
        return switch (verb) {
            case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE" ->
                    new Command.Malformed(Replies.notHttp());
            case "EXPN", "TURN", "ETRN", "ATRN", "SEND", "SOML", "SAML", "LHLO" ->
                    new Command.Unknown(Replies.notImplemented());
            default -> new Command.Unknown(Replies.unrecognised());
        };
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
            return new Command.Malformed(Replies.badSyntax("MAIL FROM:<address>"));
        }
        PathParser path = new PathParser(rest.substring("FROM:".length()).trim());
        String problem = path.problem();
        if (problem != null) {
            return new Command.Malformed(Replies.badSender("MAIL FROM:<address>: " + problem));
        }
        MailParametersParser parameters = new MailParametersParser(path.rest());
        Reply refusal = parameters.refusal();
        return refusal == null
                ? new Command.Mail(path.address(), parameters.parameters())
                : new Command.Malformed(refusal);
    }

    private static Command rcpt(String rest) {
        if (!startsWith(rest, "TO:")) {
            return new Command.Malformed(Replies.badSyntax("RCPT TO:<address>"));
        }
        PathParser path = new PathParser(rest.substring("TO:".length()).trim());
        String problem = path.problem();
        if (problem == null && path.address().isEmpty()) {
            problem = "no address";
        }
        if (problem != null) {
            return new Command.Malformed(Replies.badRecipient("RCPT TO:<address>: " + problem));
        }
        String parameters = path.rest().trim();
        return parameters.isEmpty()
                ? new Command.Rcpt(path.address())
                : new Command.Malformed(
                        MailParametersParser.notOffered(parameters.split(" ", 2)[0]));
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
        String[] arguments = rest.split(" +");
        boolean named = Sasl.isMechanism(arguments[0]);
        if (!named || arguments.length > 2) {
            return new Command.Malformed(Replies.badArguments("AUTH mechanism [initial-response]"));
        }
        String mechanism = arguments[0].toUpperCase(Locale.ROOT);
        return new Command.Auth(mechanism, arguments.length == 2 ? arguments[1] : null);
    }
}
