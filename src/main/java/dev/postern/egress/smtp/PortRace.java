package dev.postern.egress.smtp;

import dev.postern.outcome.Verdict;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tries candidates until one wins, each a little later than the one before or as soon as that has
/// lost (RFC 8305 §5). What wins is not what connects first but what is found fit first: an
/// intercepting server always connects first.
///
/// For one thread, once.
final class PortRace {

    /// Where candidates run: the only part that knows of time and threads.
    interface Track extends AutoCloseable {

        /// Starts a candidate.
        void start(Candidate candidate);

        /// Waits for the next one to finish.
        ///
        /// @return null when none does within `longest`
        @Nullable Finish next(Duration longest) throws InterruptedException;

        /// Returns a time to measure by.
        long nanoTime();

        /// Breaks off those that still run.
        @Override
        void close();
    }

    /// A candidate that came to an end.
    ///
    /// @param objection why it must not be used; null: it wins
    record Finish(Candidate candidate, @Nullable Verdict objection) {}

    /// How the race ended.
    ///
    /// @param winner null: none
    /// @param objections of those that finished and lost, in the order of the list
    /// @param unfinished how long those had run that were broken off, likewise
    /// @param candidates all, whether they ran or not
    record Result(
            @Nullable Candidate winner,
            Map<Candidate, Verdict> objections,
            Map<Candidate, Duration> unfinished,
            List<Candidate> candidates) {}

    private final List<Candidate> candidates;
    private final Track track;
    private final Duration stagger;
    private final Duration limit;
    private final Map<Candidate, Verdict> objections = new LinkedHashMap<>();
    private final Map<Candidate, Long> beganNanos = new HashMap<>();
    private int started;

    /// @param candidates in the order in which they are tried
    /// @param stagger between two starts
    /// @param limit for the whole race
    PortRace(List<Candidate> candidates, Track track, Duration stagger, Duration limit) {
        this.candidates = List.copyOf(candidates);
        this.track = track;
        this.stagger = stagger;
        this.limit = limit;
    }

    Result run() throws InterruptedException {
        try (track) {
            return result(winner());
        }
    }

    private @Nullable Candidate winner() throws InterruptedException {
        long end = track.nanoTime() + limit.toNanos();
        while (started < candidates.size() || objections.size() < started) {
            long leftNanos = end - track.nanoTime();
            if (leftNanos <= 0) {
                return null;
            }
            if (started < candidates.size()) {
                start(candidates.get(started++));
            }
            boolean more = started < candidates.size();
            long wait = more ? Math.min(stagger.toNanos(), leftNanos) : leftNanos;
            Finish finish = track.next(Duration.ofNanos(wait));
            if (finish != null && finish.objection() == null) {
                return finish.candidate();
            }
            if (finish != null && finish.objection() != null) {
                objections.put(finish.candidate(), finish.objection());
            }
        }
        return null;
    }

    private void start(Candidate candidate) {
        beganNanos.put(candidate, track.nanoTime());
        track.start(candidate);
    }

    private Result result(@Nullable Candidate winner) {
        long now = track.nanoTime();
        Map<Candidate, Verdict> lost = new LinkedHashMap<>();
        Map<Candidate, Duration> unfinished = new LinkedHashMap<>();
        for (Candidate candidate : candidates) {
            Verdict objection = objections.get(candidate);
            Long began = beganNanos.get(candidate);
            if (objection != null) {
                lost.put(candidate, objection);
            } else if (began != null && !candidate.equals(winner)) {
                unfinished.put(candidate, Duration.ofNanos(now - began));
            }
        }
        return new Result(winner, lost, unfinished, candidates);
    }
}
