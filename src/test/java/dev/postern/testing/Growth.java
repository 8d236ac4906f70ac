package dev.postern.testing;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.function.IntFunction;

/// How the CPU time of a piece of work grows with its input. Four times the input may take about
/// four times as long; quadratic work takes sixteen times as long, and a pattern that backtracks
/// never ends.
///
/// The time is the thread's own, so that a busy machine changes little, and of several runs the
/// shortest counts.
public final class Growth {

    /// How much longer four times the input may take: linear is 4, quadratic 16.
    private static final double RATIO_AT_MOST = 6;

    private static final int STEP = 4;
    private static final int SMALLEST = 256;
    private static final int RUNS = 5;
    private static final int ROUNDS = 4;

    /// What is shorter says nothing.
    private static final long MEASURABLE_NANOS = 1_000_000;

    /// A single run that takes longer need not be compared with anything.
    private static final long HOPELESS_NANOS = 5_000_000_000L;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private Growth() {}

    /// Asserts that work on inputs up to `largest` grows linearly.
    ///
    /// @param what names the work in the failure
    /// @param largest the largest size of an input
    /// @param prepare makes an input of a size, and returns the work on it, which may run often
    public static void assertLinear(String what, int largest, IntFunction<Runnable> prepare) {
        for (int size = SMALLEST; size * STEP <= largest; size *= STEP) {
            Runnable small = prepare.apply(size);
            Runnable large = prepare.apply(size * STEP);
            for (int round = 1; ; round++) {
                long before = shortest(what, size, small);
                long after = shortest(what, size * STEP, large);
                if (before < MEASURABLE_NANOS || after <= before * RATIO_AT_MOST) {
                    break;
                }
                if (round == ROUNDS) {
                    throw new AssertionError(
                            "%s: %,d take %,d µs, %,d take %,d µs"
                                    .formatted(
                                            what, size, before / 1000, size * STEP, after / 1000));
                }
            }
        }
    }

    private static long shortest(String what, int size, Runnable work) {
        long shortest = Long.MAX_VALUE;
        for (int run = 0; run < RUNS; run++) {
            long began = THREADS.getCurrentThreadCpuTime();
            work.run();
            shortest = Math.min(shortest, THREADS.getCurrentThreadCpuTime() - began);
            if (shortest > HOPELESS_NANOS) {
                throw new AssertionError(
                        "%s: %,d take %,d ms".formatted(what, size, shortest / 1_000_000));
            }
        }
        return shortest;
    }
}
