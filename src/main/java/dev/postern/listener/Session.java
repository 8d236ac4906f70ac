package dev.postern.listener;

import dev.postern.listener.AuthExchange.AuthStep;
import dev.postern.listener.Protocol.ErrorCounter;
import dev.postern.listener.Protocol.SessionState;
import dev.postern.listener.Protocol.SmtpVerb;
import dev.postern.listener.Protocol.Transition;
import dev.postern.listener.SessionContext.Link;
import dev.postern.listener.Transaction.RefusedChunk;
import dev.postern.mail.ALabels;
import dev.postern.mail.Origin;
import dev.postern.mail.ReversePath;
import dev.postern.reception.IncomingMessage;
import dev.postern.reception.ReceivedField;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import dev.postern.smtp.Command;
import dev.postern.smtp.CommandParser;
import dev.postern.smtp.LineReader;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.smtp.Sasl.UserPassword;
import dev.postern.smtp.SmtpLimits;
import dev.postern.spool.SpoolException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's connection from greeting to close: octets in, replies out, a message into the
/// reception now and then. [Protocol] says what each command does in each state; this does it.
/// There is no I/O and no Netty here; whoever has the connection is the [Output].
///
/// *Contract.* All calls come from one thread, the event loop. What takes time (a commit, a check
/// of credentials) makes the session busy: it reads no further, so that pipelined commands are
/// executed in order, and goes on by [Output#execute].
///
/// *Diagnostics.* There is no input that it throws at. A reply that closes the session is its last
/// one.
///
/// *Limits.* [ErrorCounter#AT_MOST], [AuthExchange#FAILURES_AT_MOST]; memory is one command line
/// and one envelope, as far as [Crowd] has room for them. A client that does not read its replies
/// is not heard.
///
/// *See also.* `docs/session.md`, [Crowd], [Reception], [dev.postern.smtp.CommandParser].
final class Session {

    /// So much of a message's content is progress, and no idleness: about a line of text.
    static final int PROGRESS_OCTETS = SmtpLimits.TEXT_LINE_OCTETS;

    private static final Logger log = LoggerFactory.getLogger(Session.class);

    private final SessionContext context;
    private final Link link;
    private final Output peer;
    private final Crowd.Seat seat;
    private final LineReader lines = new LineReader();
    private final AuthExchange auth;
    private final ErrorCounter errors = new ErrorCounter();

    /// The kinds of what was refused for its form since the last MAIL: each is told once, however
    /// many a client has of it.
    private final Set<String> told = new HashSet<>();

    /// Others look at it on their threads to see who may have to leave.
    private volatile SessionState state = SessionState.START;

    private volatile boolean heldUp;

    private boolean secure;
    private boolean extended;
    private String helo = "";
    private @Nullable Transaction transaction;
    private @Nullable RefusedChunk refusedChunk;
    private int contentOctets;
    private boolean shutDown;
    private boolean gone;

    /// The session's connection, as it needs it. Calls come from the event loop.
    interface Output {

        /// Writes a reply, at the latest when the input runs dry. One that closes the session
        /// closes the connection behind it.
        void send(Reply reply);

        /// Begins the server's side of a TLS handshake. What was sent goes out first, in the clear.
        void secure();

        /// Closes the connection without a word.
        void drop();

        /// Hands something over to the event loop, from any thread.
        void execute(Runnable task);

        /// Hands something over to the event loop once a time is over, unless the client is gone
        /// then; goes on with input behind it.
        void after(Duration wait, Runnable task);

        /// Returns whether the client has yet to read what it was told: it is not to be heard then.
        boolean isBehind();

        /// Goes on with input that was held back.
        void resume();
    }

    Session(SessionContext context, Link link, Output peer, Crowd.Seat seat) {
        this.context = context;
        this.link = link;
        this.peer = peer;
        this.seat = seat;
        this.auth = new AuthExchange(context, link);
    }

    SessionState state() {
        return state;
    }

    /// Returns whether no input is wanted now: it is to be kept, and no more to be read.
    boolean isStalled() {
        return state.isBusy() || (transaction != null && transaction.isFull());
    }

