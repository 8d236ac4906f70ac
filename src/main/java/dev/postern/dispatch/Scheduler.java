package dev.postern.dispatch;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Time and threads, as the dispatcher uses them.
interface Scheduler extends AutoCloseable {

    /// Returns the time.
    Instant now();

    /// Runs `task` on a thread of its own, soon.
    ///
    /// @param name of the thread, for stack dumps
    /// @return what interrupts that thread
    Runnable start(String name, Runnable task);

    /// Runs `task` once at `when`, or soon where that has passed. It must be brief.
    ///
    /// @return what makes it forget the task
    Runnable at(Instant when, Runnable task);

    /// Forgets what was to run later.
    @Override
    void close();

    /// A clock's time, virtual threads, and one timer thread.
    static final class OnThreads implements Scheduler {

        private final InstantSource clock;
        private final ScheduledThreadPoolExecutor timer;

        OnThreads(InstantSource clock) {
            this.clock = clock;
            ThreadFactory daemon = Thread.ofPlatform().daemon().name("dispatch-timer").factory();
            timer = new ScheduledThreadPoolExecutor(1, daemon);
            timer.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
            timer.setRemoveOnCancelPolicy(true);
            timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        }

        @Override
        public Instant now() {
            return clock.instant();
        }

        @Override
        public Runnable start(String name, Runnable task) {
            Thread thread = Thread.ofVirtual().name(name).start(task);
            return thread::interrupt;
        }

        @Override
        public Runnable at(Instant when, Runnable task) {
            long delayMillis = Math.max(0, Duration.between(now(), when).toMillis() + 1);
            ScheduledFuture<?> later = timer.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
            return () -> later.cancel(false);
        }

        @Override
        public void close() {
            timer.shutdown();
        }
    }

    /// The timer that wakes the dispatcher for the next thing that time alone brings about.
    /// Confined to the dispatcher's tasks.
    static final class WakeTimer {

        private final Scheduler scheduler;
        private final SerialExecutor tasks;
        private @Nullable Instant armed;

        WakeTimer(Scheduler scheduler, SerialExecutor tasks) {
            this.scheduler = scheduler;
            this.tasks = tasks;
        }

        /// Has the dispatcher woken at `next`, unless it is woken before; the end of time: never.
        void at(Instant next) {
            boolean armedBefore = armed != null && !next.isBefore(armed);
            if (!next.equals(Instant.MAX) && !armedBefore) {
                armed = next;
                scheduler.at(next, () -> tasks.post(() -> disarm(next)));
            }
        }

        private void disarm(Instant at) {
            if (at.equals(armed)) {
                armed = null;
            }
        }
    }

    /// Runs tasks one at a time in the order they were posted, whoever posts them, and after each
    /// batch of them one fixed task. What only these tasks touch needs no lock. Posting never
    /// blocks and never runs anything on the caller's thread, so that it is safe under the locks of
    /// others.
    static final class SerialExecutor {

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
                // Nothing may end the one thread that decides: mail would be accepted and never
                // leave.
                log.atError().setCause(e).log("dispatch failed in one step and goes on");
            }
        }
    }
}
