package dev.postern.spool;

import dev.postern.mail.Envelope;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.Recipient;
import dev.postern.outcome.Attempt;
import java.time.Instant;
import java.util.List;

/// All that is known of a message, beside its octets, when it is accepted.
///
/// @param envelope the sender and recipients
/// @param origin where it came from
/// @param received when its reception began
/// @param traits what intake learned of its octets
/// @param subject the decoded Subject for operators' eyes, at most 200 characters; empty without
/// @param recipients their states: all `queued` for a message that is spooled first; as they came
///   out where an attempt was made before (`acknowledge: sent`)
/// @param attempts the attempts that were made before; usually none
/// @param due when it is due
public record Acceptance(
        Envelope envelope,
        Origin origin,
        Instant received,
        ContentTraits traits,
        String subject,
        List<Recipient> recipients,
        List<Attempt> attempts,
        Instant due) {

    public Acceptance {
        recipients = List.copyOf(recipients);
        attempts = List.copyOf(attempts);
    }

    /// Returns the acceptance of a message that nobody tried to send yet.
    public static Acceptance queued(
            Envelope envelope,
            Origin origin,
            Instant received,
            ContentTraits traits,
            String subject) {
        List<Recipient> recipients = envelope.recipients().stream().map(Recipient::queued).toList();
        return new Acceptance(
                envelope, origin, received, traits, subject, recipients, List.of(), received);
    }

    /// Returns the same acceptance after an attempt.
    public Acceptance after(List<Recipient> states, List<Attempt> tried, Instant next) {
        return new Acceptance(envelope, origin, received, traits, subject, states, tried, next);
    }
}
