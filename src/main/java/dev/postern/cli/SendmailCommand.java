package dev.postern.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.load.ClientSettings;
import dev.postern.config.load.ClientSettings.ClientConfig;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import dev.postern.mail.ALabels;
import dev.postern.mail.AddressList;
import dev.postern.mail.AddressList.BareAddresses;
import dev.postern.mail.CrlfLines;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.HeaderSection;
import dev.postern.mail.OctetwiseStream;
import dev.postern.mail.ReversePath;
import dev.postern.submit.AdminClient.Answer;
import dev.postern.submit.MimeDraft;
import dev.postern.submit.SmtpClient;
import dev.postern.submit.SmtpClient.Receipt;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

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
            "  -f SENDER  the envelope's sender: an address, with a name before it or without",
            "  -F NAME    the name in a From field that is added where there is none",
            "  -N, -R, -V what reports are asked for, where the listener offers DSN",
            "  -bs        speaks SMTP on standard input and output",
            "  -bp        lists the mail that waits",
            "  -q[TIME]   tries what waits again, now",
            "",
            "Letters may stand together (-itf SENDER). Other options of sendmail are accepted and",
            "ignored: -m -em -bm -v -n -U -G, and with a value -o -B -L -h -O -X -C -p.",
            "A recipient that can't be taken does not stop the others. Where there are",
            "more than the listener takes at once, they get the message one part after another."
        },
        footer = {
            "",
            "Exit status (sysexits): 0, 64 usage, 65 refused for one recipient or all, 69 not"
                    + " reachable, 75 try again, 78 configuration. -bs: 0 after QUIT, whatever was"
                    + " refused before; 75 when the session ended otherwise."
        })
final class SendmailCommand {

    private static final Set<String> ADDRESS_FIELDS =
            Set.of(
                    ("from sender reply-to to cc bcc resent-from resent-sender resent-to"
                                    + " resent-cc resent-bcc")
                            .split(" "));

    /// Who a caller is that the system has no name for: Java calls such a user a question mark.
    private static final String NOBODY = "nobody";

    private final Terminal terminal;
    private final Function<@Nullable Path, Sources> sources;

    SendmailCommand(Terminal terminal, Function<@Nullable Path, Sources> sources) {
        this.terminal = terminal;
        this.sources = sources;
    }

    /// @param words sendmail's own options and recipients
    int run(List<String> words) {
        try {
            return send(SendmailOptions.parse(words));
        } catch (CliException trouble) {
            return trouble.tell(terminal);
        }
    }

    private int send(SendmailOptions options) throws CliException {
        ClientConfig config = config();
        RunningForwarder running = RunningForwarder.find(config);
        return switch (options.mode()) {
            case SUBMIT, SMTP -> talk(options, config, running);
            case LIST -> new Mailq(terminal, running).list();
            case FLUSH -> new Mailq(terminal, running).flush();
        };
    }

    private int talk(SendmailOptions options, ClientConfig config, RunningForwarder running)
            throws CliException {
        try (SmtpClient client = SmtpClient.connect(running.smtp())) {
            if (options.mode() == SendmailOptions.Mode.SMTP) {
                boolean ended = client.converse(terminal.in(), terminal.out());
                return ended ? ExitCode.OK : ExitCode.TEMPORARY;
            }
            return submit(options, config, client);
        } catch (IOException e) {
            throw RunningForwarder.notReachable("the listener", running.smtp(), e);
        }
    }

    private int submit(SendmailOptions options, ClientConfig config, SmtpClient client)
            throws IOException, CliException {
        InputStream whole = new CrlfLines(terminal.in());
        InputStream in = options.dotEnds() ? new DotTerminatedInput(whole) : whole;
        HeaderSection given = HeaderSection.read(in);
        String sender = sender(options, config);
        HeaderSection header = given.withValues((name, value) -> whole(name, value, config));
        Recipients recipients = Recipients.of(options, given);
        recipients
                .malformed()
                .forEach(word -> terminal.complain("'" + word + "' is no mail address"));
        if (recipients.paths().isEmpty()) {
            return ExitCode.BAD_DATA;
        }
        Envelope envelope = Envelope.of(new ReversePath(sender), recipients.paths());
        InputStream content =
                new SequenceInputStream(from(options, header, sender), header.with(in));
        return switch (client.submit(envelope, options.reports(), config.user(), content)) {
            case Receipt.Taken taken -> {
                taken.untaken().forEach(one -> terminal.complain(one.inWords()));
                boolean all = taken.untaken().isEmpty() && recipients.malformed().isEmpty();
                yield all ? ExitCode.OK : ExitCode.BAD_DATA;
            }
            case Receipt.Refused refused -> {
                terminal.complain("refused: " + refused.reply());
                yield refused.permanent() ? ExitCode.BAD_DATA : ExitCode.TEMPORARY;
            }
        };
    }

