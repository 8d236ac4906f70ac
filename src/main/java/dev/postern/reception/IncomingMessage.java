package dev.postern.reception;

import dev.postern.mail.Envelope;
import dev.postern.mail.HeaderRewriter;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.smtp.BdatDecoder;
import dev.postern.smtp.Command;
import dev.postern.smtp.ContentDecoder;
import dev.postern.smtp.ContentDecoder.ContentFault;
import dev.postern.smtp.Replies;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.MessageState;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One message on its way in: content is decoded and goes through the header rewriter into the
/// spool's intake. It holds no content itself. For one thread at a time.
public final class IncomingMessage {

    /// More Received fields than this, and the mail runs in a circle (RFC 5321 §6.3).
    static final int RECEIVED_FIELDS_AT_MOST = 100;

    private final Envelope envelope;
    private final Origin origin;
    private final Instant received;
    private final Intake intake;
    private final ContentDecoder decoder;
    private final HeaderRewriter rewriter;
    private Command.@Nullable Bdat chunk;
    private boolean writable = true;
    private boolean ended;

    /// @param decoder takes away the framing of DATA or BDAT
    /// @param receivedField to be put first
    /// @param messageId to be added if there is none
    IncomingMessage(
            Envelope envelope,
            Origin origin,
            Instant received,
            Intake intake,
            ContentDecoder decoder,
            String receivedField,
            String messageId) {
        this.envelope = envelope;
        this.origin = origin;
        this.received = received;
        this.intake = intake;
        this.decoder = decoder;
        this.rewriter =
                new HeaderRewriter(
                        receivedField,
                        ReceivedField.date(received),
                        messageId,
                        octets -> writable = intake.write(octets));
    }

    Intake intake() {
        return intake;
    }

    Origin origin() {
        return origin;
    }

    /// Sets what to run when an intake that was full has room again, on a thread of the spool.
    public void onWritable(Runnable callback) {
        intake.onWritable(callback);
    }

    /// Begins a chunk of BDAT.
    public void begin(Command.Bdat command) {
        chunk = command;
        ((BdatDecoder) decoder).begin(command);
    }

    /// Takes the octets of DATA or of the chunk.
    ///
    /// @return whether its end was reached
    public boolean take(ByteBuffer in) {
        boolean reached = decoder.decode(in, this::rewrite);
        if (decoder.fault() != null) {
            // Room in the spool is for mail that will be kept; the rest is only read.
            abort();
        }
        return reached;
    }

    private void rewrite(ByteBuffer octets) {
        if (!ended) {
            rewriter.write(octets);
        }
    }

    /// Returns whether no more content is to come, once an end was reached. A chunk that takes the
    /// message over its size is refused itself (RFC 3030 §2); for what is in the content the
    /// message is refused as a whole, at its true end.
    public boolean isWhole() {
        return chunk == null || chunk.last() || decoder.fault() == ContentFault.OVER_SIZE;
    }

    /// Returns the octets of the chunk at hand.
    public long chunkOctets() {
        return chunk == null ? 0 : chunk.sizeOctets();
    }

    /// Returns the octets of content that came, decoded.
    long octets() {
        return decoder.octets();
    }

    /// Returns whether the intake had room left after the last write.
    public boolean isWritable() {
        return writable || ended;
    }

    /// Notes that the intake has room again.
    public void writableAgain() {
        writable = true;
    }

    /// Returns whether it was forgotten, or the end has come.
    boolean isAborted() {
        return ended;
    }

    /// Forgets the message; what still comes of it is thrown away.
    public void abort() {
        if (!ended) {
            ended = true;
            intake.abort();
        }
    }

    /// Ends the content.
    ///
    /// @return why the message must be refused, and then it is forgotten; null when it may be
    ///   committed
    Reception.Result.@Nullable Refused end() {
        Reception.Result.Refused refusal = refusal(decoder.fault());
        if (refusal != null) {
            abort();
        }
        ended = true;
        return refusal;
    }

    private Reception.Result.@Nullable Refused refusal(@Nullable ContentFault fault) {
        return switch (fault) {
            case OVER_SIZE -> new Reception.Result.Refused(Replies.MESSAGE_TOO_BIG, Rejection.SIZE);
            case BARE_NEWLINE ->
                    new Reception.Result.Refused(Replies.BARE_NEWLINES, Rejection.BARE_NEWLINE);
            case null -> {
                rewriter.finish();
                yield rewriter.receivedCount() > RECEIVED_FIELDS_AT_MOST
                        ? new Reception.Result.Refused(Replies.TOO_MANY_HOPS, Rejection.LOOP)
                        : null;
            }
        };
    }

    /// Returns the acceptance of the ended message.
    MessageState acceptance() {
        ContentTraits traits =
                new ContentTraits(
                        decoder.isNonAscii(),
                        rewriter.hasEightBitHeader(),
                        (int) Math.min(decoder.longestLineOctets(), Integer.MAX_VALUE));
        return MessageState.queued(
                intake.id(), envelope, origin, received, traits, rewriter.subject());
    }
}
