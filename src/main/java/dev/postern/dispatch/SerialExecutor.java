package dev.postern.dispatch;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs tasks one at a time in the order they were posted, whoever posts them, and after each batch
/// of them one fixed task. What only these tasks touch needs no lock. Posting never blocks and
/// never runs anything on the caller's thread, so that it is safe under the locks of others.
final class SerialExecutor {

    /// When a thread is asked for again that was not to be had.
    private static final Duration NO_THREAD_WAIT = Duration.ofSeconds(1);

    private static final Logger log = LoggerFactory.getLogger(SerialExecutor.class);

    private final Queue<Runnable> posted = new ConcurrentLinkedQueue<>();
    private final AtomicInteger unseen = new AtomicInteger();
    private final Scheduler scheduler;
    private final Runnable afterwards;

    SerialExecutor(Scheduler scheduler, Runnable afterwards) {
        this.scheduler = scheduler;
        this.afterwards = afterwards;
    }

    void post(Runnable task) {
        posted.add(task);
        if (unseen.getAndIncrement() == 0) {
            start();
        }
    }

    private void start() {
        try {
            scheduler.start("dispatch", this::work);
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("no thread to be had for dispatch; tried again soon");
            unseen.set(0);
            scheduler.at(scheduler.now().plus(NO_THREAD_WAIT), () -> post(() -> {}));
        }
    }

    private void work() {
        int seen = unseen.get();
        while (seen != 0) {
            for (@Nullable Runnable task = posted.poll(); task != null; task = posted.poll()) {
                run(task);
            }
            run(afterwards);
            seen = unseen.addAndGet(-seen);
        }
    }

    /// Runs what must not keep others from what they have to do.
    static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            // Nothing may end the one thread that decides: mail would be accepted and never leave.
            log.atError().setCause(e).log("dispatch failed in one step and goes on");
        }
    }
}
