package dev.postern.listener;

import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.ReceivedHeader;
import dev.postern.config.SmtpConfig;
import dev.postern.mail.Envelope;
import dev.postern.mail.LogMark;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder;
import dev.postern.smtp.ContentDecoder.BareNewline;
import dev.postern.smtp.DataDecoder;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import dev.postern.spool.Acceptance;
import dev.postern.spool.Intake;
import dev.postern.spool.Spool;
import dev.postern.spool.SpoolException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// Takes a message once its envelope is known: content in, a durable message (or one that an egress
/// has accepted, under `acknowledge: sent`) out. What DATA, BDAT and HTTP's `POST /messages` share.
///
/// *Contract.* A [Result.Queued] or [Result.Sent] is given only after the spool's commit or the
/// egress's acceptance; a [Result.Refused] only after nothing of the message remains, with one
/// exception: an egress accepted it for some, the rest could not be made durable. Then the client
/// hears 451 and may send it again: a duplicate is better than a loss.
///
/// *Diagnostics.* Logs `accepted` and `refused`, one line a message. Trouble with the spool is a
/// reply, not an exception.
///
/// *Limits.* Heap is constant per message: nothing of the content is kept here.
///
/// *See also.* [ImmediateDelivery], [dev.postern.spool.Intake], [dev.postern.mail.HeaderRewriter].
public final class Reception {

    private static final Logger log = LoggerFactory.getLogger(Reception.class);

    /// Octets that are read from a stream at a time.
    private static final int STREAM_BUFFER_BYTES = 16 * 1024;

    private final SmtpConfig smtp;
    private final boolean clientInReceived;
    private volatile AddressRewriter addressing;
    private final Spool spool;
    private final @Nullable ImmediateDelivery immediate;
    private final ListenerObserver observer;
    private final InstantSource clock;
    private volatile boolean stopped;

    /// Makes the reception of a running forwarder.
    ///
    /// @param immediate null when mail is acknowledged once spooled
    public Reception(
            PosternConfig config,
            Spool spool,
            @Nullable ImmediateDelivery immediate,
            ListenerObserver observer,
            InstantSource clock) {
        this.smtp = config.smtp();
        this.clientInReceived = config.receivedHeader() == ReceivedHeader.FULL;
        this.addressing = addressing(config);
        this.spool = spool;
        this.immediate = immediate;
        this.observer = observer;
        this.clock = clock;
    }

    private static AddressRewriter addressing(PosternConfig config) {
        return new AddressRewriter(
                config.aliases(), config.qualifyDomain(), config.smtp().hostname());
    }

    /// Goes by other aliases and another `qualify-domain` from now on.
    public void use(PosternConfig config) {
        addressing = addressing(config);
    }

    /// What became of a message.
    public sealed interface Result {

        /// Returns what an SMTP client is told.
        Reply reply();

        /// It is durable here.
        record Queued(QueueId id) implements Result {
            @Override
            public Reply reply() {
                return Replies.queued(id.toString());
            }
        }

        /// An egress accepted it for at least one recipient.
        ///
        /// @param words what the egress said
        record Sent(QueueId id, String egress, String words) implements Result {
            @Override
            public Reply reply() {
                return Replies.sent(id.toString(), egress, words);
            }
        }

        /// It was not taken.
        record Refused(Reply reply, Rejection reason) implements Result {}
    }

    /// Returns the clock that messages are dated by.
    InstantSource clock() {
        return clock;
    }

    /// Returns the address that a recipient as spoken stands for, by aliases and `qualify-domain`;
    /// empty when it has no domain and nothing gives it one.
    public Optional<String> recipient(String spoken) {
        return addressing.recipient(spoken);
    }

    /// Returns the address that a sender as spoken stands for; the null reverse-path stays empty.
    public Optional<String> sender(String spoken) {
        return addressing.sender(spoken);
    }

    /// Refuses what comes as a stream from now on, as the listener does with sessions while the
    /// program ends.
    public void stop() {
        stopped = true;
    }

    /// Takes a whole message from a stream, and blocks until its fate is known. For HTTP; newlines
    /// are treated as in DATA.
    ///
    /// @throws IOException when the stream can't be read; nothing of the message remains then
    public Result receive(Envelope envelope, Origin origin, InputStream content)
            throws IOException {
        if (stopped) {
            return refuse(Rejection.SHUTDOWN, Replies.shuttingDown(), origin.client());
        }
        if (envelope.recipients().size() > smtp.maxRecipients()) {
            return refuse(Rejection.RECIPIENTS, Replies.tooManyRecipients(), origin.client());
        }
        IncomingMessage incoming;
        try {
            incoming = begin(envelope, origin);
        } catch (SpoolException trouble) {
            return refuse(trouble, origin.client());
        }
        BdatDecoder decoder = new BdatDecoder(bareNewline(), smtp.maxMessageSizeBytes());
        try {
            pour(content, decoder, incoming);
        } catch (IOException | RuntimeException | Error trouble) {
            incoming.abort();
            throw trouble;
        }
        return finish(incoming, decoder).join();
    }