    /// Begins (RFC 5321 §3.1).
    void greet() {
        send(Replies.greeting(context.config().hostname()));
    }

    /// Takes what the client sent. What is left in `in` afterwards is to be offered again when the
    /// session is no longer stalled and the client no longer behind.
    void consume(ByteBuffer in) {
        while (in.hasRemaining()
                && !isStalled()
                && !peer.isBehind()
                && state != SessionState.CLOSED) {
            int before = in.remaining();
            switch (state) {
                case DATA, CHUNK -> {
                    content(in);
                    cameIn(before - in.remaining());
                }
                case REFUSED_CHUNK -> {
                    throwAway(Objects.requireNonNull(refusedChunk), in);
                    cameIn(before - in.remaining());
                }
                case SECURING -> peer.drop();
                default -> line(in);
            }
        }
        lookWhetherHeldUp();
    }

    private void lookWhetherHeldUp() {
        heldUp = transaction != null && transaction.isFull();
    }

    /// Returns whether the spool has no room for more of the message now; on any thread.
    boolean isHeldUp() {
        return heldUp;
    }

    private void cameIn(int octets) {
        contentOctets += octets;
        if (contentOctets >= PROGRESS_OCTETS) {
            contentOctets = 0;
            seat.progress();
        }
    }

    private void line(ByteBuffer in) {
        LineReader.Line line = lines.read(in);
        if (line != null) {
            seat.heard();
        }
        // A long line in parts, and the room that it has no more need of.
        boolean room = seat.hold(heldBytes());
        switch (line) {
            case null -> {
                if (!room) {
                    send(Replies.GAVE_WAY);
                }
            }
            case LineReader.Line.Whole whole -> line(whole.octets(), in);
            case LineReader.Line.BareLineFeed _ -> send(Replies.BARE_LINE_FEED);
            case LineReader.Line.TooLong(Reply reply) -> {
                boolean challenged = state == SessionState.CHALLENGED;
                state = challenged ? SessionState.READY : state;
                send(challenged ? Replies.AUTH_LINE_TOO_LONG : reply);
            }
        }
    }

    private void line(byte[] octets, ByteBuffer in) {
        if (state == SessionState.CHALLENGED) {
            authStep(auth.answer(octets));
            return;
        }
        Command command = CommandParser.parse(octets);
        switch (command) {
            case Command.Unknown unknown -> send(unknown.reply());
            case Command.Malformed malformed -> malformed(malformed);
            default -> execute(command, in);
        }
    }

    /// A recipient that can't be read is one that was refused; a sender, a transaction that was.
    private void malformed(Command.Malformed command) {
        switch (command.part()) {
            case SENDER -> told.clear();
            case RECIPIENT -> {
                if (transaction != null) {
                    transaction.recipientRefused();
                }
            }
            case NEITHER -> {}
        }
        send(command.reply(), command.spoken());
    }

    private void execute(Command command, ByteBuffer in) {
        SmtpVerb verb = Protocol.verb(command);
        Transition step = Transition.of(state, verb);
        Reply refusal = step.refusal();
        if (context.admission().mustStartTls(secure) && !verb.mayComeBeforeTls()) {
            refusal = Replies.TLS_REQUIRED;
        } else if (step == Transition.RCPT_FIRST && open().hasRefusedRecipient()) {
            refusal = Replies.NO_VALID_RECIPIENTS;
        }
        if (refusal != null && command instanceof Command.Bdat chunk) {
            // Its octets are on their way all the same (RFC 3030 §2).
            throwAway(chunk, refusal, in);
            return;
        }
        if (refusal != null) {
            send(refusal);
            return;
        }
        switch (command) {
            case Command.Helo hello -> hello(hello.clientName(), false);
            case Command.Ehlo hello -> hello(hello.clientName(), true);
            case Command.Mail mail -> mail(mail);
            case Command.Rcpt rcpt -> rcpt(rcpt);
            case Command.Data _ -> startData();
            case Command.Bdat bdat -> startChunk(bdat, in);
            case Command.Rset _ -> {
                forget();
                send(Replies.OK);
            }
            case Command.Noop _ -> send(Replies.OK);
            case Command.Vrfy _ -> send(Replies.NOT_VERIFIED);
            case Command.Help _ -> send(Replies.help(context.verbs(link, secure)));
            case Command.Quit _ -> send(Replies.GOODBYE);
            case Command.StartTls _ -> startTls(in);
            case Command.Auth login -> logIn(login);
            case Command.Unknown _, Command.Malformed _ -> throw new AssertionError(command);
        }
    }

