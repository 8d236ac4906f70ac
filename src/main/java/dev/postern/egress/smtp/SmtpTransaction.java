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
import dev.postern.smtp.UpstreamReply;
import java.io.IOException;
import java.io.InputStream;
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

/// One mail transaction: MAIL, RCPT…, DATA, content, final dot, for one use.
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

    private static final byte[] DATA = "DATA".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] RSET = "RSET".getBytes(StandardCharsets.US_ASCII);
    private static final int OK = 250;
    private static final int START_CONTENT = 354;
    private static final int NOT_AVAILABLE = 421;

    private final SmtpConnection connection;
    private final SmtpCommands wording;
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
    private boolean lost;

    /// @param gate passed right before the final dot; false: break off. Told when MAIL is sent
    SmtpTransaction(
            SmtpConnection connection,
            SmtpCommands wording,
            Common common,
            OutboundMessage outbound,
            List<ForwardPath> recipients,
            CommitGate gate) {
        this.connection = connection;
        this.wording = wording;
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
            return null;
        }
        stage = Stage.DATA;
        connection.command(DATA);
        connection.flush();
        trouble = expect(START_CONTENT);
        if (trouble == null) {
            trouble = content();
        }
        return trouble == null ? accepted() : null;
    }

    private @Nullable Verdict envelope() throws IOException {
        List<byte[]> commands = new ArrayList<>(recipients.size() + 1);
        commands.add(wording.mail(outbound, recipients));
        recipients.forEach(recipient -> commands.add(wording.rcpt(recipient)));
        int together = wording.offers().pipelining() ? PIPELINED_MAX : 1;
        for (int from = 0; from < commands.size(); from += together) {
            int to = Math.min(from + together, commands.size());
            Verdict met = interrupted() ? brokenOff("interrupted") : exchange(commands, from, to);
            if (met != null) {
                return met;
            }
        }
        return null;
    }

    /// Sends some commands together and reads their replies.
    private @Nullable Verdict exchange(List<byte[]> commands, int from, int to) throws IOException {
        for (byte[] command : commands.subList(from, to)) {
            connection.command(command);
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
        return isPositive(connection.readCode()) ? null : judgeReply();
    }

    /// @param moot whether MAIL was refused, so that this reply only says that there was no MAIL
    private @Nullable Verdict rcptReply(ForwardPath recipient, boolean moot) throws IOException {
        stage = moot ? stage : Stage.RCPT;
        if (isPositive(connection.readCode())) {
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

    private @Nullable Verdict content() throws IOException {
        connection.allow(common.dataTimeout());
        Content content = new Content(connection);
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
        return expect(OK);
    }

    /// A server that hangs up in mid-content may have said why.
    private Verdict lastWords(IOException broken) throws IOException {
        if (!interrupted() && !(broken instanceof SocketTimeoutException)) {
            try {
                connection.allow(LAST_WORDS_LIMIT);
                if (connection.readCode() >= 400) {
                    lost = true;
                    return judgeReply();
                }
            } catch (IOException silent) {
                broken.addSuppressed(silent);
            }
        }
        throw broken;
    }

    private @Nullable Verdict expect(int code) throws IOException {
        return connection.readCode() == code ? null : judgeReply();
    }

    private Verdict judgeReply() {
        UpstreamReply reply = connection.reply();
        lost |=
                !(reply instanceof UpstreamReply.Answered answered)
                        || answered.code().value() == NOT_AVAILABLE;
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
                words, RemoteQueueId.in(words), wording.lost(outbound.content().traits()));
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
            lost = connection.readCode() != OK;
        } catch (IOException _) {
            // All outcomes are known; only the connection is of no more use.
            lost = true;
        }
    }

    private static boolean isPositive(int code) {
        return code >= 200 && code < 300;
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
    static final class Content {

        private static final int CHUNK_BYTES = 16 * 1024;

        private final SmtpConnection connection;
        private final DotStuffer stuffer = new DotStuffer();
        private final ContentSink sink = this::give;

        Content(SmtpConnection connection) {
            this.connection = connection;
        }

        /// The connection broke while content was given to it.
        private static final class Lost extends RuntimeException {
            private static final long serialVersionUID = 1L;

            private final transient IOException broken;

            Lost(IOException broken) {
                super(broken);
                this.broken = broken;
            }
        }

        /// Puts all of it into the connection; the last octets may still be in the connection's
        /// buffer.
        ///
        /// @return false when the thread was interrupted on the way
        /// @throws IOException when the connection broke
        boolean stream(MessageContent content) throws IOException {
            byte[] chunk = new byte[Math.clamp(content.sizeBytes(), 1, CHUNK_BYTES)];
            try (InputStream in = open(content)) {
                for (int count = read(in, chunk); count >= 0; count = read(in, chunk)) {
                    stuffer.stuff(ByteBuffer.wrap(chunk, 0, count), sink);
                    if (Thread.currentThread().isInterrupted()) {
                        return false;
                    }
                }
                return true;
            } catch (Lost lost) {
                throw lost.broken;
            }
        }

        /// Puts the final dot into the connection's buffer and sends all: the commit point.
        void finish() throws IOException {
            try {
                stuffer.finish(sink);
            } catch (Lost lost) {
                throw lost.broken;
            }
            connection.flush();
        }

        private void give(ByteBuffer octets) {
            try {
                if (octets.hasArray()) {
                    int offset = octets.arrayOffset() + octets.position();
                    connection.write(octets.array(), offset, octets.remaining());
                } else {
                    byte[] copy = new byte[octets.remaining()];
                    octets.get(copy);
                    connection.write(copy, 0, copy.length);
                }
            } catch (IOException e) {
                throw new Lost(e);
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

    /// Finds the id that a next hop gave the message in its reply to the final dot.
    static final class RemoteQueueId {

        /// Postfix and SendGrid say `queued as ID`, Exim `OK id=ID`, SES `Ok ID`, OpenSMTPD and
        /// Sendmail `ID Message accepted for delivery`.
        private static final Pattern ID =
                Pattern.compile(
                        "queued as <?([^\\s>]+)"
                                + "|\\bid=<?([^\\s>]+)"
                                + "|^250 Ok ([0-9a-f-]{16,})$"
                                + "|(?<![A-Za-z0-9])([A-Za-z0-9]{8,}+)"
                                + " Message accepted for delivery",
                        Pattern.CASE_INSENSITIVE);

        private RemoteQueueId() {}

        /// Returns the id; null when the reply names none.
        static @Nullable String in(String reply) {
            Matcher matcher = ID.matcher(reply);
            if (!matcher.find()) {
                return null;
            }
            for (int group = 1; group <= matcher.groupCount(); group++) {
                if (matcher.group(group) != null) {
                    return matcher.group(group);
                }
            }
            return null;
        }
    }
}
