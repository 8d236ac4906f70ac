package dev.postern.reception;

import dev.postern.mail.MessageContent;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import dev.postern.spool.MessageState;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletionStage;

/// Sends a message while its client waits (`acknowledge: sent`). The dispatcher does.
@FunctionalInterface
public interface ImmediateDelivery {

    /// Tries to send a message that is staged and not kept. Does not block. Completes when every
    /// outcome is known, or the acknowledge time-out has run; exceptionally only through a mistake
    /// of ours.
    CompletionStage<Result> send(MessageState message, MessageContent content);

    /// What came of it.
    sealed interface Result {

        /// At least one recipient was accepted. The message is to be kept with these states.
        ///
        /// @param recipients all of them, in the envelope's order
        /// @param due when the deferred ones are due next; of no meaning when all is final
        /// @param egress the one that accepted
        /// @param words what it said then
        record Taken(
                List<Recipient> recipients,
                List<Attempt> attempts,
                Instant due,
                String egress,
                String words)
                implements Result {
            public Taken {
                recipients = List.copyOf(recipients);
                attempts = List.copyOf(attempts);
            }
        }

        /// Every recipient was refused for good. Nothing is kept.
        ///
        /// @param reply the first refusal: an SMTP reply with its code, or an HTTP error's text
        record Refused(String reply) implements Result {}

        /// None was accepted, and another try could help. Nothing is kept; the app knows.
        ///
        /// @param words why, for the reply
        record NotNow(String words) implements Result {}
    }
}
