package dev.postern.spool;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import java.time.Instant;
import java.util.List;

/// A message in the spool, without its octets.
///
/// @param id its queue id
/// @param envelope sender and all recipients
/// @param origin where it came from
/// @param received when it was received
/// @param ageFrom from when its age counts: when it was received, or when an operator let it try
///   again
/// @param sizeBytes octets of content
/// @param traits of its octets
/// @param subject decoded, for operators' eyes
/// @param recipients with their states, in the envelope's order
/// @param attemptCount how many calls of egresses were made for it
/// @param due when the next attempt is due; for finished messages when they were finished
/// @param possibleDuplicate whether the process died, or lost an answer, after an attempt's commit
///   point
public record QueuedMessage(
        QueueId id,
        Envelope envelope,
        Origin origin,
        Instant received,
        Instant ageFrom,
        long sizeBytes,
        ContentTraits traits,
        String subject,
        List<Recipient> recipients,
        int attemptCount,
        Instant due,
        boolean possibleDuplicate) {

    public QueuedMessage {
        recipients = List.copyOf(recipients);
    }

    /// Returns the state of the whole.
    public State state() {
        return State.of(recipients.stream().map(Recipient::state).toList());
    }

    /// Returns the recipients that are owed an outcome.
    public List<ForwardPath> unfinished() {
        return recipients.stream()
                .filter(r -> !r.state().isFinal())
                .map(Recipient::address)
                .toList();
    }
}
