package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// What all [JournalIntake]s share.
final class IntakeRegistry {

    private final QueueIndex queueIndex;
    private final Writer writer;
    private final JournalReader reader;
    private final InstantSource clock;
    private final IntakeBudget flow = new IntakeBudget();
    private final AtomicLong lastId;

    // The writer thread's own.
    private final Set<JournalIntake> receiving = new HashSet<>();
    private boolean committed;

    /// @param lastId the largest queue id that was ever given
    IntakeRegistry(
            QueueIndex queueIndex,
            Writer writer,
            JournalReader reader,
            InstantSource clock,
            long lastId) {
        this.queueIndex = queueIndex;
        this.writer = writer;
        this.reader = reader;
        this.clock = clock;
        this.lastId = new AtomicLong(lastId);
    }

    Intake begin() {
        long now = clock.millis();
        long id = lastId.updateAndGet(last -> QueueId.next(now, last).value());
        return new JournalIntake(this, flow, new QueueId(id));
    }

    Instant now() {
        return clock.instant();
    }

    /// Hands a step to the writer.
    ///
    /// @return false when that has stopped, and the step is still the caller's
    boolean submit(Work step) {
        return writer.submit(step);
    }

    static SpoolException closed() {
        return new SpoolException(SpoolException.Kind.CLOSED, "the spool is shutting down", null);
    }

    /// Returns content that is no message.
    MessageContent staged(
            QueueId id, QueueIndex.Place place, long sizeBytes, ContentTraits traits) {
        return new StoredContent(
                reader,
                queueIndex,
                id,
                sizeBytes,
                traits,
                () -> {
                    queueIndex.pin(place);
                    return place;
                });
    }

    // On the writer's thread.

    /// Notes that an intake has content on disk.
    void receiving(JournalIntake intake) {
        assert writer.isOwn();
        receiving.add(intake);
    }

    /// Notes that an intake is over.
    void received(JournalIntake intake) {
        assert writer.isOwn();
        receiving.remove(intake);
    }

    /// Enters a message that is durable.
    void accepted(
            JournalIntake intake,
            MessageState snapshot,
            QueueIndex.Place content,
            long head,
            int bytes) {
        receiving.remove(intake);
        queueIndex.accepted(snapshot, content, head, bytes);
        committed = true;
    }

    /// Returns the oldest segment with content of an intake that is not over.
    int oldestSegment() {
        int oldest = Integer.MAX_VALUE;
        for (JournalIntake intake : receiving) {
            oldest = intake.first() == 0 ? oldest : Math.min(oldest, intake.first());
        }
        return oldest;
    }

    /// Lets intakes go on that waited for room.
    ///
    /// @return whether messages were accepted since the last call
    boolean batchDone() {
        flow.release();
        boolean some = committed;
        committed = false;
        return some;
    }
}
