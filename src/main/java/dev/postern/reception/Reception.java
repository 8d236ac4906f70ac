package dev.postern.reception;

import dev.postern.config.PosternConfig;
import dev.postern.config.PosternConfig.ReceivedHeader;
import dev.postern.config.SmtpConfig;
import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.LogMark;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.ReversePath;
import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder;
import dev.postern.smtp.DataDecoder;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.ReplyCode;
import dev.postern.smtp.UpstreamReply;
import dev.postern.spool.Intakes;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.MessageState;
import dev.postern.spool.SpoolException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
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
/// *See also.* [ImmediateDelivery], [dev.postern.spool.Intakes], [dev.postern.mail.HeaderRewriter].
public final class Reception {

    private static final Logger log = LoggerFactory.getLogger(Reception.class);

    /// Octets that are read from a stream at a time.
    private static final int STREAM_BUFFER_BYTES = 16 * 1024;

    private final SmtpConfig smtp;
    private final boolean clientInReceived;
    private volatile AddressRewriter addresses;
    private final Intakes intakes;
    private final @Nullable ImmediateDelivery immediate;
    private final Observer observer;
    private final InstantSource clock;
    private volatile boolean stopped;

    /// Makes the reception of a running forwarder.
    ///
    /// @param immediate null when mail is acknowledged once spooled
    public Reception(
            PosternConfig config,
            Intakes intakes,
            @Nullable ImmediateDelivery immediate,
            Observer observer,
            InstantSource clock) {
        this.smtp = config.smtp();
        this.clientInReceived = config.receivedHeader() == ReceivedHeader.FULL;
        this.addresses = addresses(config);
        this.intakes = intakes;
        this.immediate = immediate;
        this.observer = observer;
        this.clock = clock;
    }

    private static AddressRewriter addresses(PosternConfig config) {
        return new AddressRewriter(
                config.aliases(), config.qualifyDomain(), config.smtp().hostname());
    }

    /// Goes by other aliases and another `qualify-domain` from now on.
    public void use(PosternConfig config) {
        addresses = addresses(config);
    }

    /// Is told what is taken and what is not, for metrics. Called on event loops and on the spool's
    /// threads; must be quick.
    public interface Observer {

        /// A message was answered 250, or the like over HTTP.
        ///
        /// @param took from the end of the data to the answer
        /// @param sizeBytes octets of content as the client sent it, decoded
        default void accepted(Duration took, long sizeBytes) {}

        /// Mail, or a recipient of it, was not taken.
        default void rejected(Rejection reason) {}
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
    public InstantSource clock() {
        return clock;
    }

    /// Returns what makes whole addresses of those that are spoken, as configured now.
    public AddressRewriter addresses() {
        return addresses;
    }

    /// Refuses what comes as a stream from now on, as the listener does with sessions while the
    /// program ends.
    public void stop() {
        stopped = true;
    }

    /// Takes a whole message from a stream, and blocks until its fate is known. For HTTP; newlines
    /// are treated as in DATA.
    ///
    /// @param spoken sender and recipients as given; bare local parts are not qualified yet
    /// @throws IOException when the stream can't be read; nothing of the message remains then
    public Result receive(Envelope spoken, Origin origin, InputStream content) throws IOException {
        AddressRewriter rewriter = addresses;
        String given = spoken.sender().address();
        Optional<String> sender = rewriter.sender(given);
        if (sender.isEmpty()) {
            return new Result.Refused(Replies.unqualifiedSender(given), Rejection.ADDRESS);
        }
        Set<ForwardPath> recipients = new LinkedHashSet<>();
        for (ForwardPath path : spoken.recipients()) {
            Optional<String> address = rewriter.recipient(path.address());
            if (address.isEmpty()) {
                Reply reply = Replies.unqualifiedRecipient(path.address());
                return new Result.Refused(reply, Rejection.ADDRESS);
            }
            recipients.add(new ForwardPath(address.get()));
        }
        Envelope envelope =
                new Envelope(
                        new ReversePath(sender.get()), List.copyOf(recipients), spoken.smtpUtf8());
        return take(envelope, origin, content);
    }

