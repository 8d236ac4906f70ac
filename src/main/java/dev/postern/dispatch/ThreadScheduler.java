package dev.postern.dispatch;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// A clock's time, virtual threads, and one timer thread.
final class ThreadScheduler implements Scheduler {

    private final InstantSource clock;
    private final ScheduledThreadPoolExecutor timer;

    ThreadScheduler(InstantSource clock) {
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
