package dev.postern.log;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Lines on their way to the log's reader, in order. Who brings one never waits; what does not fit
/// is dropped, and a [Gap] stands in its place.
///
/// *Limits.* A number of lines and of octets. Once full it takes lines again when half of it is
/// empty, so that there is one gap and not one behind each line that a slow reader takes.
final class LineQueue {

    /// For how long lines gather once some were taken: to be woken for each would cost more than to
    /// write it. What comes after a rest is taken at once.
    static final Duration GATHER = Duration.ofMillis(5);

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
    private final Queue<Entry> entries = new ArrayDeque<>();
    private int lines;
    private long bytes;
    private @Nullable Gap gap;
    private boolean awaited;
    private int hurried;
    private long wokenNanos = System.nanoTime() - GATHER.toNanos();
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
    synchronized void offer(Line line, Instant at) {
        int cost = cost(line);
        if (gap != null && !isHalfFull()) {
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
    }

    private boolean isHalfFull() {
        return lines > maxLines / 2 || bytes > maxBytes / 2;
    }

    private void add(Entry entry) {
        entries.add(entry);
        offered++;
        if (awaited || isHalfFull()) {
            notifyAll();
        }
    }

    /// Takes the next entry out once there is one; with that the one before counts as written. For
    /// one thread only.
    ///
    /// @return null when there was none for so long, or none is to come
    synchronized @Nullable Entry take(long nanos) throws InterruptedException {
        done = taken;
        if (hurried > 0) {
            notifyAll();
        }
        long rest = entries.isEmpty() ? gather(nanos) : nanos;
        while (entries.isEmpty()) {
            if (rest <= 0 || ended) {
                return null;
            }
            awaited = true;
            rest = restAfterNews(rest);
            awaited = false;
            wokenNanos = System.nanoTime();
        }
        return remove();
    }

    /// Waits out the time in which lines gather: who was woken a moment ago is not woken again.
    private long gather(long nanos) throws InterruptedException {
        long rest = nanos;
        long gathering = wokenNanos + GATHER.toNanos() - System.nanoTime();
        while (gathering > 0 && rest > 0 && !ended && hurried == 0 && !isHalfFull()) {
            long wait = Math.min(gathering, rest);
            long left = restAfterNews(wait);
            gathering -= wait - left;
            rest -= wait - left;
        }
        return rest;
    }

    private Entry remove() {
        taken++;
        Entry entry = entries.remove();
        if (entry instanceof Line line) {
            lines--;
            bytes -= cost(line);
        } else if (entry == gap) {
            gap = null;
        }
        return entry;
    }

    /// Waits until something changes, for so long at most.
    ///
    /// @return what is left of the time
    private long restAfterNews(long nanos) throws InterruptedException {
        long begun = System.nanoTime();
        TimeUnit.NANOSECONDS.timedWait(this, nanos);
        return nanos - (System.nanoTime() - begun);
    }

    /// Lets who takes entries out go home after the last one.
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /// Returns whether nothing is there and nothing is to come.
    synchronized boolean hasEnded() {
        return ended && entries.isEmpty();
    }

    /// Waits until what is in the queue now has been written.
    ///
    /// @return whether it was, within that time
    synchronized boolean flush(Duration atMost) {
        long rest = atMost.toNanos();
        long goal = offered;
        hurried++;
        notifyAll();
        try {
            while (done < goal && rest > 0) {
                rest = restAfterNews(rest);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            hurried--;
        }
        return done >= goal;
    }

    private static int cost(Line line) {
        return line.octets().length + OVERHEAD_BYTES;
    }
}
