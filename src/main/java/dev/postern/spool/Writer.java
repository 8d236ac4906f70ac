package dev.postern.spool;

import dev.postern.mail.LogMark;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread that writes the journal.
///
/// Purpose: group commit. Everything that arrived while the last sync ran is staged, goes out in
/// one write and is made durable by one sync; then all who wait are told. Nothing that somebody
/// waits for is delayed on purpose.
///
/// Contract: work is done in the order of [#submit]. What asks for no sync of its own is durable at
/// the latest 100 ms later; but what may wait (content, which counts for nothing before its message
/// is accepted) is gathered, and written and synced with what does not.
///
/// *Diagnostics*: after a failed write or sync, nothing since the last good sync counts: commits
/// fail with [SpoolException], intakes with content in that span are broken, and changes of known
/// messages (they survive) are staged again in a new segment at once. When that fails too,
/// [#trouble] says so, all new work fails, and the writer tries again every second. A full disk
/// likewise, without the new segment.
///
/// Limits: the work that waits is bounded by [IntakeRegistry] and the callers of claim; what is
/// owed, by the messages that were claimed when the trouble began and by operators' verbs, since
/// [Claims] gives out nothing and notes no commit point in trouble.
final class Writer {

    private static final Logger log = LoggerFactory.getLogger(Writer.class);
    private static final long FLUSH_NANOS = Duration.ofMillis(100).toNanos();
    private static final long TICK_NANOS = Duration.ofSeconds(1).toNanos();

    /// Of work that may wait, so much does at the most.
    private static final int WAITING_WORK_MOST = 2;

    private static final long NANOS_PER_MILLI = Duration.ofMillis(1).toNanos();

    private final Object monitor = new Object();
    private final Consumer<Duration> onSync;
    private List<JournalTask> incoming = new ArrayList<>();
    private boolean asleep;
    private boolean closing;
    private volatile @Nullable SpoolException trouble;
    private volatile @Nullable Thread thread;

    // The writer thread's own.
    private @Nullable Journal journal;
    private @Nullable Housekeeping housekeeping;
    private BooleanSupplier afterBatch = () -> false;
    private boolean more;
    private List<JournalTask> spare = new ArrayList<>();
    private List<JournalTask> staged = new ArrayList<>();
    private List<JournalTask> owed = new ArrayList<>();
    private long dirtySince;
    private boolean dirty;
    private boolean ageing;
    private long lastTick = System.nanoTime();

    /// @param onSync is told how long each sync of the disk lasted
    Writer(Consumer<Duration> onSync) {
        this.onSync = onSync;
    }

    /// Sets what it works with, before any work.
    ///
    /// @param batchDone runs after each batch, and returns whether to call it again at once
    /// @param beside runs beside, while there is no trouble
    void use(Journal end, BooleanSupplier batchDone, Housekeeping beside) {
        journal = end;
        afterBatch = batchDone;
        housekeeping = beside;
    }

    /// Starts the thread. Without it, work is done by calls of [#step].
    void start() {
        thread = Thread.ofPlatform().name("spool-writer").daemon(true).start(this::run);
    }

    /// Returns whether the current thread is the one that writes.
    boolean isOwn() {
        Thread own = thread;
        return own == null || own.equals(Thread.currentThread());
    }

    boolean isThreaded() {
        return thread != null;
    }

    /// Returns why nothing can be written now; null when it can.
    @Nullable SpoolException trouble() {
        return trouble;
    }

    /// Hands over work.
    ///
    /// @return false when the writer has stopped
    boolean submit(JournalTask work) {
        synchronized (monitor) {
            if (closing) {
                return false;
            }
            incoming.add(work);
            if (asleep && (!work.mayWait() || incoming.size() >= WAITING_WORK_MOST)) {
                asleep = false;
                monitor.notifyAll();
            }
        }
        return true;
    }

