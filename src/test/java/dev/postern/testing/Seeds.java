package dev.postern.testing;

import java.util.List;
import java.util.SplittableRandom;
import java.util.function.LongPredicate;
import java.util.random.RandomGenerator;
import org.opentest4j.TestAbortedException;

/// Randomness for tests that can be replayed: every trial draws from a generator made from one
/// number, the seed, and a failing trial says which.
///
/// Without further word the seeds are the same on every run, so that a build does not turn red by
/// chance. `-Dseed=fresh` takes new ones, `-Dseed=1234` runs the one trial of that seed.
public final class Seeds {

    private static final String FRESH = "fresh";

    private Seeds() {}

    /// One trial of a property.
    @FunctionalInterface
    public interface Trial {

        /// Runs the trial; all its randomness comes from `random`.
        ///
        /// @throws Exception when the trial fails in a way that is not an assertion
        void run(RandomGenerator random) throws Exception;
    }

    /// Runs a trial for so many seeds, or for the one that `-Dseed=` names.
    ///
    /// @throws AssertionError that names the seed of the first trial that failed
    /// @throws TestAbortedException when a trial lacks what it needs: the test is skipped
    public static void forEach(int trials, Trial trial) {
        forEach(trials, System.getProperty("seed", ""), trial);
    }

    static void forEach(int trials, String wish, Trial trial) {
        asLongAs(i -> i < trials, wish, trial);
    }

    /// Runs a trial for seed after seed as long as a count of trials, from 0, is to be run; or for
    /// the one that `-Dseed=` names.
    ///
    /// @throws AssertionError that names the seed of the first trial that failed
    public static void asLongAs(LongPredicate wanted, Trial trial) {
        asLongAs(wanted, System.getProperty("seed", ""), trial);
    }

    private static void asLongAs(LongPredicate wanted, String wish, Trial trial) {
        if (!wish.isEmpty() && !wish.equals(FRESH)) {
            run(Long.parseLong(wish), trial);
            return;
        }
        long first = wish.equals(FRESH) ? System.nanoTime() : 1;
        for (long i = 0; wanted.test(i); i++) {
            run(first + i, trial);
        }
    }

    private static void run(long seed, Trial trial) {
        try {
            trial.run(new SplittableRandom(seed));
        } catch (TestAbortedException skipped) {
            throw skipped;
        } catch (Exception | AssertionError trouble) {
            throw new AssertionError(
                    "seed " + seed + " (replay with -Dseed=" + seed + "): " + trouble, trouble);
        }
    }

    /// Returns one of the values.
    public static <T> T oneOf(RandomGenerator random, List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    /// Returns at most `maxBytes` bytes of any value.
    public static byte[] bytes(RandomGenerator random, int maxBytes) {
        byte[] bytes = new byte[random.nextInt(maxBytes + 1)];
        random.nextBytes(bytes);
        return bytes;
    }

    /// Returns at most `maxLength` characters, each out of `alphabet`.
    public static String text(RandomGenerator random, String alphabet, int maxLength) {
        StringBuilder text = new StringBuilder();
        for (int left = random.nextInt(maxLength + 1); left > 0; left--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}
