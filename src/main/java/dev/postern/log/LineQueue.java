package dev.postern.log;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Lines on their way to the log's reader, in order. Who brings one never waits; what does not fit
/// is dropped, and a [Gap] stands in its place.
///
/// *Limits.* A number of lines and of octets. Once full it takes lines again when half of it is
/// empty, so that there is one gap and not one behind each line that a slow reader takes.
final class LineQueue {

    /// What a line costs beside its octets.
    static final int OVERHEAD_BYTES = 64;

    /// What stands in the queue.
    sealed interface Entry {}

    /// A finished line.
    ///
    /// @param facts how many it stands for
    @SuppressWarnings("ArrayRecordComponent")
    record Line(byte[] octets, long facts) implements Entry {}

    /// Lines that were dropped.
    static final class Gap implements Entry {
        private final Instant since;
        private long facts;

        private Gap(Instant since) {
            this.since = since;
        }

        /// Returns when the first of them came.
        Instant since() {
            return since;
        }

        /// Returns how many facts they stood for.
        long facts() {
            return facts;
        }
    }

    private final int maxLines;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final Condition left = lock.newCondition();
    private final Queue<Entry> entries = new ArrayDeque<>();
    private int lines;
    private long bytes;
    private @Nullable Gap gap;
    private long offered;
    private long taken;
    private long done;
    private boolean ended;

    LineQueue(int maxLines, long maxBytes) {
        this.maxLines = maxLines;
        this.maxBytes = maxBytes;
    }

    /// Takes a line, or notes that it was dropped. Never waits.
    ///
    /// @param at when what it tells came
    void offer(Line line, Instant at) {
        int cost = cost(line);
        lock.lock();
        try {
            if (gap != null && lines <= maxLines / 2 && bytes <= maxBytes / 2) {
                gap = null;
            }
            if (gap == null && lines < maxLines && bytes + cost <= maxBytes) {
                lines++;
                bytes += cost;
                add(line);
            } else {
                if (gap == null) {
                    gap = new Gap(at);
                    add(gap);
                }
                gap.facts += line.facts();
            }
        } finally {
            lock.unlock();
        }
    }

    private void add(Entry entry) {
        entries.add(entry);
        offered++;
        arrived.signal();
    }

    /// Takes the next entry out once there is one; with that the one before counts as written. For
    /// one thread only.
    ///
    /// @return null when there was none for so long, or none is to come
    @Nullable Entry take(long nanos) throws InterruptedException {
        lock.lock();
        try {
            done = taken;
            left.signalAll();
            long rest = nanos;
            while (entries.isEmpty()) {
                if (rest <= 0 || ended) {
                    return null;
                }
                rest = arrived.awaitNanos(rest);
            }
            taken++;
            Entry entry = entries.remove();
            switch (entry) {
                case Line line -> {
                    lines--;
                    bytes -= cost(line);
                }
                case Gap told -> gap = told == gap ? null : gap;
            }
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /// Lets who takes entries out go home after the last one.
    void end() {
        lock.lock();
        try {
            ended = true;
            arrived.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Returns whether nothing is there and nothing is to come.
    boolean hasEnded() {
        lock.lock();
        try {
            return ended && entries.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /// Waits until what is in the queue now has been written.
    ///
    /// @return whether it was, within that time
    boolean flush(Duration atMost) {
        long rest = atMost.toNanos();
        lock.lock();
        try {
            long goal = offered;
            while (done < goal) {
                if (rest <= 0) {
                    return false;
                }
                rest = left.awaitNanos(rest);
            }
            return true;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    private static int cost(Line line) {
        return line.octets().length + OVERHEAD_BYTES;
    }
}
