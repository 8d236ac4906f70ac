package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.OutboundMessage;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.smtp.DotStuffer;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// One mail transaction: MAIL, RCPT…, DATA, content, final dot, for one use. Where the server
/// offers PIPELINING that is two round trips: DATA goes out with what is before it.
///
/// **Contract.** [#run] returns with an outcome for each recipient, but for those in [#again], whom
/// the server wants in a transaction of their own. It never throws for trouble of the next hop.
/// What it throws (content that can't be read, a gate that fails) leaves the connection in
/// mid-content: close it.
///
/// **The commit point** is the final dot. The gate is asked when all content before it is written
/// or buffered; before it every trouble leaves the message unsent, after it only a reply says what
/// became of it.
final class SmtpTransaction {

    /// Commands that go out together must not fill the buffers of both sides (RFC 2920 §3.1).
    private static final int PIPELINED_MAX = 50;

    /// How long to wait for the words of a server that hung up in mid-content.
    private static final Duration LAST_WORDS_LIMIT = Duration.ofMillis(500);

    /// The longest wait for the reply to a DATA that nothing is to follow.
    private static final Duration FORGOING_LIMIT = Duration.ofSeconds(5);

    private static final byte[] DATA = "DATA".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] RSET = "RSET".getBytes(StandardCharsets.US_ASCII);

    /// Postfix and SendGrid say `queued as ID`, Exim `OK id=ID`, SES `Ok ID`, OpenSMTPD and
    /// Sendmail `ID Message accepted for delivery`.
    private static final Pattern QUEUE_ID =
            Pattern.compile(
                    "queued as <?([^\\s>]+)"
                            + "|\\bid=<?([^\\s>]+)"
                            + "|^250 Ok ([0-9a-f-]{16,})$"
                            + "|(?<![A-Za-z0-9])([A-Za-z0-9]{8,}+)"
                            + " Message accepted for delivery",
                    Pattern.CASE_INSENSITIVE);

    private final SmtpConnection connection;
    private final SmtpCommands commands;
    private final Common common;
    private final OutboundMessage outbound;
    private final List<ForwardPath> recipients;
    private final CommitGate gate;

    private final Map<ForwardPath, Outcome> outcomes = new LinkedHashMap<>();
    private final Map<ForwardPath, Verdict> refused = new LinkedHashMap<>();
    private final List<ForwardPath> taken = new ArrayList<>();
    private final List<ForwardPath> again = new ArrayList<>();
    private Stage stage = Stage.MAIL;
    private @Nullable Verdict trouble;
    private boolean dataSaid;
    private boolean lost;

    /// @param gate passed right before the final dot; false: break off. Told when MAIL is sent
    SmtpTransaction(
            SmtpConnection connection,
            SmtpCommands commands,
            Common common,
            OutboundMessage outbound,
            List<ForwardPath> recipients,
            CommitGate gate) {
        this.connection = connection;
        this.commands = commands;
        this.common = common;
        this.outbound = outbound;
        this.recipients = List.copyOf(recipients);
        this.gate = gate;
    }

    Map<ForwardPath, Outcome> outcomes() {
        return outcomes;
    }

    /// Returns those whom the server takes in another transaction only.
    List<ForwardPath> again() {
        return again;
    }

    /// Returns what ended the transaction before it was accepted; null when nothing did.
    @Nullable Verdict trouble() {
        return trouble;
    }

    /// Returns whether the trouble came before the server had agreed to anything.
    boolean isAtMail() {
        return stage == Stage.MAIL;
    }

    /// Returns whether the connection can't be used any more.
    boolean isLost() {
        return lost;
    }

    void run() {
        Outcome whole = null;
        try {
            whole = dialogue();
        } catch (IOException e) {
            lost = true;
            trouble = judge(e);
        }
        settle(whole);
        clear();
    }

    /// Returns the acceptance; null when there is none to give.
    private @Nullable Outcome dialogue() throws IOException {
        connection.allow(common.commandTimeout());
        trouble = envelope();
        if (trouble != null || taken.isEmpty()) {
            forgoContent();
            return null;
        }
        stage = Stage.DATA;
        if (!dataSaid) {
            connection.command(DATA);
            connection.flush();
        }
        trouble = expect(ReplyCode.START_CONTENT);
        if (trouble == null) {
            trouble = content();
        }
        return trouble == null ? accepted() : null;
    }

    private @Nullable Verdict envelope() throws IOException {
        List<byte[]> lines = new ArrayList<>(recipients.size() + 1);
        lines.add(commands.mail(outbound, recipients));
        recipients.forEach(recipient -> lines.add(commands.rcpt(recipient)));
        int together = commands.offers().pipelining() ? PIPELINED_MAX : 1;
        for (int from = 0; from < lines.size(); from += together) {
            int to = Math.min(from + together, lines.size());
            Verdict met = interrupted() ? brokenOff("interrupted") : exchange(lines, from, to);
            if (met != null) {
                return met;
            }
        }
        return null;
    }

    /// Sends some commands together and reads their replies. Behind the last of those that go
    /// together comes DATA, whose reply is read later.
    private @Nullable Verdict exchange(List<byte[]> lines, int from, int to) throws IOException {
        for (byte[] line : lines.subList(from, to)) {
            connection.command(line);
        }
        if (to == lines.size() && commands.offers().pipelining()) {
            connection.command(DATA);
            dataSaid = true;
        }
        connection.flush();
        gate.sending();
        Verdict met = null;
        for (int i = from; i < to && !lost; i++) {
            Verdict now = i == 0 ? mailReply() : rcptReply(recipients.get(i - 1), met != null);
            met = met == null ? now : met;
        }
        return met;
    }

    private @Nullable Verdict mailReply() throws IOException {
        return isPositiveReply() ? null : judgeReply();
    }

    /// @param moot whether MAIL was refused, so that this reply only says that there was no MAIL
    private @Nullable Verdict rcptReply(ForwardPath recipient, boolean moot) throws IOException {
        stage = moot ? stage : Stage.RCPT;
        if (isPositiveReply()) {
            taken.add(recipient);
            return null;
        }
        Verdict met = judgeReply();
        if (lost) {
            return met;
        }
        refused.put(recipient, met);
        return null;
    }

    /// Takes in the reply to a DATA that nothing is to follow; the outcomes are known already, and
    /// a server that takes its time is not waited for. One that waits for content all the same gets
    /// no end of it, as RFC 2920 §3.1 would allow: it may have recipients that we count as refused,
    /// and they would get an empty message. The connection is closed.
    private void forgoContent() {
        if (lost || !dataSaid) {
            return;
        }
        try {
            Duration most = common.commandTimeout();
            connection.allow(most.compareTo(FORGOING_LIMIT) < 0 ? most : FORGOING_LIMIT);
            lost |= isRead(ReplyCode.START_CONTENT);
        } catch (IOException _) {
            lost = true;
        }
    }

    /// Reads a reply, which ends the session if it says so or is none.
    private boolean isRead(ReplyCode code) throws IOException {
        ReplyCode read = connection.readCode();
        lost |= read == null || read.equals(ReplyCode.NOT_AVAILABLE);
        return code.equals(read);
    }

    private @Nullable Verdict content() throws IOException {
        connection.allow(common.dataTimeout());
        Content content = new Content();
        try {
            if (!content.stream(outbound.content())) {
                return brokenOff("interrupted");
            }
        } catch (IOException e) {
            return lastWords(e);
        }
        if (interrupted()) {
            return brokenOff("interrupted");
        }
        if (!gate.pass()) {
            return brokenOff("called back");
        }
        stage = Stage.DOT;
        content.finish();
        connection.allow(common.answerTimeout());
        return expect(ReplyCode.OK);
    }

    /// A server that hangs up in mid-content may have said why.
    private Verdict lastWords(IOException broken) throws IOException {
        if (!interrupted() && !(broken instanceof SocketTimeoutException)) {
            try {
                connection.allow(LAST_WORDS_LIMIT);
                if (SubmissionTransport.isRefusal(connection.readCode())) {
                    lost = true;
                    return judgeReply();
                }
            } catch (IOException silent) {
                broken.addSuppressed(silent);
            }
        }
        throw broken;
    }

    private @Nullable Verdict expect(ReplyCode code) throws IOException {
        return code.equals(connection.readCode()) ? null : judgeReply();
    }

    private Verdict judgeReply() {
        UpstreamReply reply = connection.reply();
        lost |=
                !(reply instanceof UpstreamReply.Answered answered)
                        || answered.code().equals(ReplyCode.NOT_AVAILABLE);
        return Trouble.ofReply(context(), reply);
    }

    private Verdict judge(IOException failure) {
        return interrupted() && stage != Stage.DOT
                ? brokenOff("interrupted")
                : Trouble.ofFailure(context(), failure);
    }

    private Verdict brokenOff(String why) {
        lost = true;
        return Trouble.ofFinding(context(), Symptom.BROKEN_OFF, why);
    }

    private Context context() {
        return connection.context(stage);
    }

    private Outcome accepted() {
        String words = connection.reply().text();
        return new Outcome.Accepted(
                words, remoteQueueId(words), commands.lost(outbound.content().traits()));
    }

    /// Returns the id that a next hop gave the message in its reply to the final dot; null when the
    /// reply names none.
    static @Nullable String remoteQueueId(String reply) {
        Matcher matcher = QUEUE_ID.matcher(reply);
        int groups = matcher.find() ? matcher.groupCount() : 0;
        String id = null;
        for (int group = 1; group <= groups && id == null; group++) {
            id = matcher.group(group);
        }
        return id;
    }

    /// Gives each recipient its own refusal, and the others what became of the whole.
    private void settle(@Nullable Outcome whole) {
        Verdict met = trouble;
        boolean mailRefused = met != null && stage == Stage.MAIL;
        for (ForwardPath recipient : recipients) {
            Verdict own = mailRefused ? null : refused.get(recipient);
            if (own != null && own.fewerRecipients() && !taken.isEmpty() && !lost) {
                again.add(recipient);
            } else if (own != null) {
                outcomes.put(recipient, own.outcome());
            } else if (met != null) {
                outcomes.put(recipient, met.outcome());
            } else if (whole != null) {
                outcomes.put(recipient, whole);
            }
        }
    }

    /// Ends a transaction that the server still holds open (RFC 5321 §4.1.1.5).
    private void clear() {
        boolean open = stage == Stage.RCPT || stage == Stage.DATA;
        if (lost || !open) {
            return;
        }
        try {
            connection.allow(common.commandTimeout());
            connection.command(RSET);
            connection.flush();
            lost |= !isRead(ReplyCode.OK);
        } catch (IOException _) {
            // All outcomes are known; only the connection is of no more use.
            lost = true;
        }
    }

    private boolean isPositiveReply() throws IOException {
        ReplyCode code = connection.readCode();
        return code != null && code.isPositive();
    }

    private static boolean interrupted() {
        return Thread.currentThread().isInterrupted();
    }

    /// Streams message content into a connection, dot-stuffed (RFC 5321 §4.5.2), up to but without
    /// the final dot.
    ///
    /// *Diagnostics.* Content that can't be read from where it is stored, or that was not made
    /// CRLF, is no trouble of the next hop: it is thrown, as [UncheckedIOException] or
    /// `IllegalStateException`, and the connection must be closed, because its next command would
    /// become content.
    private final class Content {

        private static final int CHUNK_BYTES = 16 * 1024;

        private final OutputStream out = connection.out();
        private final DotStuffer stuffer = new DotStuffer();
        private final ContentSink sink = this::give;

        /// Puts all of it into the connection; the last octets may still be in the connection's
        /// buffer.
        ///
        /// @return false when the thread was interrupted on the way
        /// @throws IOException when the connection broke
        boolean stream(MessageContent content) throws IOException {
            byte[] chunk = new byte[Math.clamp(content.sizeBytes(), 1, CHUNK_BYTES)];
            try (InputStream in = open(content)) {
                for (int count = read(in, chunk); count >= 0; count = read(in, chunk)) {
                    ByteBuffer octets = ByteBuffer.wrap(chunk, 0, count);
                    put(() -> stuffer.stuff(octets, sink));
                    if (interrupted()) {
                        return false;
                    }
                }
                return true;
            }
        }

        /// Puts the final dot into the connection's buffer and sends all: the commit point.
        void finish() throws IOException {
            put(() -> stuffer.finish(sink));
            out.flush();
        }

        private static void put(Runnable stuffing) throws IOException {
            try {
                stuffing.run();
            } catch (UncheckedIOException broken) {
                throw broken.getCause();
            }
        }

        private void give(ByteBuffer octets) {
            try {
                if (octets.hasArray()) {
                    int offset = octets.arrayOffset() + octets.position();
                    out.write(octets.array(), offset, octets.remaining());
                } else {
                    while (octets.hasRemaining()) {
                        out.write(octets.get());
                    }
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static InputStream open(MessageContent content) {
            try {
                return content.open();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static int read(InputStream in, byte[] chunk) {
            try {
                return in.read(chunk);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
