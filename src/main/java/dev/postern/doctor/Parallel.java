package dev.postern.doctor;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/// Runs several things at once, each on a virtual thread.
final class Parallel {

    private Parallel() {}

    /// Does the same with each of several things. Returns once all is over, or the thread is
    /// interrupted, which interrupts them too.
    ///
    /// @throws IllegalStateException with a failure, once all is over
    static <T> void each(Collection<T> things, Consumer<? super T> task) {
        List<Callable<Object>> tasks =
                things.stream().map(it -> Executors.callable(() -> task.accept(it))).toList();
        // Not closed: that would wait for those who don't heed an interrupt.
        ExecutorService threads =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("doctor").factory());
        try {
            for (Future<?> over : threads.invokeAll(tasks)) {
                over.get();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /// Runs all of them.
    static void run(List<Runnable> tasks) {
        each(tasks, Runnable::run);
    }
}
