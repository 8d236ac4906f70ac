package dev.postern.dispatch;

import dev.postern.egress.EgressHealth.Turn;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome.Fault;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the probes of egresses when their health wants one, each on a thread of its own and in a
/// slot of its egress, as a call is: a provider that allows one connection allows no second one for
/// a probe. While all slots have mail, probes wait: mail proves more.
final class Probes {

    /// When a thread is asked for again that was not to be had.
    private static final Duration NO_THREAD_WAIT = Duration.ofSeconds(5);

    /// How long one who asked for a probe waits for a slot; then the answer is that there was none.
    static final Duration BUSY_LIMIT = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(Probes.class);

    private final Scheduler scheduler;
    private final Scheduler.SerialExecutor tasks;
    private final DeliveryLog deliveryLog;
    private final Consumer<EgressPool.EgressSlots> works;
    private final Map<String, CompletableFuture<Probe>> first = new ConcurrentHashMap<>();
    private final Map<EgressPool.EgressSlots, Wanted> wanted = new LinkedHashMap<>();

    /// A probe that was asked for and waits for a slot.
    private record Wanted(Instant until, List<CompletableFuture<Probe>> results) {

        private void unproven(String why) {
            Probe none = new Probe.Unproven("not probed: " + why);
            results.forEach(result -> result.complete(none));
        }
    }

    /// @param works told, as a task, of an egress that a probe found working
    Probes(
            Scheduler scheduler,
            Scheduler.SerialExecutor tasks,
            DeliveryLog deliveryLog,
            Consumer<EgressPool.EgressSlots> works) {
        this.scheduler = scheduler;
        this.tasks = tasks;
        this.deliveryLog = deliveryLog;
        this.works = works;
    }

    /// Returns what the first probe of an egress found, once it did.
    CompletableFuture<Probe> first(EgressPool.EgressSlots slots) {
        return first.computeIfAbsent(slots.name(), _ -> new CompletableFuture<>());
    }

    /// Makes the probes that are due.
    void makeDue(Collection<EgressPool.EgressSlots> pool, Instant now) {
        for (EgressPool.EgressSlots slots : pool) {
            if (slots.hasProbeSlot() && slots.health().takeProbe(now)) {
                // It completes once; later probes find it done.
                make(slots, List.of(first(slots)));
            }
        }
    }

    /// Makes the probes that somebody asked for and that have a slot by now, and answers those that
    /// have waited too long for one, or for an egress that is gone.
    void makeWanted(Instant now) {
        for (Map.Entry<EgressPool.EgressSlots, Wanted> each : List.copyOf(wanted.entrySet())) {
            EgressPool.EgressSlots slots = each.getKey();
            Wanted asked = each.getValue();
            boolean late = !now.isBefore(asked.until());
            if (slots.isRetired() || slots.hasProbeSlot() || late) {
                wanted.remove(slots);
                answer(slots, asked, now);
            }
        }
    }

    private void answer(EgressPool.EgressSlots slots, Wanted asked, Instant now) {
        if (slots.isRetired()) {
            asked.unproven("the configuration changed");
        } else if (slots.hasProbeSlot()) {
            slots.health().takeProbe(now);
            try {
                make(slots, asked.results());
            } catch (RuntimeException | Error e) {
                asked.unproven(AttemptRunner.OUR_FAULT);
                throw e;
            }
        } else {
            asked.unproven("busy sending");
        }
    }

    /// Returns when to call [#makeWanted] though nothing else happens; the end of time: not at all.
    Instant due() {
        return wanted.values().stream()
                .map(Wanted::until)
                .min(Comparator.naturalOrder())
                .orElse(Instant.MAX);
    }

    /// Asks for a probe as soon as there is a slot, in the place of the one that was planned. If
    /// there is none within [#BUSY_LIMIT], that is the answer.
    ///
    /// @param result completed with what it found, on the probe's thread
    void want(EgressPool.EgressSlots slots, CompletableFuture<Probe> result) {
        Instant now = scheduler.now();
        slots.health().probeAt(now);
        wanted.computeIfAbsent(slots, _ -> new Wanted(now.plus(BUSY_LIMIT), new ArrayList<>()))
                .results()
                .add(result);
    }

    /// Gives up what waits for a slot.
    void close() {
        wanted.values().forEach(asked -> asked.unproven("shutting down"));
        wanted.clear();
    }

    private void make(EgressPool.EgressSlots slots, List<CompletableFuture<Probe>> results) {
        slots.beginProbe();
        Runnable work =
                () -> {
                    Probe probe = probe(slots);
                    tasks.post(() -> found(slots, probe));
                    results.forEach(result -> result.complete(probe));
                };
        try {
            scheduler.start("probe-" + slots.name(), work);
        } catch (RuntimeException | Error e) {
            slots.health().probeAt(scheduler.now().plus(NO_THREAD_WAIT));
            slots.ended();
            throw e;
        }
    }

    private static Probe probe(EgressPool.EgressSlots slots) {
        try {
            return slots.egress().probe();
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("egress", slots.name())
                    .setCause(e)
                    .log("the probe failed by our own fault");
            return new Probe.Failed("internal error, see the log", Fault.SERVICE, null);
        }
    }

    private void found(EgressPool.EgressSlots slots, Probe probe) {
        slots.ended();
        if (slots.isRetired()) {
            return;
        }
        Turn turn = slots.health().probed(probe, scheduler.now());
        deliveryLog.turned(turn, slots.health().view());
        switch (probe) {
            case Probe.Passed _, Probe.Unproven _ -> works.accept(slots);
            case Probe.Failed _ -> {}
        }
    }
}
