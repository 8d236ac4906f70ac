package dev.postern.spool;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A change of a message that is in force already and is written behind: it outlives failures of
/// the disk.
final class JournalWrite implements Work {

    private static final byte[] NO_BODY = {};

    private final QueueIndex queueIndex;
    private final RecordType type;
    private final long id;
    private final long link;
    private final byte[] body;
    private final boolean urgent;
    private final CountDownLatch written = new CountDownLatch(1);
    private final CountDownLatch durable = new CountDownLatch(1);

    private JournalWrite(
            QueueIndex queueIndex,
            RecordType type,
            long id,
            long link,
            byte[] body,
            boolean urgent) {
        this.queueIndex = queueIndex;
        this.type = type;
        this.id = id;
        this.link = link;
        this.body = body;
        this.urgent = urgent;
    }

    /// A new state.
    ///
    /// @param body the encoded snapshot, which [QueueIndex#change] was told of
    /// @param urgent whether to sync at once
    static JournalWrite state(
            QueueIndex queueIndex, RecordType type, long id, byte[] body, boolean urgent) {
        assert type.isSnapshot();
        return new JournalWrite(queueIndex, type, id, 0, body, urgent);
    }

    /// An attempt is about to pass its commit point.
    static JournalWrite committing(QueueIndex queueIndex, long id) {
        return new JournalWrite(queueIndex, RecordType.COMMITTING, id, 0, NO_BODY, false);
    }

    /// A message is gone.
    ///
    /// @param first the oldest segment that may know it
    /// @param last the newest one
    static JournalWrite removed(
            QueueIndex queueIndex, long id, int first, int last, boolean urgent) {
        long range = (long) first << 32 | last;
        return new JournalWrite(queueIndex, RecordType.REMOVED, id, range, NO_BODY, urgent);
    }

    @Override
    public boolean stage(Journal journal) throws IOException {
        switch (type) {
            case REMOVED -> stageRemoved(journal);
            case COMMITTING -> stageCommitting(journal);
            default -> stageState(journal);
        }
        return true;
    }

    private void stageState(Journal journal) throws IOException {
        if (queueIndex.knows(id)) {
            long head = journal.append(type, id, queueIndex.tail(id), body, 0, body.length);
            queueIndex.moved(id, head, body.length);
        }
    }

    private void stageCommitting(Journal journal) throws IOException {
        long position = journal.append(type, id, 0, NO_BODY, 0, 0);
        synchronized (queueIndex) {
            queueIndex.segmentAt(position).possibleDuplicate();
        }
    }

    private void stageRemoved(Journal journal) throws IOException {
        long position = journal.append(type, id, link, NO_BODY, 0, 0);
        synchronized (queueIndex) {
            Segment segment = queueIndex.segmentAt(position);
            segment.knowsEnded(Position.segment(link), Position.offset(link));
        }
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

    @Override
    public void durable() {
        if (type.isSnapshot()) {
            queueIndex.durable(id);
        } else if (type == RecordType.REMOVED) {
            queueIndex.left(id);
        }
        written.countDown();
        durable.countDown();
    }

    boolean isWritten() {
        return written.getCount() == 0;
    }

    /// Waits until it is written.
    ///
    /// @return whether it is
    boolean awaitWritten(long millis) throws InterruptedException {
        return written.await(millis, TimeUnit.MILLISECONDS);
    }

    /// Waits until it is on disk.
    ///
    /// @return whether it is
    boolean awaitDurable(long millis) throws InterruptedException {
        return durable.await(millis, TimeUnit.MILLISECONDS);
    }
}
