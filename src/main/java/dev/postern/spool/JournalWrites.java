package dev.postern.spool;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hands changes to the [Writer] and waits for them.
final class JournalWrites {

    private static final Logger log = LoggerFactory.getLogger(JournalWrites.class);

    /// How long an operator's verb waits for the disk.
    private static final long DURABLE_WAIT_MILLIS = Duration.ofSeconds(10).toMillis();

    /// How long an attempt waits until its commit point is noted.
    private static final long WRITTEN_WAIT_MILLIS = Duration.ofSeconds(5).toMillis();

    private final Writer writer;

    JournalWrites(Writer writer) {
        this.writer = writer;
    }

    /// Hands a change over. Called under the index's monitor, so that changes and their records
    /// have one order.
    ///
    /// @return false when the spool is closed
    boolean submit(JournalWrite note) {
        boolean taken = writer.submit(note);
        if (!taken) {
            log.atWarn().log("a change came after the spool was closed and is lost");
        }
        return taken;
    }

    /// Returns why nothing can be written now; null when it can.
    @Nullable SpoolException trouble() {
        return writer.trouble();
    }

    /// Changes a message that is known.
    JournalWrite change(
            QueueIndex queueIndex, RecordType type, MessageState after, boolean urgent) {
        long id = after.id().value();
        byte[] body = MessageStateCodec.encode(after);
        JournalWrite note = JournalWrite.state(queueIndex, type, id, body, urgent);
        synchronized (queueIndex) {
            queueIndex.change(queueIndex.index().find(id), after, body.length);
            submit(note);
        }
        return note;
    }

    /// Changes a message that is and stays claimed, and says again that it is past a commit point:
    /// its newest record would deny that.
    void progress(QueueIndex queueIndex, MessageState after) {
        long id = after.id().value();
        byte[] body = MessageStateCodec.encode(after);
        synchronized (queueIndex) {
            queueIndex.progress(queueIndex.index().find(id), after, body.length);
            submit(JournalWrite.state(queueIndex, RecordType.SETTLED, id, body, false));
            submit(JournalWrite.committing(queueIndex, id));
        }
    }

    /// Waits until a note is written, if not for too long.
    ///
    /// @return whether it is
    boolean awaitWritten(JournalWrite note) {
        await(note, false);
        return note.isWritten();
    }

    /// Waits until a note is on disk, if not for too long.
    void awaitDurable(JournalWrite note) {
        await(note, true);
    }

    private void await(JournalWrite note, boolean durable) {
        if (!writer.isThreaded()) {
            writer.step();
            return;
        }
        try {
            boolean done =
                    durable
                            ? note.awaitDurable(DURABLE_WAIT_MILLIS)
                            : note.awaitWritten(WRITTEN_WAIT_MILLIS);
            if (!done) {
                log.atWarn().log("the disk is slow: a change is not yet written");
            }
        } catch (InterruptedException _) {
            // The change is in force and on its way; whoever wants this thread need not wait for
            // the disk.
            Thread.currentThread().interrupt();
        }
    }
}
