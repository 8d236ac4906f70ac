package dev.postern.outcome;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.mail.ForwardPath;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.testing.Facts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OutcomeLogTest {

    private static final QueueId ID = new QueueId(1);
    private static final Instant AT = Instant.parse("2026-03-01T12:00:00Z");
    private static final ForwardPath TO = new ForwardPath("b@example.net");

    private final OutcomeLog log = new OutcomeLog();
    private final Logger logger = Logger.getLogger(OutcomeLog.class.getName());
    private final List<String> lines = new ArrayList<>();
    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord record) {
                    lines.add(record.getLevel() + " " + Facts.text(record));
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
        logger.setLevel(Level.INFO);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
        logger.setLevel(null);
    }

    private static Attempt attempt(OutcomeClass outcome, String reply, List<String> notCarried) {
        return new Attempt(
                AT, "gmail", outcome, reply, Duration.ofMillis(1250), List.of(TO), notCarried);
    }

    @Test
    void anAttemptTellsTheReplyAsItCame() {
        log.attempt(ID, attempt(OutcomeClass.ACCEPTED, "250 2.0.0 OK 17", List.of()));
        log.attempt(ID, attempt(OutcomeClass.REJECTED, "550 5.1.1 no", List.of()));
        log.attempt(ID, attempt(OutcomeClass.ACCEPTED, "202", List.of("a calendar")));
        assertEquals(
                List.of(
                        "INFO id=000000000001 egress=gmail class=accepted recipients=1"
                                + " seconds=1.25 reply=250 2.0.0 OK 17 attempt",
                        "WARNING id=000000000001 egress=gmail class=rejected recipients=1"
                                + " seconds=1.25 reply=550 5.1.1 no attempt",
                        "INFO id=000000000001 egress=gmail class=accepted recipients=1"
                                + " seconds=1.25 reply=202 not-carried=a calendar attempt"),
                lines);
    }

    @Test
    void anEndTellsTheFinalStates() {
        Recipient sent = new Recipient(TO, State.SENT, null, "250", "gmail");
        Recipient failed = new Recipient(TO, State.FAILED, null, "550", "gmail");
        log.done(ID, List.of(sent, failed, sent));
        assertEquals(List.of("INFO id=000000000001 sent=2 failed=1 done"), lines);
    }

    @Test
    void waitingTellsWhyAndUntilWhen() {
        Recipient held = new Recipient(TO, State.HELD, Reason.NO_EGRESS, "none", null);
        log.waits(ID, List.of(held), AT);
        assertEquals(
                List.of(
                        "INFO id=000000000001 recipients=1 state=held reason=no-egress"
                                + " due=2026-03-01T12:00:00Z waits"),
                lines);
    }

    @Test
    void doubtsAndFallbacksAreToldInTheirFixedWords() {
        log.possibleDuplicate(ID, "gmail", "reset");
        log.fallback(ID, "sendgrid", "gmail", "587 timed out");
        assertEquals(
                List.of(
                        "WARNING id=000000000001 egress=gmail why=reset possible duplicate",
                        "WARNING id=000000000001 egress=sendgrid instead-of=gmail"
                                + " why=587 timed out fallback"),
                lines);
    }
}
