package dev.postern.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Runs several things at once, each on a virtual thread.
final class Parallel {

    private Parallel() {}

    /// Returns once all are over, or the thread is interrupted, which interrupts them too.
    ///
    /// @throws IllegalStateException with the first failure, once all are over
    static void run(List<Runnable> tasks) {
        List<Thread> threads = new ArrayList<>();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        for (Runnable task : tasks) {
            threads.add(Thread.ofVirtual().name("doctor").start(() -> run(task, failures)));
        }
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException _) {
            threads.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
        }
        Throwable failure = failures.poll();
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    private static void run(Runnable task, Queue<Throwable> failures) {
        try {
            task.run();
        } catch (RuntimeException | Error e) {
            failures.add(e);
        }
    }
}