    /// Does what was submitted, syncs, and ends.
    void close() {
        Thread running;
        synchronized (monitor) {
            closing = true;
            monitor.notifyAll();
            running = thread;
        }
        if (running == null) {
            finish();
            return;
        }
        boolean interrupted = false;
        while (running.isAlive()) {
            try {
                running.join();
            } catch (InterruptedException _) {
                // The journal must be closed whatever hurry there is; the interrupt is handed on
                // below.
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!isClosing()) {
            work(take(), System.nanoTime());
        }
        finish();
    }

    /// Returns whether nothing more is taken.
    boolean isClosing() {
        synchronized (monitor) {
            return closing;
        }
    }

    private List<JournalTask> take() {
        synchronized (monitor) {
            if (incoming.isEmpty() && !closing && !more) {
                long now = System.nanoTime();
                long wait = lastTick + TICK_NANOS - now;
                if (dirty) {
                    wait = Math.min(wait, dirtySince + FLUSH_NANOS - now);
                }
                if (wait > 0) {
                    asleep = true;
                    pause(wait / NANOS_PER_MILLI + 1);
                    asleep = false;
                }
            }
            return swap();
        }
    }

    @SuppressWarnings(
            "WaitNotInLoop") // Waking early costs nothing: the caller looks for work and comes
    // back.
    private void pause(long millis) {
        try {
            monitor.wait(millis);
        } catch (InterruptedException _) {
            // Nobody has a reason to interrupt this thread; [#close] ends it.
            log.atWarn().log("spool writer was interrupted and goes on");
        }
    }

    private List<JournalTask> swap() {
        List<JournalTask> batch = incoming;
        incoming = spare;
        spare = batch;
        return batch;
    }

    /// Does what was submitted so far, on the caller's thread: for a writer that was not started.
    void step() {
        List<JournalTask> batch;
        synchronized (monitor) {
            batch = swap();
        }
        work(batch, System.nanoTime());
    }

    /// Does what is due every second, on the caller's thread: for a writer that was not started.
    void tick() {
        lastTick = System.nanoTime() - TICK_NANOS;
        step();
        syncNow();
    }

    private void work(List<JournalTask> batch, long now) {
        try {
            if (!batch.isEmpty()) {
                process(batch);
            }
            if (dirty && now - dirtySince >= FLUSH_NANOS) {
                syncNow();
            }
            more = afterBatch.getAsBoolean();
            if (now - lastTick >= TICK_NANOS) {
                lastTick = now;
                tickOnce();
            }
            unlessTrouble(() -> more |= housekeeping().step());
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("spool writer failed: a fault of this program");
            trouble = new SpoolException(SpoolException.Kind.BROKEN, "the spool has a fault", e);
            failAll(batch, 0, trouble);
            giveUpSegment(new IOException(e));
        } finally {
            batch.clear();
        }
    }

    private void tickOnce() {
        // What nobody waits for is no older than this when a disk fails.
        if (!staged.isEmpty()) {
            syncNow();
        }
        SpoolException current = trouble;
        if (current != null) {
            if (current.kind() == SpoolException.Kind.FULL) {
                housekeeping().makeRoom();
            }
            retry();
        }
        unlessTrouble(housekeeping()::everySecond);
    }

    private void syncNow() {
        unlessTrouble(() -> {
            journal().sync();
            noteDirt();
        });
    }

    private void unlessTrouble(DiskWork work) {
        if (trouble == null) {
            try {
                work.run();
            } catch (IOException e) {
                fail(e, List.of(), 0);
            }
        }
    }

    @FunctionalInterface
    private interface DiskWork {
        void run() throws IOException;
    }

    private Housekeeping housekeeping() {
        return Objects.requireNonNull(housekeeping);
    }

    private void process(List<JournalTask> batch) {
        int next = 0;
        try {
            boolean sync = false;
            boolean write = false;
            for (; next < batch.size(); next++) {
                sync |= stage(batch.get(next));
                write |= !batch.get(next).mayWait();
            }
            if (trouble == null && write) {
                journal().flush();
                batch.forEach(JournalTask::written);
            }
            if (sync) {
                journal().sync();
            }
            noteDirt();
        } catch (IOException e) {
            fail(e, batch, next);
        }
    }

    private boolean stage(JournalTask work) throws IOException {
        SpoolException current = trouble;
        if (current != null) {
            refuse(work, current);
            return false;
        }
        if (!work.stage(journal())) {
            return false;
        }
        staged.add(work);
        ageing |= !work.mayWait();
        return work.wantsSync();
    }

    private void refuse(JournalTask work, SpoolException why) {
        if (work.survives()) {
            owed.add(work);
        } else {
            work.failed(why);
        }
    }

    private void noteDirt() {
        if (ageing && !dirty) {
            dirtySince = System.nanoTime();
        }
        dirty = ageing;
    }

    /// Takes note that all that was appended is durable: the journal calls it.
    ///
    /// @param nanos how long that took; -1 when no sync was needed
    void synced(long nanos) {
        List<JournalTask> done = staged;
        staged = new ArrayList<>();
        ageing = false;
        done.forEach(JournalTask::durable);
        if (nanos >= 0) {
            onSync.accept(Duration.ofNanos(nanos));
        }
    }

    private void fail(IOException cause, List<JournalTask> batch, int next) {
        boolean full = cause instanceof Disk.FullException;
        SpoolException.Kind kind = full ? SpoolException.Kind.FULL : SpoolException.Kind.BROKEN;
        String words = full ? "the spool's disk is full" : "the spool's disk failed";
        SpoolException now = new SpoolException(kind, words + ": " + cause.getMessage(), cause);
        var line = log.atError();
        if (trouble == null) {
            line = line.addMarker(LogMark.EACH);
        }
        trouble = now;
        line.addKeyValue("trouble", words)
                .addKeyValue("error", cause.getMessage())
                .log("the spool can't write");
        failAll(batch, next, now);
        giveUpSegment(cause);
        if (!full) {
            retry();
        }
    }

    private void failAll(List<JournalTask> batch, int next, SpoolException now) {
        List<JournalTask> open = new ArrayList<>(staged);
        open.addAll(batch.subList(Math.min(next, batch.size()), batch.size()));
        staged = new ArrayList<>();
        ageing = false;
        dirty = false;
        open.forEach(work -> refuse(work, now));
    }

    private void giveUpSegment(IOException cause) {
        housekeeping().giveUp();
        try {
            journal().discard(cause);
        } catch (IOException e) {
            log.atWarn().setCause(e).log("a segment that was given up can't be closed");
        }
    }

    /// Writes again what is owed, which shows whether the disk works.
    private void retry() {
        List<JournalTask> again = owed;
        owed = new ArrayList<>();
        int next = 0;
        try {
            for (; next < again.size(); next++) {
                if (again.get(next).stage(journal())) {
                    staged.add(again.get(next));
                    ageing = true;
                }
            }
            journal().sync();
            if (trouble != null) {
                log.atInfo()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("rewritten", again.size())
                        .log("spool works again");
            }
            trouble = null;
            noteDirt();
        } catch (IOException e) {
            failAll(again, next, Objects.requireNonNull(trouble));
            giveUpSegment(e);
        }
    }

    private void finish() {
        List<JournalTask> last;
        synchronized (monitor) {
            closing = true;
            last = swap();
        }
        work(last, System.nanoTime());
        syncNow();
        if (trouble != null) {
            retry();
        }
        try {
            journal().close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("the journal can't be closed");
        }
        if (!owed.isEmpty()) {
            log.atError()
                    .addKeyValue("changes", owed.size())
                    .log("spool closed with changes that the disk did not take");
        }
    }

    /// Returns whether all that was ever submitted is durable.
    boolean isClean() {
        return owed.isEmpty() && staged.isEmpty() && trouble == null;
    }

    private Journal journal() {
        return Objects.requireNonNull(journal);
    }

    /// Something for the writer to put into the journal. All methods run on its thread, in this
    /// order: [#stage], then [#written], then [#durable]; or [#failed] instead of any of these.
    /// What becomes durable at once is told of [#durable] alone or first, and what may wait perhaps
    /// not of [#written].
    interface JournalTask {

        /// Appends records.
        ///
        /// @return whether [#written] and [#durable] shall be called
        boolean stage(Journal journal) throws IOException;

        /// Returns whether somebody waits for [#durable]; else it comes with the next sync, or
        /// soon.
        default boolean wantsSync() {
            return false;
        }

        /// Returns whether nobody waits for any of it, so that it is written and made durable with
        /// what comes later.
        default boolean mayWait() {
            return false;
        }

        /// Returns whether it is staged again after a failure, instead of [#failed].
        default boolean survives() {
            return false;
        }

        default void written() {}

        default void durable() {}

        default void failed(SpoolException trouble) {}
    }
}
