package dev.postern;

import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig;
import dev.postern.dispatch.Dispatcher;
import dev.postern.doctor.Doctor;
import dev.postern.doctor.Doctor.KnownTrouble;
import dev.postern.doctor.EgressReport;
import dev.postern.doctor.Report;
import dev.postern.doctor.Report.Finding;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome.Fault;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// The doctor of a running forwarder. It has the running egresses examine themselves, so that what
/// it finds counts for their health too.
final class LiveDoctor implements Supplier<Report> {

    private static final Logger log = LoggerFactory.getLogger(Doctor.class);

    /// Nobody reads it: the egress is left out.
    private static final Probe GONE = new Probe.Failed("gone", Fault.SERVICE, null);

    private final PosternConfig config;
    private final Dispatcher dispatcher;
    private volatile List<EgressConfig> egresses;
    private final AtomicReference<@Nullable CompletableFuture<Report>> underWay =
            new AtomicReference<>();

    LiveDoctor(PosternConfig config, Dispatcher dispatcher) {
        this.config = config;
        this.dispatcher = dispatcher;
        this.egresses = config.egress();
    }

    /// Takes other egresses from now on.
    void use(List<EgressConfig> others) {
        egresses = List.copyOf(others);
    }

    /// Examines every way out. Blocks; who asks while an examination is under way gets its report.
    @Override
    public Report get() {
        CompletableFuture<Report> mine = new CompletableFuture<>();
        CompletableFuture<Report> other = underWay.compareAndExchange(null, mine);
        if (other != null) {
            return other.join();
        }
        examine(mine);
        return mine.join();
    }

    private void examine(CompletableFuture<Report> report) {
        Set<String> gone = ConcurrentHashMap.newKeySet();
        try {
            Report all =
                    Doctor.of(config, egresses, egress -> probe(egress, gone)).begin().report();
            report.complete(gone.isEmpty() ? all : all.without(gone));
        } catch (RuntimeException | Error e) {
            report.completeExceptionally(e);
        } finally {
            underWay.set(null);
        }
    }

    private Probe probe(EgressConfig egress, Set<String> gone) {
        Optional<KnownTrouble> known = known(egress.name());
        Optional<CompletionStage<Probe>> stage = dispatcher.probe(egress.name());
        if (stage.isEmpty()) {
            gone.add(egress.name());
            return GONE;
        }
        Probe probe = joined(stage.get());
        return known.map(trouble -> trouble.over(probe)).orElse(probe);
    }

    /// Asked before the probe, which gives the egress another chance.
    private Optional<KnownTrouble> known(String name) {
        return dispatcher.egresses().stream()
                .filter(view -> view.name().equals(name))
                .flatMap(view -> KnownTrouble.of(view).stream())
                .findFirst();
    }

    private static Probe joined(CompletionStage<Probe> stage) {
        return stage.toCompletableFuture().join();
    }

    /// Logs, in the background, how every egress stands at the start: a line for each and a
    /// verdict. Only those are examined further whose first probe failed, and none logs in again.
    void summarize() {
        if (!config.egress().isEmpty()) {
            Thread.ofVirtual().name("doctor").start(this::examineAtStart);
        }
    }

    private void examineAtStart() {
        Map<String, Probe> probes = new TreeMap<>();
        for (EgressConfig egress : config.egress()) {
            // A reload may have taken it away already.
            dispatcher
                    .firstProbe(egress.name())
                    .ifPresent(stage -> probes.put(egress.name(), joined(stage)));
        }
        List<EgressConfig> failed = new ArrayList<>();
        for (EgressConfig egress : config.egress()) {
            switch (probes.get(egress.name())) {
                case Probe.Passed(String detail) -> works(egress, "yes", detail);
                case Probe.Unproven(String detail) -> works(egress, "unproven", detail);
                case Probe.Failed _ -> failed.add(egress);
                case null -> {}
            }
        }
        if (!failed.isEmpty()) {
            Doctor.of(config, failed, it -> Objects.requireNonNull(probes.get(it.name())))
                    .begin()
                    .report()
                    .egresses()
                    .forEach(LiveDoctor::explain);
        }
        if (!probes.isEmpty()) {
            verdict(failed.size(), probes.size());
        }
    }

    private static void works(EgressConfig egress, String word, String detail) {
        log.atInfo()
                .addKeyValue("egress", egress.name())
                .addKeyValue("works", word)
                .addKeyValue("detail", detail)
                .log("doctor: egress");
    }

    private static void explain(EgressReport egress) {
        LoggingEventBuilder line =
                log.atWarn()
                        .addKeyValue("egress", egress.name())
                        .addKeyValue("works", egress.works().word())
                        .addKeyValue("detail", egress.summary());
        if (!egress.findings().isEmpty()) {
            // The first is the cause; `postern doctor` tells the others.
            Finding cause = egress.findings().getFirst();
            line =
                    line.addKeyValue("finding", cause.id())
                            .addKeyValue("means", cause.means())
                            .addKeyValue("advice", cause.advice());
        }
        line.log("doctor: egress");
    }

    private static void verdict(int failed, int all) {
        if (failed == all) {
            log.atWarn()
                    .log(
                            "doctor: mail cannot leave by any egress now, and waits; `postern"
                                    + " doctor` tells more");
        } else {
            log.atInfo()
                    .addKeyValue("working", all - failed)
                    .addKeyValue("egresses", all)
                    .log("doctor: mail can leave");
        }
    }
}