    private static void pour(InputStream content, BdatDecoder decoder, IncomingMessage incoming)
            throws IOException {
        Semaphore room = new Semaphore(0);
        incoming.onWritable(room::release);
        byte[] buffer = new byte[STREAM_BUFFER_BYTES];
        int read = content.read(buffer);
        while (read >= 0 && decoder.fault() == null) {
            decoder.begin(new Command.Bdat(read, false));
            decoder.decode(ByteBuffer.wrap(buffer, 0, read), incoming);
            if (!incoming.isWritable()) {
                room.acquireUninterruptibly();
                room.drainPermits();
                incoming.writableAgain();
            }
            read = content.read(buffer);
        }
        decoder.begin(new Command.Bdat(0, true));
        decoder.decode(ByteBuffer.allocate(0), incoming);
    }

    /// Begins to take a message.
    ///
    /// @throws SpoolException when the spool can't take mail now
    IncomingMessage begin(Envelope envelope, Origin origin) throws SpoolException {
        Intake intake = spool.receive();
        Instant now = clock.instant();
        String received =
                ReceivedField.field(origin, smtp.hostname(), intake.id(), now, clientInReceived);
        IncomingMessage.Fields fields =
                new IncomingMessage.Fields(
                        received, ReceivedField.date(now), messageId(intake.id()));
        return new IncomingMessage(envelope, origin, now, intake, fields);
    }

    /// The random part tells apart the messages of hosts that share a name.
    private String messageId(QueueId id) {
        String random = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        return "<" + id + "." + random + "@" + smtp.hostname() + ">";
    }

    /// Returns a decoder for one message's content.
    ContentDecoder newDecoder(boolean inChunks) {
        long limit = smtp.maxMessageSizeBytes();
        return inChunks
                ? new BdatDecoder(bareNewline(), limit)
                : new DataDecoder(bareNewline(), limit);
    }

    private BareNewline bareNewline() {
        return switch (smtp.bareNewline()) {
            case NORMALIZE -> BareNewline.NORMALIZE;
            case REJECT -> BareNewline.REJECT;
        };
    }

    /// Ends a message. Completes with its fate, on any thread; never exceptionally.
    CompletableFuture<Result> finish(IncomingMessage incoming, ContentDecoder decoder) {
        long endNanos = System.nanoTime();
        Result.Refused refusal = incoming.end(decoder);
        if (refusal != null) {
            return CompletableFuture.completedFuture(
                    refuse(refusal.reason(), refusal.reply(), incoming.origin().client()));
        }
        Acceptance acceptance = incoming.acceptance(decoder);
        Intake intake = incoming.intake();
        CompletableFuture<Result> fate =
                immediate == null
                        ? commit(intake, acceptance)
                        : send(immediate, intake, acceptance);
        return fate.handle((result, trouble) -> {
            if (result == null) {
                return refuse(spoolTrouble(trouble), incoming.origin().client());
            }
            return conclude(result, acceptance, decoder.octets(), endNanos);
        });
    }

    private static CompletableFuture<Result> commit(Intake intake, Acceptance acceptance) {
        return intake.commit(acceptance)
                .<Result>thenApply(_ -> new Result.Queued(intake.id()))
                .toCompletableFuture();
    }

    private static CompletableFuture<Result> send(
            ImmediateDelivery immediate, Intake intake, Acceptance acceptance) {
        return intake.stage(acceptance)
                .thenCompose(content -> immediate.send(intake.id(), acceptance, content))
                .handle((result, trouble) -> settle(intake, acceptance, result, trouble))
                .thenCompose(settled -> settled)
                .toCompletableFuture();
    }

    /// Nothing is kept unless something was accepted; then all is kept, the refused and the
    /// deferred too.
    private static CompletableFuture<Result> settle(
            Intake intake,
            Acceptance acceptance,
            ImmediateDelivery.@Nullable Result result,
            @Nullable Throwable trouble) {
        switch (result) {
            case null -> {
                intake.abort();
                return CompletableFuture.failedFuture(
                        trouble == null ? new IllegalStateException("no result") : trouble);
            }
            case ImmediateDelivery.Result.Taken taken -> {
                return keep(intake, acceptance, taken);
            }
            case ImmediateDelivery.Result.Refused refused -> {
                intake.abort();
                Reply reply = upstreamRefusal(refused);
                return CompletableFuture.completedFuture(
                        new Result.Refused(reply, Rejection.REFUSED_UPSTREAM));
            }
            case ImmediateDelivery.Result.NotNow notNow -> {
                intake.abort();
                Reply reply = Replies.notSent(notNow.words());
                return CompletableFuture.completedFuture(
                        new Result.Refused(reply, Rejection.NOT_SENT));
            }
        }
    }

