package dev.postern.listener;

import dev.postern.mail.MessageContent;
import dev.postern.mail.MessageContent.ContentTraits;
import dev.postern.mail.QueueId;
import dev.postern.spool.Intakes;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.MessageState;
import dev.postern.spool.SpoolException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/// A spool in memory that fails, fills up and takes its time as a test wants it.
final class MemorySpool implements Intakes, AutoCloseable {

    /// A message that was committed.
    ///
    /// @param text its octets, one a character
    record Stored(QueueId id, MessageState acceptance, String text) {}

    final List<Stored> stored = new CopyOnWriteArrayList<>();
    final AtomicLong openIntakes = new AtomicLong();
    final AtomicLong writtenBytes = new AtomicLong();
    final AtomicLong aborted = new AtomicLong();

    /// What `receive` answers; null: an intake.
    volatile SpoolException.Kind receiveTrouble;

    /// What `commit` answers; null: all is well.
    volatile SpoolException.Kind commitTrouble;

    /// Whether every write finds the intake full.
    volatile boolean full;

    /// Whether commits wait for [#letCommitsGo].
    volatile boolean commitsWait;

    /// Whether content is kept.
    volatile boolean keepsContent = true;

    /// Whether commits complete at once, on the caller's thread.
    volatile boolean immediate;

    private final List<Runnable> waitingCommits = new CopyOnWriteArrayList<>();
    private final List<Runnable> waitingForRoom = new CopyOnWriteArrayList<>();
    private final AtomicLong last = new AtomicLong();
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

    @Override
    public Intake receive() throws SpoolException {
        SpoolException.Kind trouble = receiveTrouble;
        if (trouble != null) {
            throw new SpoolException(trouble, "scripted " + trouble, null);
        }
        openIntakes.incrementAndGet();
        return new MemoryIntake(new QueueId(last.incrementAndGet()));
    }

    /// Lets waiting commits go on.
    void letCommitsGo() {
        commitsWait = false;
        waitingCommits.forEach(thread::execute);
        waitingCommits.clear();
    }

    int waitingCommits() {
        return waitingCommits.size();
    }

    /// Makes room in every intake.
    void makeRoom() {
        full = false;
        waitingForRoom.forEach(thread::execute);
    }

    private final class MemoryIntake implements Intake {
        private final QueueId id;
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        private Runnable room;
        private boolean ended;

        MemoryIntake(QueueId id) {
            this.id = id;
        }

        @Override
        public QueueId id() {
            return id;
        }

        @Override
        public boolean write(ByteBuffer octets) {
            check();
            writtenBytes.addAndGet(octets.remaining());
            if (keepsContent) {
                byte[] copy = new byte[octets.remaining()];
                octets.get(copy);
                content.writeBytes(copy);
            } else {
                octets.position(octets.limit());
            }
            return !full;
        }

        @Override
        public void onWritable(Runnable callback) {
            room = callback;
            waitingForRoom.add(callback);
        }

        @Override
        public CompletionStage<MessageContent> stage(ContentTraits traits) {
            check();
            return CompletableFuture.completedFuture(new Content(content.toByteArray(), traits));
        }

        @Override
        public CompletionStage<Void> commit(MessageState acceptance) {
            check();
            end();
            CompletableFuture<Void> done = new CompletableFuture<>();
            Runnable task = () -> commit(acceptance, done);
            if (immediate) {
                task.run();
            } else if (commitsWait) {
                waitingCommits.add(task);
            } else {
                thread.execute(task);
            }
            return done;
        }

        private void commit(MessageState acceptance, CompletableFuture<Void> done) {
            SpoolException.Kind trouble = commitTrouble;
            if (trouble != null) {
                done.completeExceptionally(
                        new SpoolException(trouble, "scripted " + trouble, null));
                return;
            }
            if (keepsContent) {
                stored.add(
                        new Stored(id, acceptance, content.toString(StandardCharsets.ISO_8859_1)));
            }
            done.complete(null);
        }

        @Override
        public void abort() {
            check();
            end();
            aborted.incrementAndGet();
        }

        private void check() {
            if (ended) {
                throw new IllegalStateException("the intake was ended before");
            }
        }

        private void end() {
            ended = true;
            waitingForRoom.remove(room);
            openIntakes.decrementAndGet();
        }
    }

    private static final class Content implements MessageContent {
        private final byte[] octets;
        private final ContentTraits traits;

        Content(byte[] octets, ContentTraits traits) {
            this.octets = octets;
            this.traits = traits;
        }

        @Override
        public ContentTraits traits() {
            return traits;
        }

        @Override
        public long sizeBytes() {
            return octets.length;
        }

        @Override
        public InputStream open() {
            return new ByteArrayInputStream(octets);
        }
    }

    @Override
    public void close() {
        thread.shutdown();
    }
}
