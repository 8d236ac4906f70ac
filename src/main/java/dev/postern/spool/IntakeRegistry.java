package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Takes messages into the journal. Content is gathered into pieces, which the [Writer] appends
/// while more comes in; small messages have one piece, which goes out together with the accepted
/// record.
///
/// *Limits.* The content that waits in memory for the writer is bounded, whatever the size of
/// messages and the number of intakes.
final class IntakeRegistry implements Intakes {

    /// Octets of one intake that may wait for the writer.
    static final int INTAKE_BYTES = 128 * 1024;

    /// Octets of all intakes that may wait for the writer.
    static final long ALL_BYTES = 4 * 1024 * 1024;

    /// Octets of a piece of content at most.
    static final int PIECE_BYTES = 32 * 1024;

    /// Octets of a piece when many intakes are open.
    static final int SMALL_PIECE_BYTES = 8 * 1024;

    private static final int MANY_INTAKES = 64;
    private static final int FIRST_BUFFER_BYTES = 4 * 1024;
    private static final byte[] NOTHING = {};

    private final QueueIndex queueIndex;
    private final Writer writer;
    private final JournalReader reader;
    private final Housekeeping.DiskSpace diskSpace;
    private final InstantSource clock;
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicInteger open = new AtomicInteger();
    private final Queue<JournalIntake> full = new ConcurrentLinkedQueue<>();

    // The writer thread's own.
    private final Set<JournalIntake> receiving = new HashSet<>();
    private boolean committed;

    IntakeRegistry(
            QueueIndex queueIndex,
            Writer writer,
            JournalReader reader,
            Housekeeping.DiskSpace diskSpace,
            InstantSource clock) {
        this.queueIndex = queueIndex;
        this.writer = writer;
        this.reader = reader;
        this.diskSpace = diskSpace;
        this.clock = clock;
    }

    @Override
    public Intake receive() throws SpoolException {
        if (writer.isClosing()) {
            throw SpoolException.closed();
        }
        SpoolException trouble = writer.trouble();
        if (trouble != null) {
            throw new SpoolException(trouble.kind(), String.valueOf(trouble.getMessage()), trouble);
        }
        String shortage = diskSpace.shortage();
        if (shortage != null) {
            throw new SpoolException(SpoolException.Kind.FULL, shortage, null);
        }
        open.incrementAndGet();
        return new JournalIntake(queueIndex.nextId(clock.millis()));
    }

    /// Returns the oldest segment with content of an intake that is not over. On the writer's
    /// thread.
    int oldestSegment() {
        return receiving.stream().mapToInt(each -> each.first).min().orElse(Integer.MAX_VALUE);
    }

    /// Lets intakes go on that waited for room. On the writer's thread.
    ///
    /// @return whether messages were accepted since the last call
    boolean batchDone() {
        for (int left = full.size(); left > 0; left--) {
            JournalIntake intake = full.poll();
            if (intake == null) {
                break;
            }
            if (intake.hasRoom()) {
                intake.onWritable.run();
            } else {
                full.add(intake);
            }
        }
        boolean some = committed;
        committed = false;
        return some;
    }

    /// The reception of one message.
    private final class JournalIntake implements Intake {

        private final QueueId id;
        private final AtomicInteger waiting = new AtomicInteger();
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

        private JournalIntake(QueueId id) {
            this.id = id;
        }

        @Override
        public QueueId id() {
            return id;
        }

        @Override
        public void onWritable(Runnable callback) {
            onWritable = callback;
        }

        private boolean hasRoom() {
            return waiting.get() < INTAKE_BYTES && waitingBytes.get() < ALL_BYTES;
        }

        @Override
        public boolean write(ByteBuffer content) {
            checkOpen();
            sizeBytes += content.remaining();
            while (content.hasRemaining()) {
                int most = open.get() > MANY_INTAKES ? SMALL_PIECE_BYTES : PIECE_BYTES;
                makeRoom(content.remaining(), most);
                int some = Math.min(content.remaining(), buffer.length - buffered);
                content.get(buffer, buffered, some);
                buffered += some;
                if (buffered >= most) {
                    handOver(new Step<Void>());
                }
            }
            if (hasRoom()) {
                return true;
            }
            full.add(this);
            // There may be room meanwhile, which nobody would tell.
            return hasRoom() && full.remove(this);
        }

        private void makeRoom(int wanted, int most) {
            if (buffered == buffer.length) {
                int length = Math.max(FIRST_BUFFER_BYTES, buffer.length * 2);
                length = Math.max(length, Math.min(most, buffered + wanted));
                buffer = Arrays.copyOf(buffer, Math.max(buffered + 1, Math.min(most, length)));
            }
        }

