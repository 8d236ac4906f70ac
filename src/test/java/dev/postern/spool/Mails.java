package dev.postern.spool;

import dev.postern.mail.Envelope;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.Origin;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.ReversePath;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import dev.postern.spool.DueQueue.Settlement;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Messages for tests of the spool.
final class Mails {

    private Mails() {}

    static MessageState queued(QueueId id, String sender, Instant received, String... recipients) {
        List<ForwardPath> paths = Stream.of(recipients).map(ForwardPath::new).toList();
        return MessageState.queued(
                id,
                new Envelope(new ReversePath(sender), paths, false),
                new Origin("127.0.0.1", "app", "ESMTP", null),
                received,
                new ContentTraits(false, false, 70),
                "a subject");
    }

    static ByteBuffer octets(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static Settlement sent(MessageState message, Instant now) {
        return settlement(message, State.SENT, null, OutcomeClass.ACCEPTED, now, now);
    }

    static Settlement deferred(MessageState message, Reason reason, Instant now, Instant due) {
        return settlement(message, State.DEFERRED, reason, OutcomeClass.DEFERRED, now, due);
    }

    static Settlement failed(MessageState message, Instant now) {
        return settlement(message, State.FAILED, null, OutcomeClass.REJECTED, now, now);
    }

    static Settlement held(MessageState message, Instant now) {
        return settlement(
                message, State.HELD, Reason.NO_EGRESS, OutcomeClass.UNAVAILABLE, now, now);
    }

    private static Settlement settlement(
            MessageState message,
            State state,
            Reason reason,
            OutcomeClass outcome,
            Instant now,
            Instant due) {
        List<Recipient> recipients = new ArrayList<>();
        for (ForwardPath path : message.unfinished()) {
            recipients.add(new Recipient(path, state, reason, "words of a server", "relay"));
        }
        Attempt attempt =
                new Attempt(
                        now,
                        "relay",
                        outcome,
                        "words of a server",
                        Duration.ofMillis(20),
                        message.unfinished(),
                        List.of());
        return new Settlement(1, List.of(attempt), recipients, due, false);
    }
}
