package dev.postern.egress.smtp;

import dev.postern.outcome.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Runs each candidate on a virtual thread of its own; an interrupt closes the socket of one that
/// is broken off.
final class ThreadedPortRace implements PortRace.Track {

    private final Function<Candidate, @Nullable Verdict> examination;
    private final BlockingQueue<PortRace.Finish> finishes = new LinkedBlockingQueue<>();
    private final List<Thread> running = new ArrayList<>();

    /// @param examination tries a candidate and says why it must not be used, or null
    ThreadedPortRace(Function<Candidate, @Nullable Verdict> examination) {
        this.examination = examination;
    }

    @Override
    public void start(Candidate candidate) {
        running.add(
                Thread.ofVirtual()
                        .name("smtp-race-" + candidate.port())
                        .start(() -> {
                            Verdict objection = examination.apply(candidate);
                            finishes.add(new PortRace.Finish(candidate, objection));
                        }));
    }

    @Override
    public PortRace.@Nullable Finish next(Duration longest) throws InterruptedException {
        return finishes.poll(longest.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public void close() {
        running.forEach(Thread::interrupt);
    }
}