        private void handOver(Step<?> step) {
            waiting.addAndGet(step.length);
            waitingBytes.addAndGet(step.length);
            if (!writer.submit(step)) {
                step.refused(SpoolException.closed());
            }
        }

        @Override
        public CompletionStage<MessageContent> stage(ContentTraits traits) {
            checkOpen();
            Staging staging = new Staging(traits);
            handOver(staging);
            return staging.done;
        }

        @Override
        public CompletionStage<Void> commit(MessageState message) {
            end();
            Commit commit = new Commit(message.accepted(sizeBytes, clock.instant()));
            handOver(commit);
            return commit.done;
        }

        @Override
        public void abort() {
            end();
            buffered = 0;
            handOver(new Abort());
        }

        private void end() {
            checkOpen();
            ended = true;
            int left = open.decrementAndGet();
            assert left >= 0;
        }

        private void checkOpen() {
            if (ended) {
                throw new IllegalStateException("the intake has ended: " + id);
            }
        }

        /// A step of the reception on the writer's thread: appends what was buffered.
        private class Step<T> implements Writer.JournalTask {

            final CompletableFuture<T> done = new CompletableFuture<>();
            private byte[] octets = buffer;
            private final int length = buffered;
            private boolean counted = true;

            private Step() {
                buffer = NOTHING;
                buffered = 0;
            }

            @Override
            public final boolean stage(Journal journal) throws IOException {
                SpoolException trouble = broken;
                if (trouble != null) {
                    failed(trouble);
                    return false;
                }
                if (length > 0) {
                    append(journal);
                }
                finish(journal);
                uncount();
                return isAwaited();
            }

            /// Returns whether it is to hear how it goes on: else the writer forgets it.
            boolean isAwaited() {
                return true;
            }

            private void append(Journal journal) throws IOException {
                assert writer.isOwn();
                RecordHeader.Type type = RecordHeader.Type.CONTENT;
                tail = journal.append(type, id.value(), tail, octets, length);
                if (first == 0) {
                    first = Position.segment(tail);
                    receiving.add(JournalIntake.this);
                }
            }

            private void uncount() {
                if (counted) {
                    counted = false;
                    octets = NOTHING;
                    waiting.addAndGet(-length);
                    waitingBytes.addAndGet(-length);
                }
            }

            void finish(Journal journal) throws IOException {}

            @Override
            public boolean mayWait() {
                return true;
            }

            @Override
            public void failed(SpoolException trouble) {
                broken = trouble;
                refused(trouble);
            }

            /// Ends it for whoever waits for it, and nothing else: also on the caller's thread,
            /// while the writer's own is at its end.
            void refused(SpoolException trouble) {
                uncount();
                done.completeExceptionally(trouble);
            }
        }

        private final class Staging extends Step<MessageContent> {
            private final ContentTraits traits;
            private final long size = sizeBytes;

            private Staging(ContentTraits traits) {
                this.traits = traits;
            }

            @Override
            public boolean mayWait() {
                return false;
            }

            @Override
            public void written() {
                done.complete(reader.staged(id, new QueueIndex.Place(first, tail), size, traits));
            }

            @Override
            public void durable() {
                written();
            }
        }

        private final class Commit extends Step<Void> {
            private final MessageState state;
            private final byte[] body;
            private long head;

            private Commit(MessageState state) {
                this.state = state;
                this.body = MessageStateCodec.encode(state);
            }

            @Override
            void finish(Journal journal) throws IOException {
                long content = state.hasContent() ? tail : Position.NONE;
                RecordHeader.Type type = RecordHeader.Type.ACCEPTED;
                head = journal.append(type, id.value(), content, body, body.length);
            }

            @Override
            public boolean mayWait() {
                return false;
            }

            @Override
            public boolean wantsSync() {
                return true;
            }

            @Override
            public void durable() {
                receiving.remove(JournalIntake.this);
                queueIndex.accepted(state, new QueueIndex.Place(first, tail), head, body.length);
                committed = true;
                done.complete(null);
            }

            @Override
            public void failed(SpoolException trouble) {
                receiving.remove(JournalIntake.this);
                super.failed(trouble);
            }
        }

        private final class Abort extends Step<Void> {

            @Override
            boolean isAwaited() {
                return false;
            }

            @Override
            void finish(Journal journal) {
                receiving.remove(JournalIntake.this);
            }

            @Override
            public void failed(SpoolException trouble) {
                super.failed(trouble);
                receiving.remove(JournalIntake.this);
            }
        }
    }
}
