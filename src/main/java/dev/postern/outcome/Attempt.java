package dev.postern.outcome;

import dev.postern.mail.ForwardPath;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// One line of a message's history: what one call of one egress brought for the recipients that
/// shared an outcome.
///
/// @param at when the call began
/// @param egress the egress's name
/// @param outcome the class
/// @param reply what was said
/// @param took how long the call lasted
/// @param recipients for whom
/// @param notCarried what the egress's form could not carry
public record Attempt(
        Instant at,
        String egress,
        OutcomeClass outcome,
        String reply,
        Duration took,
        List<ForwardPath> recipients,
        List<String> notCarried) {

    public Attempt {
        recipients = List.copyOf(recipients);
        notCarried = List.copyOf(notCarried);
    }
}
