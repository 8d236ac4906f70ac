package dev.postern.spool;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Changes messages: in the [QueueIndex] at once, and in the journal behind it, by the [Writer].
record JournalWrites(QueueIndex queueIndex, Writer writer) {

    private static final Logger log = LoggerFactory.getLogger(JournalWrites.class);

    /// How long an operator's verb waits for the disk.
    private static final Duration DURABLE_WAIT = Duration.ofSeconds(10);

    /// How long an attempt waits until its commit point is noted.
    private static final Duration WRITTEN_WAIT = Duration.ofSeconds(5);

    /// Returns why nothing can be written now; null when it can.
    @Nullable SpoolException trouble() {
        return writer.trouble();
    }

    /// Changes a message that is known and that nobody has claimed any more.
    ///
    /// @param urgent whether to sync at once
    JournalWrite change(RecordHeader.Type type, MessageState after, boolean urgent) {
        byte[] body = MessageStateCodec.encode(after);
        JournalWrite write = new JournalWrite(type, after.id().value(), 0, body, urgent);
        synchronized (queueIndex) {
            queueIndex.change(write.id, after, body.length, 0);
            submit(write);
        }
        return write;
    }

    /// Changes a message that is and stays claimed, and says again that it is past a commit point:
    /// its newest record would deny that.
    void progress(MessageState after) {
        long id = after.id().value();
        byte[] body = MessageStateCodec.encode(after);
        synchronized (queueIndex) {
            int flags = MessageTable.CLAIMED | MessageTable.COMMITTING;
            queueIndex.change(id, after, body.length, flags);
            submit(new JournalWrite(RecordHeader.Type.SETTLED, id, 0, body, false));
            commitPoint(id);
        }
    }

    /// Notes that an attempt is about to pass its commit point, and waits until that is written.
    ///
    /// @return why it is not; null when it is
    @Nullable IOException committing(long id) {
        IOException before = writer.trouble();
        if (before != null) {
            return before;
        }
        JournalWrite write;
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            table.set(table.find(id), MessageTable.COMMITTING, true);
            write = commitPoint(id);
        }
        if (write == null) {
            return SpoolException.closed();
        }
        await(write.written, WRITTEN_WAIT);
        if (write.written.getCount() == 0) {
            return null;
        }
        IOException trouble = writer.trouble();
        return trouble == null ? new IOException("the disk is slow") : trouble;
    }

    /// Has the record written that an attempt passed its commit point.
    ///
    /// @return null when the spool is closed
    @Nullable JournalWrite commitPoint(long id) {
        JournalWrite write =
                new JournalWrite(RecordHeader.Type.COMMITTING, id, 0, Journal.NO_BODY, false);
        return submit(write) ? write : null;
    }

    /// Forgets a message for ever.
    JournalWrite remove(long id) {
        int row = queueIndex.table().find(id);
        int first = queueIndex.table().first(row);
        queueIndex.forget(row);
        queueIndex.leaves(id, first);
        // A copy of it may be on its way to any segment before the one that gets this record.
        long range = (long) first << Integer.SIZE | Integer.MAX_VALUE;
        JournalWrite write =
                new JournalWrite(RecordHeader.Type.REMOVED, id, range, Journal.NO_BODY, true);
        submit(write);
        return write;
    }

    /// Hands a change over. Called under the index's monitor, so that changes and their records
    /// have one order.
    ///
    /// @return false when the spool is closed
    private boolean submit(JournalWrite write) {
        boolean taken = writer.submit(write);
        if (!taken) {
            log.atWarn().log("a change came after the spool was closed and is lost");
        }
        return taken;
    }

    /// Waits until a change is on disk, if not for too long.
    void awaitDurable(JournalWrite write) {
        await(write.durable, DURABLE_WAIT);
    }

    private void await(CountDownLatch done, Duration most) {
        if (!writer.isThreaded()) {
            writer.step();
            return;
        }
        try {
            if (!done.await(most.toMillis(), TimeUnit.MILLISECONDS)) {
                log.atWarn().log("the disk is slow: a change is not yet written");
            }
        } catch (InterruptedException _) {
            // The change is in force and on its way; whoever wants this thread need not wait for
            // the disk.
            Thread.currentThread().interrupt();
        }
    }

    /// A change of a message that is in force already and is written behind: it outlives failures
    /// of the disk.
    final class JournalWrite implements Writer.JournalTask {

        private final RecordHeader.Type type;
        private final long id;
        private final long link;
        private final byte[] body;
        private final boolean urgent;
        private final CountDownLatch written = new CountDownLatch(1);
        private final CountDownLatch durable = new CountDownLatch(1);

        /// @param link of a removal: the segments that may know the message
        /// @param body the encoded state, which the table was told of; none for other types
        private JournalWrite(
                RecordHeader.Type type, long id, long link, byte[] body, boolean urgent) {
            this.type = type;
            this.id = id;
            this.link = link;
            this.body = body;
            this.urgent = urgent;
        }

        @Override
        public boolean stage(Journal journal) throws IOException {
            if (!type.isState()) {
                journal.note(type, id, link);
            } else if (queueIndex.knows(id)) {
                long head = journal.append(type, id, queueIndex.tail(id), body, body.length);
                queueIndex.moved(id, null, head, body.length);
            }
            return true;
        }

        @Override
        public boolean wantsSync() {
            return urgent;
        }

        @Override
        public boolean survives() {
            return true;
        }

        @Override
        public void written() {
            written.countDown();
        }

        /// Returns whether it is on disk.
        boolean isDurable() {
            return durable.getCount() == 0;
        }

        @Override
        public void durable() {
            if (type.isState()) {
                queueIndex.durable(id);
            } else if (type == RecordHeader.Type.REMOVED) {
                queueIndex.left(id);
            }
            written.countDown();
            durable.countDown();
        }
    }
}
