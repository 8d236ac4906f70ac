package dev.postern.cli;

import dev.postern.config.ClientConfig;
import dev.postern.config.ClientSettings;
import dev.postern.config.Sources;
import dev.postern.mail.AddressList;
import dev.postern.mail.BareAddresses;
import dev.postern.mail.CrlfLines;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.HeaderSection;
import dev.postern.mail.ReversePath;
import dev.postern.submit.SmtpClient;
import dev.postern.submit.SmtpClient.Verdict;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `postern sendmail`, also under the name `sendmail`: what cron, PHP and mail(1) call.
@Command(
        name = "sendmail",
        customSynopsis = "postern sendmail [-t] [-i] [-f SENDER] [-F NAME] [-bs] [RECIPIENT...]",
        description = {
            "Takes a message on standard input, as sendmail does, and gives it to the running"
                    + " listener.",
            "",
            "  -t         takes recipients from To, Cc and Bcc, beside those given; from",
            "             Resent-To, -Cc and -Bcc instead where there are such",
            "  -i         a line of one dot does not end the message",
            "  -f SENDER  the envelope's sender",
            "  -F NAME    the name in a From field that is added where there is none",
            "  -bs        speaks SMTP on standard input and output",
            "",
            "Other options of sendmail are accepted and ignored."
        },
        footer = {
            "",
            "Exit status (sysexits): 0, 64 usage, 65 refused, 69 not reachable, 75 try again, 78"
                    + " configuration."
        })
final class SendmailCommand implements Callable<Integer> {

    private static final Set<String> ADDRESS_FIELDS =
            Set.of(
                    "from",
                    "sender",
                    "reply-to",
                    "to",
                    "cc",
                    "bcc",
                    "resent-from",
                    "resent-sender",
                    "resent-to",
                    "resent-cc",
                    "resent-bcc");

    /// Who a caller is that the system has no name for: Java calls such a user a question mark.
    private static final String NOBODY = "nobody";

    private final Terminal terminal;
    private final Function<@Nullable Path, Sources> sources;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Shows this help.")
    void help(boolean asked) {}

    SendmailCommand(Terminal terminal, Function<@Nullable Path, Sources> sources) {
        this.terminal = terminal;
        this.sources = sources;
    }

    @Override
    public Integer call() {
        return run(List.of());
    }

    /// @param words sendmail's own options and recipients
    int run(List<String> words) {
        if (words.contains("--help")) {
            new picocli.CommandLine(this).usage(terminal.out());
            return ExitCode.OK;
        }
        try {
            return send(SendmailOptions.parse(words));
        } catch (Trouble trouble) {
            terminal.complain(trouble.words());
            return trouble.exitCode();
        }
    }

    private int send(SendmailOptions options) throws Trouble {
        ClientConfig config = config();
        Running running = Running.find(config);
        try (SmtpClient client = SmtpClient.connect(running.smtp())) {
            if (options.speaksSmtp()) {
                client.converse(terminal.in(), terminal.out());
                return ExitCode.OK;
            }
            return submit(options, config, client);
        } catch (IOException e) {
            throw Running.notReachable("the listener", running.smtp(), e);
        }
    }

    private int submit(SendmailOptions options, ClientConfig config, SmtpClient client)
            throws IOException, Trouble {
        InputStream whole = new CrlfLines(terminal.in());
        InputStream in = options.dotEnds() ? new DotEnded(whole) : whole;
        HeaderSection given = HeaderSection.read(in);
        String sender = sender(options, config);
        HeaderSection header = given.withValues((name, value) -> whole(name, value, config));
        List<ForwardPath> recipients = recipients(options, given);
        boolean utf8 = !isAscii(sender) || recipients.stream().anyMatch(r -> !isAscii(r.address()));
        Envelope envelope = new Envelope(new ReversePath(sender), recipients, utf8);
        InputStream content =
                new SequenceInputStream(from(options, header, sender), header.with(in));
        return switch (client.submit(envelope, config.user(), content)) {
            case Verdict.Taken _ -> ExitCode.OK;
            case Verdict.Refused refused -> {
                terminal.complain("refused: " + refused.reply());
                yield refused.permanent() ? ExitCode.BAD_DATA : ExitCode.TEMPORARY;
            }
        };
    }

