package dev.postern.admin;

import dev.postern.mail.Envelope;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.io.InputStream;

/// Takes a message that came by HTTP exactly as the listener takes one by SMTP: the same limits,
/// header changes and durability. Blocks; called on a virtual thread.
@FunctionalInterface
public interface Submission {

    /// Takes one message.
    ///
    /// @param envelope sender and recipients as given; bare local parts are not qualified yet
    /// @param origin where it came from
    /// @param content the octets as they come from the client. Reading throws an `IOException` when
    ///   the client breaks off or sends too much; then nothing may be kept, and the exception goes
    ///   on
    /// @throws IOException from `content`
    Receipt submit(Envelope envelope, Origin origin, InputStream content) throws IOException;

    /// What became of a submitted message.
    sealed interface Receipt {

        /// It is durable.
        record Queued(QueueId id) implements Receipt {}

        /// An egress accepted it (`acknowledge: sent`).
        ///
        /// @param reply the egress's words
        record Sent(QueueId id, String egress, String reply) implements Receipt {}

        /// It will never be taken as it is; nothing is kept.
        ///
        /// @param reply the SMTP reply that says why
        record Refused(String reply) implements Receipt {}

        /// It can't be taken now; nothing is kept.
        ///
        /// @param reply the SMTP reply that says why
        record Temporary(String reply) implements Receipt {}

        /// It is larger than messages may be; nothing is kept.
        record TooLarge(String reply) implements Receipt {}
    }
}