    private Result take(Envelope envelope, Origin origin, InputStream content) throws IOException {
        if (stopped) {
            return refuse(Rejection.SHUTDOWN, Replies.SHUTTING_DOWN, origin.client(), "");
        }
        if (envelope.recipients().size() > smtp.maxRecipients()) {
            return refuse(Rejection.RECIPIENTS, Replies.TOO_MANY_RECIPIENTS, origin.client(), "");
        }
        IncomingMessage incoming;
        try {
            incoming = begin(envelope, origin, true);
        } catch (SpoolException trouble) {
            return refuse(trouble, origin.client());
        }
        try {
            pour(content, incoming);
        } catch (IOException | RuntimeException | Error trouble) {
            incoming.abort();
            throw trouble;
        }
        return finish(incoming).join();
    }

    private static void pour(InputStream content, IncomingMessage incoming) throws IOException {
        Semaphore room = new Semaphore(0);
        incoming.onWritable(room::release);
        byte[] buffer = new byte[STREAM_BUFFER_BYTES];
        int read = content.read(buffer);
        while (read >= 0 && !incoming.isAborted()) {
            incoming.begin(new Command.Bdat(read, false));
            incoming.take(ByteBuffer.wrap(buffer, 0, read));
            if (!incoming.isWritable()) {
                room.acquireUninterruptibly();
                room.drainPermits();
                incoming.writableAgain();
            }
            read = content.read(buffer);
        }
        incoming.begin(new Command.Bdat(0, true));
        incoming.take(ByteBuffer.allocate(0));
    }

    /// Begins to take a message.
    ///
    /// @param inChunks whether its content is framed as in BDAT, else as in DATA
    /// @throws SpoolException when the spool can't take mail now
    public IncomingMessage begin(Envelope envelope, Origin origin, boolean inChunks)
            throws SpoolException {
        Intake intake = intakes.receive();
        Instant now = clock.instant();
        String received =
                ReceivedField.field(origin, smtp.hostname(), intake.id(), now, clientInReceived);
        long limit = smtp.maxMessageSizeBytes();
        ContentDecoder decoder =
                inChunks
                        ? new BdatDecoder(smtp.bareNewline(), limit)
                        : new DataDecoder(smtp.bareNewline(), limit);
        return new IncomingMessage(
                envelope, origin, now, intake, decoder, received, messageId(intake.id()));
    }

    /// The random part tells apart the messages of hosts that share a name.
    private String messageId(QueueId id) {
        String random = Integer.toHexString(ThreadLocalRandom.current().nextInt());
        return "<" + id + "." + random + "@" + smtp.hostname() + ">";
    }

    /// Ends a message. Completes with its fate, on any thread; never exceptionally.
    public CompletableFuture<Result> finish(IncomingMessage incoming) {
        long endNanos = System.nanoTime();
        Result.Refused refusal = incoming.end();
        if (refusal != null) {
            return CompletableFuture.completedFuture(
                    refuse(refusal.reason(), refusal.reply(), incoming.origin().client(), ""));
        }
        MessageState acceptance = incoming.acceptance();
        Intake intake = incoming.intake();
        CompletionStage<Result> fate =
                immediate == null
                        ? commit(intake, acceptance)
                        : send(immediate, intake, acceptance);
        return fate.handle((result, trouble) ->
                        result == null
                                ? refuse(spoolTrouble(trouble), incoming.origin().client())
                                : conclude(result, acceptance, incoming.octets(), endNanos))
                .toCompletableFuture();
    }

    private static CompletionStage<Result> commit(Intake intake, MessageState acceptance) {
        return intake.commit(acceptance).thenApply(_ -> new Result.Queued(intake.id()));
    }