    private static CompletableFuture<Result> keep(
            Intake intake, Acceptance acceptance, ImmediateDelivery.Result.Taken taken) {
        Acceptance after = acceptance.after(taken.recipients(), taken.attempts(), taken.due());
        Result.Sent sent = new Result.Sent(intake.id(), taken.egress(), taken.words());
        return intake.commit(after)
                .handle((_, trouble) -> afterSent(sent, taken, trouble))
                .thenCompose(fate -> fate)
                .toCompletableFuture();
    }

    /// When all is final nothing is owed, and the loss of the history is no reason to have it sent
    /// again.
    private static CompletableFuture<Result> afterSent(
            Result.Sent sent, ImmediateDelivery.Result.Taken taken, @Nullable Throwable trouble) {
        boolean owed =
                taken.recipients().stream().map(Recipient::state).anyMatch(s -> !s.isFinal());
        if (trouble == null) {
            return CompletableFuture.completedFuture(sent);
        }
        log.atError()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", sent.id())
                .addKeyValue("egress", sent.egress())
                .addKeyValue("owed", owed)
                .setCause(trouble)
                .log("sent, but the spool could not keep what became of it");
        return owed
                ? CompletableFuture.failedFuture(trouble)
                : CompletableFuture.completedFuture(sent);
    }

    /// An HTTP refusal has no SMTP code: 554.
    private static Reply upstreamRefusal(ImmediateDelivery.Result.Refused refused) {
        String firstLine = refused.reply().lines().findFirst().orElse("");
        // The first line of several stands for all.
        String alone = firstLine.replaceFirst("^(\\d{3})-", "$1 ");
        if (refused.smtp()
                && UpstreamReply.parse(alone) instanceof UpstreamReply.Answered answer
                && answer.code().isPermanent()) {
            return Replies.upstreamRefusal(answer.code(), answer.status(), answer.firstLine());
        }
        return Replies.upstreamRefusal(ReplyCode.FAILED, null, refused.reply());
    }

    private Result conclude(Result result, Acceptance acceptance, long sizeBytes, long endNanos) {
        switch (result) {
            case Result.Queued queued -> accepted(queued.id(), acceptance, sizeBytes, endNanos);
            case Result.Sent sent -> accepted(sent.id(), acceptance, sizeBytes, endNanos);
            case Result.Refused refused ->
                    refuse(refused.reason(), refused.reply(), acceptance.origin().client());
        }
        return result;
    }

    private void accepted(QueueId id, Acceptance acceptance, long sizeBytes, long endNanos) {
        observer.accepted(Duration.ofNanos(System.nanoTime() - endNanos), sizeBytes);
        log.atInfo()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", id)
                .addKeyValue("from", acceptance.envelope().sender())
                .addKeyValue("to", acceptance.envelope().recipients().size())
                .addKeyValue("size", sizeBytes)
                .addKeyValue("client", acceptance.origin().client())
                .log("accepted");
    }

    /// Notes that mail of a client was not taken because of the spool.
    Result.Refused refuse(SpoolException trouble, String client) {
        log.atWarn()
                .addKeyValue("why", trouble.getMessage())
                .setCause(trouble.getCause())
                .log("the spool takes no mail");
        return refuse(reason(trouble), reply(trouble), client);
    }

    /// Notes that mail of a client was not taken.
    Result.Refused refuse(Rejection reason, Reply reply, String client) {
        return refuse(reason, reply, client, "");
    }

    /// Notes that mail of a client was not taken.
    ///
    /// @param spoken the address that was refused, as the client said it; empty when it was none
    Result.Refused refuse(Rejection reason, Reply reply, String client, String spoken) {
        observer.rejected(reason);
        LoggingEventBuilder line =
                log.atInfo()
                        .addKeyValue("reason", reason.word())
                        .addKeyValue("reply", reply)
                        .addKeyValue("client", client);
        if (!spoken.isEmpty()) {
            // No longer than a command line. Whole, for half an address would escape its mask.
            line = line.addKeyValue("address", spoken);
        }
        line.log("refused");
        return new Result.Refused(reply, reason);
    }

    private static SpoolException spoolTrouble(@Nullable Throwable trouble) {
        Throwable cause = trouble;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof SpoolException spoolException) {
            return spoolException;
        }
        log.atError().setCause(cause).log("a message could not be taken");
        return new SpoolException(SpoolException.Kind.BROKEN, "internal error", cause);
    }

    private static Reply reply(SpoolException trouble) {
        return switch (trouble.kind()) {
            case FULL -> Replies.spoolFull();
            case BROKEN, UNUSABLE -> Replies.spoolTrouble();
            case CLOSED -> Replies.shuttingDown();
        };
    }

    private static Rejection reason(SpoolException trouble) {
        return switch (trouble.kind()) {
            case FULL -> Rejection.SPOOL_FULL;
            case BROKEN, UNUSABLE -> Rejection.SPOOL_BROKEN;
            case CLOSED -> Rejection.SHUTDOWN;
        };
    }
}
