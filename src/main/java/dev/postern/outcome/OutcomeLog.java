package dev.postern.outcome;

import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.State;
import java.time.Instant;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// Writes the fate of messages to the log, one fact a line: attempts, fallbacks, doubts and ends.
/// The lines that make a message's story are never folded. Replies are logged as they came; bodies
/// and secrets never reach this class.
public final class OutcomeLog {

    private static final Logger log = LoggerFactory.getLogger(OutcomeLog.class);

    private static final double MILLIS_PER_SECOND = 1000.0;

    /// Logs one line of a message's history: `attempt`.
    public void attempt(QueueId id, Attempt attempt) {
        LoggingEventBuilder line =
                level(attempt.outcome())
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", id)
                        .addKeyValue("egress", attempt.egress())
                        .addKeyValue("class", attempt.outcome().word())
                        .addKeyValue("recipients", attempt.recipients().size())
                        .addKeyValue("seconds", attempt.took().toMillis() / MILLIS_PER_SECOND)
                        .addKeyValue("reply", attempt.reply());
        if (!attempt.notCarried().isEmpty()) {
            line = line.addKeyValue("not-carried", String.join(", ", attempt.notCarried()));
        }
        line.log("attempt");
    }

    /// Logs that nothing more is owed of a message, with the number of its recipients in each final
    /// state: `done`.
    public void done(QueueId id, Collection<Recipient> recipients) {
        long sent = recipients.stream().filter(r -> r.state() == State.SENT).count();
        log.atInfo()
                .addMarker(LogMark.EACH)
                .addKeyValue("id", id)
                .addKeyValue("sent", sent)
                .addKeyValue("failed", recipients.size() - sent)
                .log("done");
    }

    /// Logs that some recipients of a message wait on: `waits`.
    ///
    /// @param recipients those that wait, at least one
    /// @param due when the next attempt is due
    public void waits(QueueId id, Collection<Recipient> recipients, Instant due) {
        Recipient first = recipients.iterator().next();
        log.atInfo()
                .addKeyValue("id", id)
                .addKeyValue("recipients", recipients.size())
                .addKeyValue("state", first.state().word())
                .addKeyValue("reason", first.reason() == null ? "" : first.reason().word())
                .addKeyValue("due", due)
                .log("waits");
    }

    /// Logs that a message's recipients may get it twice: `possible duplicate`.
    ///
    /// @param egress who may have taken it, or is about to get it again
    /// @param why how that came
    public void possibleDuplicate(QueueId id, String egress, String why) {
        log.atWarn()
                .addKeyValue("id", id)
                .addKeyValue("egress", egress)
                .addKeyValue("why", why)
                .addMarker(LogMark.EACH)
                .log("possible duplicate");
    }

    /// Logs that a message takes another way than the preferred one: `fallback`.
    ///
    /// @param why what the preferred egress said or did
    public void fallback(QueueId id, String egress, String insteadOf, String why) {
        log.atWarn()
                .addKeyValue("id", id)
                .addKeyValue("egress", egress)
                .addKeyValue("instead-of", insteadOf)
                .addKeyValue("why", why)
                .log("fallback");
    }

    private static LoggingEventBuilder level(OutcomeClass outcome) {
        return switch (outcome) {
            case ACCEPTED, DEFERRED -> log.atInfo();
            case REJECTED, UNSUITED, UNAVAILABLE, UNCERTAIN -> log.atWarn();
        };
    }
}