    private long heldBytes() {
        long envelope = transaction == null ? 0 : transaction.envelopeBytes();
        return lines.extraOctets() + auth.heldBytes() + envelope;
    }

    private void send(Reply reply) {
        send(reply, "");
    }

    /// @param spoken the address that the reply refuses, as the client said it; empty when it is
    ///   about none
    private void send(Reply reply, String spoken) {
        boolean form = ErrorCounter.OF_FORM.contains(reply.code());
        if (form && told.add(reply.code() + " " + reply.status())) {
            context.reception().refuse(Rejection.FORM, reply, link.clientText(), spoken);
        }
        Reply said = errors.counted(reply);
        if (said.closesSession()) {
            close();
        }
        peer.send(said);
    }

    private void close() {
        forget();
        state = SessionState.CLOSED;
    }

    // Hello and small things.

    private void hello(String name, boolean isExtended) {
        forget();
        helo = name;
        extended = isExtended;
        state = SessionState.READY;
        seat.progress();
        String hostname = context.config().hostname();
        send(
                isExtended
                        ? Replies.ehlo(hostname, context.offers(link, secure))
                        : Replies.helo(hostname));
    }

    private void forget() {
        if (transaction != null) {
            transaction.abort();
        }
        transaction = null;
        refusedChunk = null;
        seat.hold(heldBytes());
        if (state != SessionState.START) {
            state = SessionState.READY;
        }
    }

    private Transaction open() {
        return Objects.requireNonNull(transaction, "no transaction");
    }

    // The envelope.

    private void mail(Command.Mail mail) {
        told.clear();
        Reception.Result.Refused refusal =
                context.admission().refusal(mail, link, secure, auth.isDone());
        if (refusal != null) {
            reject(refusal.reason(), refusal.reply(), mail.reversePath());
            return;
        }
        Optional<String> sender = context.reception().addresses().sender(mail.reversePath());
        if (sender.isEmpty()) {
            Reply reply = Replies.unqualifiedSender(mail.reversePath());
            reject(Rejection.ADDRESS, reply, mail.reversePath());
            return;
        }
        transaction = new Transaction(new ReversePath(sender.get()), mail.smtpUtf8());
        state = SessionState.SENDER;
        seat.progress();
        send(Replies.SENDER_OK);
    }

    private void rcpt(Command.Rcpt rcpt) {
        Transaction mail = open();
        if (!mail.isSmtpUtf8() && !ALabels.isAscii(rcpt.forwardPath())) {
            mail.recipientRefused();
            reject(Rejection.ADDRESS, Replies.NON_ASCII_ADDRESS, rcpt.forwardPath());
            return;
        }
        Optional<String> address = context.reception().addresses().recipient(rcpt.forwardPath());
        if (address.isEmpty()) {
            mail.recipientRefused();
            Reply reply = Replies.unqualifiedRecipient(rcpt.forwardPath());
            reject(Rejection.ADDRESS, reply, rcpt.forwardPath());
            return;
        }
        if (mail.has(address.get())) {
            send(Replies.RECIPIENT_OK);
        } else if (mail.recipientCount() >= context.config().maxRecipients()) {
            reject(Rejection.RECIPIENTS, Replies.TOO_MANY_RECIPIENTS, address.get());
        } else if (!seat.hold(heldBytes() + Transaction.bytes(address.get().length()))) {
            reject(Rejection.RECIPIENTS, Replies.NO_ROOM_FOR_RECIPIENT, address.get());
        } else {
            mail.add(address.get());
            state = SessionState.ADDRESSED;
            seat.progress();
            send(Replies.RECIPIENT_OK);
        }
    }

