package dev.postern.submit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.config.HostPort;
import dev.postern.config.SmtpConfig;
import dev.postern.mail.CrlfLines;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.smtp.Command;
import dev.postern.smtp.CommandParser;
import dev.postern.smtp.DotStuffer;
import dev.postern.smtp.EnhancedStatus;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.SmtpLimits;
import dev.postern.smtp.UpstreamReply;
import dev.postern.smtp.UpstreamReply.Answered;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// One session with our own listener, for one message. Blocks; for loopback, where TLS protects
/// nothing.
///
/// *Diagnostics.* `IOException`: not reachable, or gone in the middle. A reply that refuses is a
/// value.
public final class SmtpClient implements AutoCloseable {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

    /// Longer than `acknowledge: sent` may take to answer (RFC 5321 §4.5.3.2.6).
    private static final Duration REPLY_TIMEOUT = Duration.ofMinutes(10);

    private static final int MAX_REPLY_OCTETS = 64 * 1024;
    private static final int BUFFER_BYTES = 16 * 1024;
    private static final int CODE_CHARS = 3;

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    /// What the listener said to a message.
    public sealed interface Receipt {

        /// It was taken.
        ///
        /// @param replies the whole reply to each end-of-data in one line; more than one where
        ///   there were more recipients than a transaction may have
        /// @param untaken the recipients that it was not taken for
        record Taken(List<String> replies, List<Untaken> untaken) implements Receipt {
            public Taken {
                replies = List.copyOf(replies);
                untaken = List.copyOf(untaken);
            }
        }

        /// It was not.
        ///
        /// @param reply the first reply that refused, in one line
        /// @param permanent whether to try again is of no use
        record Refused(String reply, boolean permanent) implements Receipt {}
    }

    /// A recipient that was refused.
    ///
    /// @param reply in one line
    public record Untaken(ForwardPath recipient, String reply, boolean permanent) {

        /// Returns it in one line, for people.
        public String inWords() {
            return recipient + " is refused: " + reply;
        }
    }

    /// What reports the sender asks for (RFC 3461 §4), where the listener offers DSN. Empty: not
    /// said.
    ///
    /// @param events NOTIFY, for each recipient
    /// @param ret RET
    /// @param envelopeId ENVID, in xtext
    public record Reports(String events, String ret, String envelopeId) {
        public static final Reports UNSAID = new Reports("", "", "");
    }

    /// A reply that ends the dialog early.
    private static final class Refusal extends Exception {
        private static final long serialVersionUID = 1;
        private final transient Receipt.Refused verdict;

        Refusal(Receipt.Refused verdict) {
            super(verdict.reply(), null, false, false);
            this.verdict = verdict;
        }
    }