    private ClientConfig config() throws CliException {
        return switch (ClientSettings.load(sources.apply(null))) {
            case ClientConfig config -> config;
            case Loaded.Invalid unusable ->
                    throw new CliException(
                            ExitCode.BAD_CONFIG, String.join("; ", unusable.lines()));
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
    private static String sender(SendmailOptions options, ClientConfig config) throws CliException {
        String given = options.sender();
        String address = given == null ? user() : address(given);
        if (address.isEmpty() || address.contains("@")) {
            return address;
        }
        String configured = config.sendmailFrom();
        return configured == null ? qualified(address, config) : configured;
    }

    /// People write `Web App <app@example.org>` too. `<>` and nothing are the null sender.
    private static String address(String given) throws CliException {
        AddressList list = AddressList.parse(given);
        boolean none = list.addresses().isEmpty() && list.others().isEmpty();
        if (none && given.replaceAll("[<>\\s]", "").isEmpty()) {
            return "";
        }
        if (list.addresses().size() != 1 || !list.others().isEmpty()) {
            throw new CliException(
                    ExitCode.SENDMAIL_USAGE, "-f: '" + given + "' is no mail address");
        }
        return list.addresses().getFirst();
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

    /// Whom a message is for.
    ///
    /// @param malformed what was given for a recipient and is no address
    private record Recipients(List<ForwardPath> paths, List<String> malformed) {

        static Recipients of(SendmailOptions options, HeaderSection header) throws CliException {
            List<String> values = new ArrayList<>(options.recipients());
            if (options.readsRecipients() && !header.isWhole()) {
                throw new CliException(
                        ExitCode.BAD_DATA,
                        "the header is too long to find all recipients in: name them instead of"
                                + " -t");
            }
            if (options.readsRecipients()) {
                values.addAll(header.destinations());
            }
            Set<String> addresses = new LinkedHashSet<>();
            Set<String> malformed = new LinkedHashSet<>();
            for (String value : values) {
                AddressList list = AddressList.parse(value);
                addresses.addAll(list.addresses());
                malformed.addAll(list.others());
            }
            if (addresses.isEmpty() && malformed.isEmpty()) {
                throw new CliException(
                        ExitCode.SENDMAIL_USAGE,
                        "no recipient: give one, or -t and a message with a To, Cc or Bcc field");
            }
            return new Recipients(
                    addresses.stream().map(ForwardPath::new).toList(), List.copyOf(malformed));
        }
    }

    /// A From field where there is none (RFC 5322 §3.6.2 wants one): `-F` names who it is.
    private static InputStream from(SendmailOptions options, HeaderSection header, String sender) {
        if (header.first("from").isPresent() || sender.isEmpty()) {
            return InputStream.nullInputStream();
        }
        String name = options.fullName();
        String mailbox =
                name == null || name.isBlank() ? sender : phrase(name) + " <" + sender + ">";
        // Without fields all that was given is body, and has no empty line before it.
        String end = header.hasFields() ? "\r\n" : "\r\n\r\n";
        byte[] field = ("From: " + mailbox + end).getBytes(StandardCharsets.UTF_8);
        return new ByteArrayInputStream(field);
    }

    /// A name as RFC 5322 §3.4 wants it before an address, as encoded words where it is not ASCII.
    private static String phrase(String name) {
        return ALabels.isAscii(name)
                ? "\"" + name.replaceAll("[\\p{Cntrl}\"\\\\]", " ") + "\""
                : MimeDraft.encoded(name);
    }

    /// Standard input that ends at a line of one dot, as people at a terminal end their mail. Its
    /// lines end in CRLF.
    static final class DotTerminatedInput extends OctetwiseStream {

        private static final int NONE = -2;

        private final InputStream in;
        private boolean lineStart = true;
        private boolean ended;
        private int owedOctet = NONE;

        DotTerminatedInput(InputStream in) {
            this.in = in;
        }

        @Override
        protected int nextOctet() throws IOException {
            if (ended) {
                return -1;
            }
            int octet = owedOctet == NONE ? in.read() : owedOctet;
            owedOctet = NONE;
            if (lineStart && octet == '.') {
                owedOctet = in.read();
                lineStart = false;
                ended = owedOctet == '\r' || owedOctet < 0;
                return ended ? -1 : octet;
            }
            lineStart = octet == '\n';
            ended = octet < 0;
            return octet;
        }
    }

    /// `sendmail -bp` and `sendmail -q`: the queue as programs know it from Postfix.
    static final class Mailq {

        private static final List<String> WAITING =
                List.of("queued", "sending", "deferred", "held");
        private static final String PAGE = "1000";
        private static final int BYTES_PER_KBYTE = 1024;

        private final Terminal terminal;
        private final RunningForwarder running;
        private long bytes;
        private long messages;

        Mailq(Terminal terminal, RunningForwarder running) {
            this.terminal = terminal;
            this.running = running;
        }

        /// Shows what waits.
        int list() throws CliException {
            for (String state : WAITING) {
                String after = "";
                do {
                    Map<String, String> query =
                            Map.of("state", state, "limit", PAGE, "after", after);
                    JsonNode page = ask(asked -> asked.get("/messages", query));
                    page.path("messages").forEach(this::show);
                    after = page.path("next").asText("");
                } while (!after.isEmpty());
            }
            terminal.say(
                    messages == 0
                            ? "Mail queue is empty"
                            : "-- %d Kbytes in %d Request%s."
                                    .formatted(
                                            bytes / BYTES_PER_KBYTE,
                                            messages,
                                            messages == 1 ? "" : "s"));
            return ExitCode.OK;
        }

        /// Makes all that waits due.
        int flush() throws CliException {
            ask(asked -> asked.post("/queue/flush"));
            return ExitCode.OK;
        }

        private void show(JsonNode message) {
            if (messages++ == 0) {
                terminal.say("-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------");
            }
            bytes += message.path("size").asLong();
            String sender = message.path("from").asText();
            terminal.say(
                    "%-12s %7d %-20s %s"
                            .formatted(
                                    message.path("id").asText(),
                                    message.path("size").asLong(),
                                    message.path("received").asText(),
                                    sender.isEmpty() ? "MAILER-DAEMON" : sender));
            for (JsonNode recipient : message.path("recipients")) {
                terminal.say(" ".repeat(42) + QueueText.recipient(recipient));
            }
            terminal.say("");
        }

        private JsonNode ask(RunningForwarder.Question question) throws CliException {
            Answer answer = running.ask(question);
            if (!answer.isOk()) {
                throw new CliException(ExitCode.UNAVAILABLE, answer.detail());
            }
            return answer.body();
        }
    }
}