    private void reject(Rejection reason, Reply reply, String spoken) {
        send(context.reception().refuse(reason, reply, link.clientText(), spoken).reply());
    }

    // The content.

    private void startData() {
        Reply refusal = receive(false);
        if (refusal == null) {
            state = SessionState.DATA;
            seat.progress();
            send(Replies.START_CONTENT);
        } else {
            send(refusal);
        }
    }

    private void startChunk(Command.Bdat command, ByteBuffer in) {
        Reply refusal = open().isReceiving() ? null : receive(true);
        if (refusal != null) {
            throwAway(command, refusal, in);
            return;
        }
        open().incoming().begin(command);
        state = SessionState.CHUNK;
        // A chunk may be of no octets.
        content(in);
    }

    /// Begins to receive the content.
    ///
    /// @return null, or why the spool can't take it
    private @Nullable Reply receive(boolean inChunks) {
        Transaction mail = open();
        String protocol =
                ReceivedField.protocol(extended, secure, auth.isDone(), mail.isSmtpUtf8());
        Origin origin = new Origin(link.clientText(), helo, protocol, auth.user());
        try {
            IncomingMessage incoming = context.reception().begin(mail.envelope(), origin, inChunks);
            incoming.onWritable(() -> peer.execute(() -> writableAgain(incoming)));
            mail.receive(incoming);
            return null;
        } catch (SpoolException trouble) {
            return context.reception().refuse(trouble, link.clientText()).reply();
        }
    }

    private void writableAgain(IncomingMessage incoming) {
        incoming.writableAgain();
        lookWhetherHeldUp();
        peer.resume();
    }

    private void content(ByteBuffer in) {
        IncomingMessage mail = open().incoming();
        if (!mail.take(in)) {
            return;
        }
        if (mail.isWhole()) {
            state = SessionState.COMMITTING;
            await(context.reception().finish(mail), this::finished);
        } else {
            state = SessionState.CHUNKED;
            send(Replies.chunkOk(mail.chunkOctets()));
        }
    }

    private void throwAway(Command.Bdat command, Reply reply, ByteBuffer in) {
        RefusedChunk refused = new RefusedChunk(command, reply, state);
        refusedChunk = refused;
        state = SessionState.REFUSED_CHUNK;
        throwAway(refused, in);
    }

    /// The answer is not counted as one more error: a pipelining client has many chunks under way.
    private void throwAway(RefusedChunk refused, ByteBuffer in) {
        if (refused.swallow(in)) {
            state = refused.after();
            refusedChunk = null;
            if (refused.reply().closesSession()) {
                close();
            }
            peer.send(refused.reply());
        }
    }

    private void finished(Reception.@Nullable Result result, @Nullable Throwable trouble) {
        transaction = null;
        seat.hold(heldBytes());
        if (gone) {
            state = SessionState.CLOSED;
            log.atInfo()
                    .addKeyValue("client", link.clientText())
                    .addKeyValue("reply", result == null ? "" : result.reply())
                    .log("the client left before this answer");
            return;
        }
        state = SessionState.READY;
        seat.progress();
        if (result == null) {
            log.atError().setCause(trouble).log("a message could not be taken");
            send(Replies.SPOOL_TROUBLE);
            return;
        }
        if (!(result instanceof Reception.Result.Refused)) {
            errors.forgive();
        }
        send(result.reply());
        leaveIfTold();
    }

    /// Goes on with `then`, on the event loop: at once when the result is there.
    private <T> void await(
            CompletableFuture<T> future, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        if (future.isDone()) {
            future.whenComplete(then);
            return;
        }
        future.whenComplete((result, trouble) ->
                peer.execute(() -> {
                    then.accept(result, trouble);
                    peer.resume();
                }));
    }

    // TLS and AUTH.