    private SmtpClient(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES);
    }

    /// Connects to a listener.
    public static SmtpClient connect(HostPort listening) throws IOException {
        HostPort address = Endpoint.reachable(listening);
        Socket socket = new Socket();
        try {
            socket.setSoTimeout(Math.toIntExact(REPLY_TIMEOUT.toMillis()));
            socket.setTcpNoDelay(true);
            socket.connect(
                    new InetSocketAddress(address.host(), address.port()),
                    Math.toIntExact(CONNECT_TIMEOUT.toMillis()));
            return new SmtpClient(socket);
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /// What became of the recipients in one transaction.
    ///
    /// @param taken how many were taken
    /// @param postponed those that were one too many, and all behind them
    private record Named(int taken, List<Untaken> refused, List<Untaken> postponed) {}

    /// Hands over one message, to those recipients that are taken: in as many transactions as it
    /// takes where they are too many for one (RFC 5321 §4.5.3.1.10). What fails after the first of
    /// these leaves the rest untaken, since the message must not be handed over again as a whole.
    ///
    /// @param user who logs in where the listener asks for it; null: nobody
    /// @param content lines that end in LF or CRLF
    public Receipt submit(
            Envelope envelope, Reports reports, SmtpConfig.@Nullable User user, InputStream content)
            throws IOException {
        try (Repeatable repeatable = new Repeatable(content)) {
            expect(ReplyCode.READY, read());
            List<String> offered = asked("EHLO localhost", ReplyCode.OK).lines();
            if (user != null && offers(offered, "AUTH")) {
                logIn(user);
            }
            Reports asked = offers(offered, "DSN") ? reports : Reports.UNSAID;
            boolean utf8 = envelope.smtpUtf8() && offers(offered, "SMTPUTF8");
            String mail =
                    "MAIL FROM:<%s>%s%s"
                                    .formatted(
                                            envelope.sender(),
                                            offers(offered, "8BITMIME") ? " BODY=8BITMIME" : "",
                                            utf8 ? " SMTPUTF8" : "")
                            + parameter("RET", asked.ret())
                            + parameter("ENVID", asked.envelopeId());
            return transactions(mail, envelope.recipients(), asked, repeatable);
        } catch (Refusal refusal) {
            return refusal.verdict;
        }
    }

    private Receipt transactions(
            String mail, List<ForwardPath> recipients, Reports asked, Repeatable content)
            throws IOException, Refusal {
        List<String> replies = new ArrayList<>();
        List<Untaken> untaken = new ArrayList<>();
        List<ForwardPath> left = recipients;
        while (!left.isEmpty()) {
            try {
                asked(mail, ReplyCode.OK);
                Named named = name(left, asked);
                if (named.taken() > 0) {
                    replies.add(handOver(content, !named.postponed().isEmpty()));
                    left = named.postponed().stream().map(Untaken::recipient).toList();
                } else {
                    untaken.addAll(named.postponed());
                    left = List.of();
                }
                untaken.addAll(named.refused());
            } catch (Refusal | IOException e) {
                if (replies.isEmpty()) {
                    throw e;
                }
                Receipt.Refused why =
                        e instanceof Refusal refusal
                                ? refusal.verdict
                                : new Receipt.Refused(String.valueOf(e.getMessage()), false);
                untaken.addAll(untaken(left, why.reply(), why.permanent()));
                left = List.of();
            }
        }
        if (replies.isEmpty()) {
            boolean permanent = untaken.stream().allMatch(Untaken::permanent);
            return new Receipt.Refused(untaken.getFirst().reply(), permanent);
        }
        quit();
        return new Receipt.Taken(replies, untaken);
    }

    /// Names recipients until one is too many; all that follows a 421 is void (RFC 5321 §3.8).
    private Named name(List<ForwardPath> recipients, Reports asked) throws IOException, Refusal {
        List<Untaken> refused = new ArrayList<>();
        for (int i = 0; i < recipients.size(); i++) {
            ForwardPath recipient = recipients.get(i);
            command("RCPT TO:<" + recipient + ">" + parameter("NOTIFY", asked.events()));
            Answered answer = answered(read());
            if (answer.code().equals(ReplyCode.NOT_AVAILABLE)) {
                throw new Refusal(new Receipt.Refused(answer.oneLine(), false));
            }
            if (answer.code().equals(ReplyCode.NO_STORAGE)
                    && EnhancedStatus.TOO_MANY_RECIPIENTS.equals(answer.status())) {
                List<ForwardPath> rest = recipients.subList(i, recipients.size());
                return new Named(
                        i - refused.size(), refused, untaken(rest, answer.oneLine(), false));
            }
            if (!answer.code().equals(ReplyCode.OK)) {
                refused.add(new Untaken(recipient, answer.oneLine(), answer.code().isPermanent()));
            }
        }
        return new Named(recipients.size() - refused.size(), refused, List.of());
    }

    private static List<Untaken> untaken(
            List<ForwardPath> recipients, String reply, boolean permanent) {
        return recipients.stream()
                .map(recipient -> new Untaken(recipient, reply, permanent))
                .toList();
    }

    /// @return the reply to end-of-data in one line
    private String handOver(Repeatable content, boolean again) throws IOException, Refusal {
        if (again) {
            content.keep();
        }
        asked("DATA", ReplyCode.START_CONTENT);
        send(content.fromStart());
        return expect(ReplyCode.OK, read()).oneLine();
    }

    /// The message is taken, whether the listener hears this or not.
    private void quit() {
        try {
            command("QUIT");
        } catch (IOException _) {
            return;
        }
    }

    /// Content that can be read once, or many times after it was kept: in a file without a name,
    /// which is gone when the process is.
    private static final class Repeatable implements AutoCloseable {

        private final InputStream content;
        private @Nullable FileChannel kept;

        Repeatable(InputStream content) {
            this.content = content;
        }

        void keep() throws IOException {
            if (kept == null) {
                kept =
                        FileChannel.open(
                                Files.createTempFile("postern-", ".eml"),
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.DELETE_ON_CLOSE);
                content.transferTo(Channels.newOutputStream(kept));
            }
        }

        InputStream fromStart() throws IOException {
            return kept == null ? content : Channels.newInputStream(kept.position(0));
        }

        @Override
        public void close() throws IOException {
            if (kept != null) {
                kept.close();
            }
        }
    }

    private static String parameter(String name, String value) {
        return value.isEmpty() ? "" : " " + name + "=" + value;
    }

    /// Connects a program that speaks SMTP itself (`sendmail -bs`) with the listener, until either
    /// ends. Its lines may end in LF, as those of local programs do.
    ///
    /// @return whether the program ended the session by QUIT, whatever was refused before
    public boolean converse(InputStream commands, OutputStream replies) throws IOException {
        LocalCommands local = new LocalCommands(out);
        Thread.ofVirtual().start(() -> pump(commands, local));
        byte[] buffer = new byte[BUFFER_BYTES];
        StringBuilder line = new StringBuilder();
        String last = "";
        int read;
        while ((read = in.read(buffer)) >= 0) {
            for (int i = 0; i < read; i++) {
                if (buffer[i] == '\n') {
                    last = line.toString();
                    line.setLength(0);
                    if (last.equals(ReplyCode.START_CONTENT.toString())) {
                        local.contentBegins();
                    }
                } else if (line.length() < CODE_CHARS) {
                    line.append((char) buffer[i]);
                }
            }
            // Afterwards, so that the program answers no 354 before it is heeded.
            replies.write(buffer, 0, read);
            replies.flush();
        }
        return last.equals(ReplyCode.CLOSING.toString());
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void pump(InputStream commands, LocalCommands local) {
        try {
            byte[] buffer = new byte[BUFFER_BYTES];
            int read;
            while ((read = commands.read(buffer)) >= 0) {
                for (int i = 0; i < read; i++) {
                    local.write(buffer[i]);
                }
                out.flush();
            }
            socket.shutdownOutput();
        } catch (IOException _) {
            // The listener hung up: the other direction ends by itself.
            return;
        }
    }

    /// AUTH PLAIN with an initial response (RFC 4616, RFC 4954 §4).
    private void logIn(SmtpConfig.User user) throws IOException, Refusal {
        String plain = "\0" + user.username() + "\0" + user.password().reveal();
        String response = Base64.getEncoder().encodeToString(plain.getBytes(UTF_8));
        asked("AUTH PLAIN " + response, ReplyCode.AUTH_OK);
    }

    private static boolean offers(List<String> offered, String extension) {
        return offered.stream()
                .map(line -> line.toUpperCase(Locale.ROOT))
                .anyMatch(line -> line.equals(extension) || line.startsWith(extension + " "));
    }

    private Answered asked(String line, ReplyCode wanted) throws IOException, Refusal {
        command(line);
        return expect(wanted, read());
    }

    private void command(String line) throws IOException {
        out.write((line + "\r\n").getBytes(UTF_8));
        out.flush();
    }

    private void send(InputStream content) throws IOException {
        DotStuffer stuffer = new DotStuffer();
        CrlfLines lines = new CrlfLines(content);
        byte[] buffer = new byte[BUFFER_BYTES];
        int read;
        try {
            while ((read = lines.read(buffer)) >= 0) {
                stuffer.stuff(ByteBuffer.wrap(buffer, 0, read), this::write);
            }
            stuffer.finish(this::write);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        out.flush();
    }

    private void write(ByteBuffer octets) {
        byte[] piece = new byte[octets.remaining()];
        octets.get(piece);
        try {
            out.write(piece);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Answered answered(UpstreamReply reply) throws IOException {
        if (reply instanceof Answered answered) {
            return answered;
        }
        throw new IOException(reply.oneLine());
    }

    private static Answered expect(ReplyCode wanted, UpstreamReply reply)
            throws IOException, Refusal {
        Answered answered = answered(reply);
        if (!answered.code().equals(wanted)) {
            throw new Refusal(
                    new Receipt.Refused(answered.oneLine(), answered.code().isPermanent()));
        }
        return answered;
    }

    private UpstreamReply read() throws IOException {
        List<String> lines = new ArrayList<>();
        int octets = 0;
        String line;
        do {
            line = line();
            octets += line.length();
            if (octets > MAX_REPLY_OCTETS) {
                throw new IOException("the listener's reply never ends");
            }
            lines.add(line);
        } while (line.length() > 3 && line.charAt(3) == '-');
        return UpstreamReply.parse(String.join("\n", lines));
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet;
        while ((octet = in.read()) != '\n') {
            if (octet < 0 || line.size() > MAX_REPLY_OCTETS) {
                throw new IOException("the listener closed the connection");
            }
            if (octet != '\r') {
                line.write(octet);
            }
        }
        return line.toString(UTF_8);
    }

    /// What a local program says in an SMTP session, as it travels: LF becomes CRLF, except among
    /// the octets that a BDAT line has counted (RFC 3030 §2).
    static final class LocalCommands {

        private static final String END_OF_DATA = ".";

        private final OutputStream out;
        private final StringBuilder line = new StringBuilder();
        private long countedOctets;
        private int before = -1;
        private volatile boolean content;

        LocalCommands(OutputStream out) {
            this.out = out;
        }

        /// Says that DATA was answered 354: what comes until the final dot is no command.
        void contentBegins() {
            content = true;
        }

        void write(int octet) throws IOException {
            if (countedOctets > 0) {
                countedOctets--;
            } else if (octet == '\n') {
                if (before != '\r') {
                    out.write('\r');
                }
                endLine();
            } else if (line.length() <= SmtpLimits.COMMAND_LINE_OCTETS) {
                line.append((char) (octet & 0xFF));
            }
            before = octet;
            out.write(octet);
        }

        private void endLine() {
            int end = line.length();
            String said =
                    line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
            line.setLength(0);
            if (content) {
                content = !said.equals(END_OF_DATA);
            } else if (CommandParser.parse(said.getBytes(ISO_8859_1))
                    instanceof Command.Bdat bdat) {
                countedOctets = bdat.sizeOctets();
            }
        }
    }
}
