package dev.postern;

import dev.postern.config.EgressConfig;
import dev.postern.config.PosternConfig;
import dev.postern.dispatch.Dispatcher;
import dev.postern.dkim.DkimCheck;
import dev.postern.dkim.DkimCheck.Checked;
import dev.postern.dkim.DkimRecord.Match;
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
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/// The doctor of a running forwarder. It has the running egresses examine themselves, so that what
/// it finds counts for their health too.
final class LiveDoctor implements Supplier<Report> {

    private static final Logger log = LoggerFactory.getLogger(Doctor.class);

    /// Nobody reads it: the egress is left out.
    private static final Probe GONE = new Probe.Failed("gone", Fault.SERVICE, null);

    private volatile PosternConfig config;
    private final Dispatcher dispatcher;
    private final AtomicReference<@Nullable CompletableFuture<Report>> underWay =
            new AtomicReference<>();

    LiveDoctor(PosternConfig config, Dispatcher dispatcher) {
        this.config = config;
        this.dispatcher = dispatcher;
    }

    /// Goes by another configuration from now on.
    void use(PosternConfig next) {
        config = next;
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
        PosternConfig now = config;
        try {
            Report all =
                    Doctor.of(now, now.egress(), now.dkim(), egress -> probe(egress, gone))
                            .begin()
                            .report();
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
        PosternConfig now = config;
        if (!now.egress().isEmpty()) {
            Thread.ofVirtual().name("doctor").start(() -> examineAtStart(now));
        }
    }

    private void examineAtStart(PosternConfig now) {
        Map<String, Probe> probes = new TreeMap<>();
        for (EgressConfig egress : now.egress()) {
            // A reload may have taken it away already.
            dispatcher
                    .firstProbe(egress.name())
                    .ifPresent(stage -> probes.put(egress.name(), joined(stage)));
        }
        List<EgressConfig> failed = new ArrayList<>();
        for (EgressConfig egress : now.egress()) {
            switch (probes.get(egress.name())) {
                case Probe.Passed(String detail) -> works(egress, "yes", detail);
                case Probe.Unproven(String detail) -> works(egress, "unproven", detail);
                case Probe.Failed _ -> failed.add(egress);
                case null -> {}
            }
        }
        if (!failed.isEmpty()) {
            Doctor.of(now, failed, List.of(), it -> Objects.requireNonNull(probes.get(it.name())))
                    .begin()
                    .report()
                    .egresses()
                    .forEach(LiveDoctor::explain);
        }
        if (!probes.isEmpty()) {
            verdict(failed.size(), probes.size());
        }
        if (!now.dkim().isEmpty()) {
            DkimCheck.check(now.dkim(), DkimCheck.NAME_SERVERS).forEach(LiveDoctor::record);
        }
    }

    /// A signature that nobody can check shows nowhere but in spam folders.
    private static void record(Checked key) {
        boolean same = key.comparison().match() == Match.SAME;
        log.atLevel(same ? Level.INFO : Level.WARN)
                .addKeyValue("record", key.key().recordName())
                .addKeyValue("result", key.comparison().match().word())
                .addKeyValue("detail", key.comparison().words())
                .log("doctor: dkim");
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