    private void startTls(ByteBuffer in) {
        if (secure) {
            send(Replies.badSequence("TLS is on already"));
        } else if (context.certificate() == null) {
            send(Replies.NOT_IMPLEMENTED);
        } else if (!in.hasRemaining() && !seat.secure()) {
            send(Replies.TLS_NOT_AVAILABLE);
        } else if (in.hasRemaining()) {
            // CVE-2011-0411: what was sent in the clear must not be taken for what TLS protects.
            log.atWarn()
                    .addKeyValue("client", link.clientText())
                    .log("octets in the clear behind STARTTLS, closing");
            close();
            peer.drop();
        } else {
            state = SessionState.SECURING;
            send(Replies.READY_FOR_TLS);
            peer.secure();
        }
    }

    /// The handshake is over: everything that was said before is forgotten (RFC 3207 §4.2).
    void secured() {
        forget();
        secure = true;
        extended = false;
        helo = "";
        auth.forget();
        lines.forget();
        seat.hold(heldBytes());
        seat.progress();
        state = SessionState.START;
    }

    private void logIn(Command.Auth command) {
        Reply refusal = auth.refusal(secure);
        if (refusal == null) {
            authStep(auth.begin(command));
        } else {
            send(refusal);
        }
    }

    private void authStep(AuthStep step) {
        switch (step) {
            case AuthStep.Answer(Reply reply, SessionState next) -> {
                state = next;
                send(seat.hold(heldBytes()) ? reply : Replies.GAVE_WAY);
            }
            case AuthStep.Failed(Reply reply, Duration delay) -> {
                state = SessionState.DELAYED;
                peer.after(delay, () -> answerAtLast(reply));
            }
            case AuthStep.Check(UserPassword credentials) -> {
                state = SessionState.CHECKING;
                String name = credentials.username();
                await(auth.check(credentials), (right, e) -> checked(name, right, e));
            }
        }
    }

    private void checked(String name, @Nullable Boolean right, @Nullable Throwable trouble) {
        if (gone) {
            return;
        }
        if (right == null) {
            state = SessionState.READY;
            log.atError().setCause(trouble).log("credentials could not be checked");
            send(Replies.AUTH_TROUBLE);
        } else {
            if (right) {
                seat.progress();
            }
            authStep(auth.checked(name, right));
        }
        leaveIfTold();
    }

    private void answerAtLast(Reply reply) {
        if (state == SessionState.DELAYED) {
            state = SessionState.READY;
            send(reply);
        }
    }

    private void leaveIfTold() {
        if (shutDown) {
            end(Replies.SHUTTING_DOWN);
        }
    }

    // The end.

    /// Says the last word, where the client can hear it.
    private void end(Reply reply) {
        if (state == SessionState.SECURING) {
            peer.drop();
        } else if (state != SessionState.CLOSED) {
            send(reply);
        }
    }

    /// Ends the session with 421, at once or after the message that comes in.
    void shutDown() {
        shutDown = true;
        if (state == SessionState.DELAYED || !(state.isReceiving() || state.isBusy())) {
            leaveIfTold();
        }
    }

    /// Ends the session, whose room others need.
    void giveWay() {
        log.atInfo()
                .addKeyValue("client", link.clientText())
                .addKeyValue("state", state)
                .log("session ended, since others need the room");
        brokenOff("room was needed in mid-message");
        end(Replies.GAVE_WAY);
    }

    /// Ends the session of a client that was idle for too long (RFC 5321 §4.5.3.2).
    void idle() {
        brokenOff("idle");
        end(Replies.IDLE_TIMEOUT);
    }

    /// Notes that the connection is gone. What is being committed stays (its fate is logged), what
    /// was still coming in does not.
    void gone() {
        gone = true;
        if (state == SessionState.COMMITTING) {
            return;
        }
        brokenOff("the client left");
        close();
    }

    private void brokenOff(String why) {
        if (state == SessionState.DATA
                || state == SessionState.CHUNK
                || state == SessionState.CHUNKED) {
            context.observer().rejected(Rejection.BROKEN_OFF);
            log.atInfo()
                    .addKeyValue("client", link.clientText())
                    .addKeyValue("why", why)
                    .log("message broken off");
        }
    }
}
