package dev.postern.reception;

import dev.postern.mail.Envelope;
import dev.postern.mail.HeaderRewriter;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.smtp.ContentDecoder;
import dev.postern.smtp.ContentDecoder.ContentFault;
import dev.postern.smtp.ContentDecoder.ContentSink;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.MessageState;
import java.nio.ByteBuffer;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One message on its way in: decoded content goes through the header rewriter into the spool's
/// intake. It holds no content itself. For one thread at a time.
public final class IncomingMessage implements ContentSink {

    /// More Received fields than this, and the mail runs in a circle (RFC 5321 §6.3).
    static final int RECEIVED_FIELDS_AT_MOST = 100;

    private final Envelope envelope;
    private final Origin origin;
    private final Instant received;
    private final Intake intake;
    private final HeaderRewriter rewriter;
    private boolean writable = true;
    private boolean ended;

    /// @param receivedField to be put first
    /// @param messageId to be added if there is none
    IncomingMessage(
            Envelope envelope,
            Origin origin,
            Instant received,
            Intake intake,
            String receivedField,
            String messageId) {
        this.envelope = envelope;
        this.origin = origin;
        this.received = received;
        this.intake = intake;
        this.rewriter =
                new HeaderRewriter(
                        receivedField, ReceivedField.date(received), messageId, this::keep);
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

    /// Takes decoded content.
    @Override
    public void write(ByteBuffer octets) {
        if (!ended) {
            rewriter.write(octets);
        }
    }

    private void keep(ByteBuffer octets) {
        writable = intake.write(octets);
    }

    /// Returns whether the intake had room left after the last write.
    public boolean isWritable() {
        return writable || ended;
    }

    /// Notes that the intake has room again.
    public void writableAgain() {
        writable = true;
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
    Reception.Result.@Nullable Refused end(ContentDecoder decoder) {
        Reception.Result.Refused refusal = null;
        ContentFault fault = decoder.fault();
        if (fault != null) {
            refusal = refused(fault);
        } else {
            rewriter.finish();
            if (rewriter.receivedCount() > RECEIVED_FIELDS_AT_MOST) {
                refusal = refused(Rejection.LOOP, Replies.tooManyHops());
            }
        }
        if (refusal == null) {
            ended = true;
        } else {
            abort();
        }
        return refusal;
    }

    private static Reception.Result.Refused refused(ContentFault fault) {
        return switch (fault) {
            case OVER_SIZE -> refused(Rejection.SIZE, fault.reply());
            case BARE_NEWLINE -> refused(Rejection.BARE_NEWLINE, fault.reply());
        };
    }

    private static Reception.Result.Refused refused(Rejection reason, Reply reply) {
        return new Reception.Result.Refused(reply, reason);
    }

    /// Returns the acceptance of the ended message.
    MessageState acceptance(ContentDecoder decoder) {
        ContentTraits traits =
                new ContentTraits(
                        decoder.isNonAscii(),
                        rewriter.hasEightBitHeader(),
                        (int) Math.min(decoder.longestLineOctets(), Integer.MAX_VALUE));
        return MessageState.queued(
                intake.id(), envelope, origin, received, traits, rewriter.subject());
    }
}
