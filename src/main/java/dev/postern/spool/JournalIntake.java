package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The reception of one message into the journal: content is gathered into pieces, which the
/// [Writer] appends while more comes in; small messages have one piece, which goes out together
/// with the accepted record.
final class JournalIntake implements Intakes.Intake {

    private static final int FIRST_BUFFER_BYTES = 4 * 1024;
    private static final byte[] NOTHING = {};
    private static final Octets NONE = new Octets(NOTHING, 0);

    private final IntakeRegistry reception;
    private final IntakeBudget flow;
    private final QueueId id;
    private final AtomicInteger waitingBytes = new AtomicInteger();
    private volatile Runnable onWritable = () -> {};

    // The caller's own.
    private byte[] buffer = NOTHING;
    private int buffered;
    private long sizeBytes;
    private boolean ended;

    // The writer thread's own.
    private int first;
    private long tail = Position.NONE;
    private @Nullable SpoolException broken;

    JournalIntake(IntakeRegistry reception, IntakeBudget flow, QueueId id) {
        this.reception = reception;
        this.flow = flow;
        this.id = id;
        flow.opened();
    }

    @Override
    public QueueId id() {
        return id;
    }

    @Override
    public void onWritable(Runnable callback) {
        onWritable = callback;
    }

    void writable() {
        onWritable.run();
    }

    /// Returns whether more content is welcome.
    boolean hasRoom() {
        return waitingBytes.get() < IntakeBudget.INTAKE_BYTES && flow.hasRoom();
    }

    @Override
    public boolean write(ByteBuffer content) {
        checkOpen();
        sizeBytes += content.remaining();
        while (content.hasRemaining()) {
            int most = flow.pieceBytes();
            makeRoom(content.remaining(), most);
            int some = Math.min(content.remaining(), buffer.length - buffered);
            content.get(buffer, buffered, some);
            buffered += some;
            if (buffered >= most) {
                handOver(new Piece(take()));
            }
        }
        return hasRoom() || !flow.await(this);
    }

    private void makeRoom(int wanted, int most) {
        if (buffered == buffer.length) {
            int length = Math.max(FIRST_BUFFER_BYTES, buffer.length * 2);
            length = Math.max(length, Math.min(most, buffered + wanted));
            buffer = Arrays.copyOf(buffer, Math.max(buffered + 1, Math.min(most, length)));
        }
    }

    private Octets take() {
        Octets octets = new Octets(buffer, buffered);
        buffer = NOTHING;
        buffered = 0;
        return octets;
    }

    private void handOver(Step step) {
        waitingBytes.addAndGet(step.bytes);
        flow.add(step.bytes);
        if (!reception.submit(step)) {
            step.refused(SpoolException.closed());
        }
    }

    @Override
    public CompletionStage<MessageContent> stage(MessageState message) {
        checkOpen();
        Staging staging = new Staging(take(), message, sizeBytes);
        handOver(staging);
        return staging.done;
    }

    @Override
    public CompletionStage<Void> commit(MessageState message) {
        end();
        MessageState snapshot = message.accepted(sizeBytes, reception.now());
        Commit commit = new Commit(take(), snapshot, MessageStateCodec.encode(snapshot));
        handOver(commit);
        return commit.done;
    }

    @Override
    public void abort() {
        end();
        take();
        handOver(new Abort());
    }

    private void end() {
        checkOpen();
        ended = true;
        flow.closed();
    }

    private void checkOpen() {
        if (ended) {
            throw new IllegalStateException("the intake has ended: " + id);
        }
    }

    /// Returns the oldest segment with content of it; 0 when none has.
    int first() {
        return first;
    }

    private QueueIndex.Place place() {
        return new QueueIndex.Place(first, tail);
    }

    private static final class Octets {

        private final byte[] array;
        private final int length;

        private Octets(byte[] array, int length) {
            this.array = array;
            this.length = length;
        }
    }

    /// A step of the reception on the writer's thread.
    private abstract class Step implements Work {

        private Octets octets;
        private final int bytes;
        private boolean counted = true;

        private Step(Octets octets) {
            this.octets = octets;
            this.bytes = octets.length;
        }

        @Override
        public final boolean stage(Journal journal) throws IOException {
            SpoolException trouble = broken;
            if (trouble != null) {
                failed(trouble);
                return false;
            }
            if (octets.length > 0) {
                append(journal);
            }
            finish(journal);
            uncount();
            return true;
        }

        private void append(Journal journal) throws IOException {
            reception.receiving(JournalIntake.this);
            tail =
                    journal.append(
                            RecordType.CONTENT, id.value(), tail, octets.array, 0, octets.length);
            if (first == 0) {
                first = Position.segment(tail);
            }
        }

        private void uncount() {
            if (counted) {
                counted = false;
                octets = NONE;
                waitingBytes.addAndGet(-bytes);
                flow.add(-bytes);
            }
        }

        abstract void finish(Journal journal) throws IOException;

        @Override
        public void failed(SpoolException trouble) {
            broken = trouble;
            refused(trouble);
        }

        /// Ends it for whoever waits for it, and nothing else: also on the caller's thread, while
        /// the writer's own is at its end.
        void refused(SpoolException trouble) {
            uncount();
        }
    }

    private final class Piece extends Step {

        private Piece(Octets octets) {
            super(octets);
        }

        @Override
        void finish(Journal journal) {}
    }

    private final class Staging extends Step {

        private final CompletableFuture<MessageContent> done = new CompletableFuture<>();
        private final MessageState message;
        private final long size;

        private Staging(Octets octets, MessageState message, long size) {
            super(octets);
            this.message = message;
            this.size = size;
        }

        @Override
        void finish(Journal journal) {}

        @Override
        public void written() {
            QueueIndex.Place place = place();
            done.complete(reception.staged(id, place, size, message.traits()));
        }

        @Override
        public void durable() {
            written();
        }

        @Override
        void refused(SpoolException trouble) {
            super.refused(trouble);
            done.completeExceptionally(trouble);
        }
    }

    private final class Commit extends Step {

        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private final MessageState snapshot;
        private final byte[] body;
        private long head;

        private Commit(Octets octets, MessageState snapshot, byte[] body) {
            super(octets);
            this.snapshot = snapshot;
            this.body = body;
        }

        @Override
        void finish(Journal journal) throws IOException {
            long content = snapshot.hasContent() ? tail : Position.NONE;
            head = journal.append(RecordType.ACCEPTED, id.value(), content, body, 0, body.length);
        }

        @Override
        public boolean wantsSync() {
            return true;
        }

        @Override
        public boolean isCommit() {
            return true;
        }

        @Override
        public void durable() {
            reception.accepted(JournalIntake.this, snapshot, place(), head, body.length);
            done.complete(null);
        }

        @Override
        public void failed(SpoolException trouble) {
            reception.received(JournalIntake.this);
            super.failed(trouble);
        }

        @Override
        void refused(SpoolException trouble) {
            super.refused(trouble);
            done.completeExceptionally(trouble);
        }
    }

    private final class Abort extends Step {

        private Abort() {
            super(NONE);
        }

        @Override
        void finish(Journal journal) {
            reception.received(JournalIntake.this);
        }

        @Override
        public void failed(SpoolException trouble) {
            super.failed(trouble);
            reception.received(JournalIntake.this);
        }
    }
}
