package dev.postern.dispatch;

import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of sending a message while its client waits (`acknowledge: sent`).
///
/// @param verdict what to tell the client
/// @param recipients all of them, none in state `queued` or `sending`, in the envelope's order
/// @param attempts the lines of history
/// @param due when the deferred ones are due; of no meaning when there are none
/// @param egress who accepted it first, for some recipient; null unless the verdict is SENT
/// @param words what that egress said; with REFUSED the words of the first refusal, with TEMPORARY
///   why it could not be sent
/// @param uncertain whether an answer was lost after the commit point: it may have been taken all
///   the same
public record ImmediateResult(
        Verdict verdict,
        List<Recipient> recipients,
        List<Attempt> attempts,
        Instant due,
        @Nullable String egress,
        String words,
        boolean uncertain) {

    public ImmediateResult {
        recipients = List.copyOf(recipients);
        attempts = List.copyOf(attempts);
    }

    /// What to tell the client.
    public enum Verdict {
        /// Some recipient was accepted: 250, and the spool keeps what is still owed.
        SENT,
        /// Every recipient was refused.
        REFUSED,
        /// None was accepted, and for some a later attempt may do better: 451, and nothing is kept.
        TEMPORARY
    }
}
