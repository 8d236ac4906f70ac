package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletionStage;

/// The spool as reception sees it: messages come in. Thread-safe.
@FunctionalInterface
public interface Intakes {

    /// Begins the reception of a message.
    ///
    /// @throws SpoolException when the spool can't take mail now: full, broken or closed
    Intake receive() throws SpoolException;

    /// The reception of one message. Calls come from one thread at a time; none of them blocks.
    /// Exactly one of [#commit] and [#abort] ends it.
    interface Intake {

        /// Returns the id that the message will have.
        QueueId id();

        /// Appends content. The octets are copied or written before this returns; the buffer is
        /// drained.
        ///
        /// @return whether more may be written now; when false, the caller stops reading from its
        ///   client until the callback of [#onWritable] runs (writing on is allowed, but not
        ///   polite)
        boolean write(ByteBuffer content);

        /// Sets what to run when a full intake has room again. It runs on a thread of the spool and
        /// must hand over quickly. Set before the first write.
        void onWritable(Runnable callback);

        /// Makes what was written readable without making it a message: for `acknowledge: sent`,
        /// where the outcome of an attempt decides. Nothing of it survives a restart. Completes
        /// with the content, or exceptionally with a [SpoolException].
        CompletionStage<MessageContent> stage(ContentTraits traits);

        /// Makes the message durable. When the stage completes, the message is on disk, and will be
        /// there after a crash; when it completes exceptionally, with a [SpoolException], nothing
        /// of it remains. It may complete on a thread of the spool.
        ///
        /// @param message with the id of this intake; its size is what was written
        CompletionStage<Void> commit(MessageState message);

        /// Forgets what was written.
        void abort();
    }
}