    /// Nothing is kept unless something was accepted; then all is kept, the refused and the
    /// deferred too.
    private static CompletionStage<Result> send(
            ImmediateDelivery immediate, Intake intake, MessageState acceptance) {
        return intake.stage(acceptance.message().traits())
                .thenCompose(content -> immediate.send(acceptance, content))
                .whenComplete((result, _) -> {
                    if (!(result instanceof ImmediateDelivery.Result.Taken)) {
                        intake.abort();
                    }
                })
                .thenCompose(result ->
                        switch (result) {
                            case ImmediateDelivery.Result.Taken taken ->
                                    keep(intake, acceptance, taken);
                            case ImmediateDelivery.Result.Refused(String reply) ->
                                    refused(upstreamRefusal(reply), Rejection.REFUSED_UPSTREAM);
                            case ImmediateDelivery.Result.NotNow(String words) ->
                                    refused(Replies.notSent(words), Rejection.NOT_SENT);
                        });
    }

    private static CompletionStage<Result> refused(Reply reply, Rejection reason) {
        return CompletableFuture.completedStage(new Result.Refused(reply, reason));
    }

    private static CompletionStage<Result> keep(
            Intake intake, MessageState acceptance, ImmediateDelivery.Result.Taken taken) {
        MessageState after = acceptance.after(taken.recipients(), taken.attempts(), taken.due());
        Result.Sent sent = new Result.Sent(intake.id(), taken.egress(), taken.words());
        boolean owed =
                taken.recipients().stream().map(Recipient::state).anyMatch(s -> !s.isFinal());
        return intake.commit(after)
                .exceptionallyCompose(trouble -> {
                    log.atError()
                            .addMarker(LogMark.EACH)
                            .addKeyValue("id", sent.id())
                            .addKeyValue("egress", sent.egress())
                            .addKeyValue("owed", owed)
                            .setCause(trouble)
                            .log("sent, but the spool could not keep what became of it");
                    // When nothing is owed, the loss of the history is no reason to send it again.
                    return owed
                            ? CompletableFuture.failedStage(trouble)
                            : CompletableFuture.completedStage(null);
                })
                .thenApply(_ -> sent);
    }

    /// An HTTP refusal has no SMTP code: 554.
    private static Reply upstreamRefusal(String reply) {
        String firstLine = reply.lines().findFirst().orElse("");
        // The first line of several stands for all.
        String alone = firstLine.replaceFirst("^(\\d{3})-", "$1 ");
        if (UpstreamReply.parse(alone) instanceof UpstreamReply.Answered answer
                && answer.code().isPermanent()) {
            return Replies.upstreamRefusal(answer.code(), answer.status(), answer.firstLine());
        }
        return Replies.upstreamRefusal(ReplyCode.FAILED, null, firstLine);
    }

    private Result conclude(Result result, MessageState acceptance, long sizeBytes, long endNanos) {
        String client = acceptance.message().origin().client();
        if (result instanceof Result.Refused(Reply reply, Rejection reason)) {
            return refuse(reason, reply, client, "");
        }
        observer.accepted(Duration.ofNanos(System.nanoTime() - endNanos), sizeBytes);
        log.atInfo()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", acceptance.id())
                .addKeyValue("from", acceptance.envelope().sender())
                .addKeyValue("to", acceptance.envelope().recipients().size())
                .addKeyValue("size", sizeBytes)
                .addKeyValue("client", client)
                .log("accepted");
        return result;
    }

    /// Notes that mail of a client was not taken because of the spool.
    public Result.Refused refuse(SpoolException trouble, String client) {
        log.atWarn()
                .addKeyValue("why", trouble.getMessage())
                .setCause(trouble.getCause())
                .log("the spool takes no mail");
        return switch (trouble.kind()) {
            case FULL -> refuse(Rejection.SPOOL_FULL, Replies.SPOOL_FULL, client, "");
            case BROKEN, UNUSABLE ->
                    refuse(Rejection.SPOOL_BROKEN, Replies.SPOOL_TROUBLE, client, "");
            case CLOSED -> refuse(Rejection.SHUTDOWN, Replies.SHUTTING_DOWN, client, "");
        };
    }

    /// Notes that mail of a client was not taken.
    ///
    /// @param spoken the address that was refused, as the client said it; empty when it was none
    public Result.Refused refuse(Rejection reason, Reply reply, String client, String spoken) {
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
}
