package dev.postern.spool;

import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import java.time.Instant;
import java.util.List;

/// What attempts brought for one claimed message.
///
/// @param calls how many calls of egresses were made (each adds one to the attempt count; one call
///   can have several lines of history)
/// @param attempts the lines of history to add
/// @param recipients the new states of the recipients that changed; none in state `sending`.
///   Claimed recipients that are not named go back to the state they had
/// @param due when the message is due next; of no meaning when all is final
/// @param uncertain whether the last call lost its answer after the commit point
public record Settlement(
        int calls,
        List<Attempt> attempts,
        List<Recipient> recipients,
        Instant due,
        boolean uncertain) {

    public Settlement {
        attempts = List.copyOf(attempts);
        recipients = List.copyOf(recipients);
    }
}
