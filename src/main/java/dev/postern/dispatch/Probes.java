package dev.postern.dispatch;

import dev.postern.egress.EgressHealth.Turn;
import dev.postern.egress.Probe;
import dev.postern.outcome.Fault;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the probes of egresses when their health wants one, each on a thread of its own.
final class Probes {

    private static final Logger log = LoggerFactory.getLogger(Probes.class);

    private final Pace pace;
    private final Serial tasks;
    private final Chronicle chronicle;
    private final Consumer<Lane> works;
    private final Map<String, CompletableFuture<Probe>> first = new ConcurrentHashMap<>();

    /// @param works told, as a task, of an egress that a probe found working
    Probes(Pace pace, Serial tasks, Chronicle chronicle, Consumer<Lane> works) {
        this.pace = pace;
        this.tasks = tasks;
        this.chronicle = chronicle;
        this.works = works;
    }

    /// Returns what the first probe of an egress found, once it did.
    CompletableFuture<Probe> first(Lane lane) {
        return first.computeIfAbsent(lane.name(), _ -> new CompletableFuture<>());
    }

    /// Makes the probes that are due.
    void makeDue(Collection<Lane> lanes, Instant now) {
        for (Lane lane : lanes) {
            if (lane.health().takeProbe(now)) {
                // It completes once; later probes find it done.
                make(lane, first(lane));
            }
        }
    }

    /// Makes a probe now, in the place of the one that was planned.
    ///
    /// @param result completed with what it found, on the probe's thread
    void makeNow(Lane lane, CompletableFuture<Probe> result) {
        Instant now = pace.now();
        lane.health().probeAt(now);
        lane.health().takeProbe(now);
        make(lane, result);
    }

    private void make(Lane lane, CompletableFuture<Probe> result) {
        pace.start(
                "probe-" + lane.name(),
                () -> {
                    Probe probe = probe(lane);
                    tasks.post(() -> found(lane, probe));
                    result.complete(probe);
                });
    }

    private static Probe probe(Lane lane) {
        try {
            return lane.egress().probe();
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("egress", lane.name())
                    .setCause(e)
                    .log("the probe failed by our own fault");
            return new Probe.Failed("internal error, see the log", Fault.SERVICE, null);
        }
    }

    private void found(Lane lane, Probe probe) {
        if (lane.isRetired()) {
            return;
        }
        Turn turn = lane.health().probed(probe, pace.now());
        chronicle.turned(turn, lane.health().view());
        switch (probe) {
            case Probe.Passed _, Probe.Unproven _ -> works.accept(lane);
            case Probe.Failed _ -> {}
        }
    }
}