    private ClientConfig config() throws Trouble {
        return switch (ClientSettings.load(sources.apply(null))) {
            case ClientConfig config -> config;
            case ClientSettings.Unusable unusable ->
                    throw new Trouble(ExitCode.BAD_CONFIG, String.join("; ", unusable.lines()));
        };
    }

    /// Gives bare addresses in the header a domain, as every sendmail does for local programs: cron
    /// writes `From: root`. The envelope's recipients stay bare, for the listener's aliases.
    private static String whole(String field, String value, ClientConfig config) {
        String from = config.sendmailFrom();
        if (field.equals("from") && from != null) {
            return BareAddresses.complete(value, local -> from);
        }
        return ADDRESS_FIELDS.contains(field)
                ? BareAddresses.complete(value, local -> qualified(local, config))
                : value;
    }

    /// A bare sender is a local user (AlmaLinux's cron says `-f root`), like one that isn't told.
    private static String sender(SendmailOptions options, ClientConfig config) throws Trouble {
        String given = options.sender();
        String address = given == null ? user() : given.replaceAll("^<|>$", "");
        if (!address.isEmpty() && !AddressList.isAddress(address)) {
            throw new Trouble(ExitCode.SENDMAIL_USAGE, "-f: '" + given + "' is no mail address");
        }
        if (address.isEmpty() || address.contains("@")) {
            return address;
        }
        String configured = config.sendmailFrom();
        return configured == null ? qualified(address, config) : configured;
    }

    private static String user() {
        String user = System.getProperty("user.name", NOBODY);
        boolean named = AddressList.isAddress(user) && !user.contains("@") && !user.equals("?");
        return named ? user : NOBODY;
    }

    private static String qualified(String local, ClientConfig config) {
        String domain = config.qualifyDomain();
        return local + "@" + (domain == null ? config.hostname() : domain);
    }

    private static List<ForwardPath> recipients(SendmailOptions options, HeaderSection header)
            throws Trouble {
        List<String> values = new ArrayList<>(options.recipients());
        if (options.readsRecipients() && !header.isWhole()) {
            throw new Trouble(
                    ExitCode.BAD_DATA,
                    "the header is too long to find all recipients in: name them instead of -t");
        }
        if (options.readsRecipients()) {
            values.addAll(header.destinations());
        }
        Set<String> addresses = new LinkedHashSet<>();
        for (String value : values) {
            AddressList list = AddressList.parse(value);
            if (list.malformed() != null) {
                throw new Trouble(
                        ExitCode.BAD_DATA, "'" + list.malformed() + "' is no mail address");
            }
            addresses.addAll(list.addresses());
        }
        if (addresses.isEmpty()) {
            throw new Trouble(
                    ExitCode.SENDMAIL_USAGE,
                    "no recipient: give one, or -t and a message with a To, Cc or Bcc field");
        }
        return addresses.stream().map(ForwardPath::new).toList();
    }

    /// A From field where there is none (RFC 5322 §3.6.2 wants one): `-F` names who it is.
    private static InputStream from(SendmailOptions options, HeaderSection header, String sender) {
        if (header.first("from").isPresent() || sender.isEmpty()) {
            return InputStream.nullInputStream();
        }
        String name = options.fullName();
        String mailbox =
                name == null
                        ? sender
                        : "\"" + name.replaceAll("[\\p{Cntrl}\"\\\\]", " ") + "\" <" + sender + ">";
        // Without fields all that was given is body, and has no empty line before it.
        String end = header.hasFields() ? "\r\n" : "\r\n\r\n";
        byte[] field = ("From: " + mailbox + end).getBytes(StandardCharsets.UTF_8);
        return new ByteArrayInputStream(field);
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 0x80);
    }
}
