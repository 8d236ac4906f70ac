package dev.postern.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.postern.dispatch.DispatchObserver;
import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.listener.Listener;
import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import dev.postern.reception.Rejection;
import dev.postern.spool.QueueAdmin.SpoolStatus;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is counted, for Prometheus: the observer of the stages, which do not know this class. Its
/// methods are quick and may be called from any thread.
///
/// Every family is there from the start, with a series of zero for each egress, outcome and reason,
/// so that `rate()` sees the first event. Gauges are read from the stages when somebody looks.
public final class Metrics implements Listener.Observer, DispatchObserver {

    private static final double NANOS_PER_SECOND = 1e9;

    /// From a fast disk's sync to a client's patience.
    private static final double[] ACCEPT_SECONDS = {
        .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30
    };

    private static final double[] SYNC_SECONDS = {
        .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5
    };

    /// Up to the time-outs of one attempt.
    private static final double[] DELIVERY_SECONDS = {
        .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600
    };

    private final InstantSource clock;
    private volatile @Nullable Watched watched;
    private volatile boolean anyEgress;
    private volatile boolean mayFallBack;
    // The library is used when somebody scrapes, and not on the way to the first mail: until then
    // what is counted is found by the values of its labels.
    private final LongAdder accepted = new LongAdder();
    private final LongAdder authFailures = new LongAdder();
    private final Timer acceptSeconds = new Timer(ACCEPT_SECONDS);
    private final Timer syncSeconds = new Timer(SYNC_SECONDS);
    private final Map<List<String>, LongAdder> rejected = new ConcurrentHashMap<>();
    private final Map<List<String>, LongAdder> deliveries = new ConcurrentHashMap<>();
    private final Map<List<String>, LongAdder> fallbacks = new ConcurrentHashMap<>();
    private final Map<List<String>, Timer> deliverySeconds = new ConcurrentHashMap<>();
    private final Map<String, Detour> detours = new ConcurrentHashMap<>();

    /// What is looked at when somebody scrapes.
    private record Watched(Stages stages, Supplier<SpoolStatus> spool) {}

    /// A message that took another egress than the preferred one.
    private record Detour(String text, Instant at) {}

    /// Counts durations by buckets.
    private static final class Timer {

        private final double[] bounds;
        private final LongAdder[] counts;
        private final LongAdder nanos = new LongAdder();

        /// @param bounds the upper bounds of all buckets but the last, in seconds, ascending
        Timer(double[] bounds) {
            this.bounds = bounds;
            this.counts =
                    Stream.generate(LongAdder::new)
                            .limit(bounds.length + 1L)
                            .toArray(LongAdder[]::new);
        }

        void observe(Duration took) {
            double seconds = seconds(took);
            int bucket = 0;
            while (bucket < bounds.length && seconds > bounds[bucket]) {
                bucket++;
            }
            counts[bucket].increment();
            nanos.add(took.toNanos());
        }
    }

    /// Makes the metrics of one program. Its stages come later.
    public Metrics(InstantSource clock) {
        this.clock = clock;
        for (Rejection reason : Rejection.values()) {
            rejected.put(List.of(reason.word()), new LongAdder());
        }
    }

    /// Shows these stages from now on. The syncs of a recovery came before, and are not counted.
    public void watch(Stages stages) {
        watched = new Watched(stages, stages.recentStatus());
    }

    /// Shows these egresses too from now on, with zeros. Those that were there before stay.
    public void egresses(List<String> names) {
        mayFallBack |= names.size() > 1;
        for (String egress : names) {
            anyEgress = true;
            timer(egress);
            for (String other : names) {
                if (!other.equals(egress)) {
                    counter(fallbacks, egress, other);
                }
            }
            for (OutcomeClass outcome : OutcomeClass.values()) {
                counter(deliveries, egress, outcome.word());
            }
        }
    }

    private static LongAdder counter(Map<List<String>, LongAdder> family, String... labels) {
        return family.computeIfAbsent(List.of(labels), _ -> new LongAdder());
    }

    private Timer timer(String egress) {
        return deliverySeconds.computeIfAbsent(List.of(egress), _ -> new Timer(DELIVERY_SECONDS));
    }

    @Override
    public void accepted(Duration took, long sizeBytes) {
        accepted.increment();
        acceptSeconds.observe(took);
    }

    @Override
    public void rejected(Rejection reason) {
        counter(rejected, reason.word()).increment();
    }

    @Override
    public void attempted(QueueId id, String egress, List<Attempt> lines, Duration took) {
        lines.stream()
                .map(Attempt::outcome)
                .distinct()
                .forEach(outcome -> counter(deliveries, egress, outcome.word()).increment());
        timer(egress).observe(took);
    }

    @Override
    public void fellBack(QueueId id, String egress, String insteadOf, String why) {
        String text = egress + " instead of " + insteadOf + ": " + why;
        detours.put(insteadOf, new Detour(text, clock.instant()));
        counter(fallbacks, egress, insteadOf).increment();
    }

    /// Notes how long a sync of the spool's disk lasted.
    public void synced(Duration took) {
        if (watched != null) {
            syncSeconds.observe(took);
        }
    }

    @Override
    public void authFailed() {
        authFailures.increment();
    }

    /// Returns by which egresses mail leaves instead of preferred ones, and why: `sendgrid instead
    /// of gmail: 587 timed out`. The last detour of an egress stands until it works again.
    List<String> fallbacks(List<EgressView> egresses) {
        List<String> texts = new ArrayList<>();
        for (EgressView egress : egresses) {
            @Nullable Detour detour = detours.get(egress.name());
            if (detour != null && !worksSince(egress, detour.at())) {
                texts.add(detour.text());
            }
        }
        return texts;
    }

    private static boolean worksSince(EgressView egress, Instant at) {
        Instant success = egress.lastSuccess();
        return egress.state() == EgressState.UP && success != null && success.isAfter(at);
    }

    /// Returns the writer of the format that a scraper accepts: OpenMetrics when it asks for it,
    /// else Prometheus's own text.
    static ExpositionFormatWriter writer(String accept) {
        ExpositionFormatWriter open = OpenMetricsTextFormatWriter.create();
        return open.accepts(accept) ? open : PrometheusTextFormatWriter.create();
    }

    /// Writes all series. The library leaves out a family without series, which those by egress are
    /// when none is configured; but whoever builds a dashboard looks for them then too.
    void write(ExpositionFormatWriter writer, OutputStream out) throws IOException {
        // OpenMetrics names a counter's family without it.
        String suffix = writer instanceof OpenMetricsTextFormatWriter ? "" : "_total";
        String missing = "";
        if (!mayFallBack) {
            missing +=
                    """
                    # HELP postern_fallbacks%1$s Messages that took another egress than the \
                    preferred one.
                    # TYPE postern_fallbacks%1$s counter
                    """
                            .formatted(suffix);
        }
        if (!anyEgress) {
            missing +=
                    """
                    # HELP postern_deliveries%1$s Calls of an egress.
                    # TYPE postern_deliveries%1$s counter
                    # HELP postern_delivery_seconds How long a call of an egress lasted.
                    # TYPE postern_delivery_seconds histogram
                    # HELP postern_egress_up 1 unless the egress is down.
                    # TYPE postern_egress_up gauge
                    """
                            .formatted(suffix);
        }
        out.write(missing.getBytes(US_ASCII));
        writer.write(out, snapshots(), EscapingScheme.UNDERSCORE_ESCAPING);
    }

    private MetricSnapshots snapshots() {
        MetricSnapshots.Builder all =
                MetricSnapshots.builder()
                        .metricSnapshot(
                                counter(
                                        "messages_accepted",
                                        "Messages answered 250 at end-of-data.",
                                        Map.of(List.of(), accepted)))
                        .metricSnapshot(
                                counter(
                                        "messages_rejected",
                                        "Mail refused by the listener.",
                                        rejected,
                                        "reason"))
                        .metricSnapshot(
                                counter(
                                        "smtp_auth_failures",
                                        "Failed log-ins at the listener.",
                                        Map.of(List.of(), authFailures)))
                        .metricSnapshot(
                                histogram(
                                        "accept_seconds",
                                        "From end-of-data to 250.",
                                        Map.of(List.of(), acceptSeconds)))
                        .metricSnapshot(
                                histogram(
                                        "spool_sync_seconds",
                                        "How long a sync of the spool lasted.",
                                        Map.of(List.of(), syncSeconds)));
        if (anyEgress) {
            all.metricSnapshot(
                    counter(
                            "deliveries",
                            "Calls of an egress, by what came of them; a call with several outcomes"
                                    + " counts in each.",
                            deliveries,
                            "egress",
                            "outcome"));
            all.metricSnapshot(
                    histogram(
                            "delivery_seconds",
                            "How long a call of an egress lasted.",
                            deliverySeconds,
                            "egress"));
        }
        if (mayFallBack) {
            all.metricSnapshot(
                    counter(
                            "fallbacks",
                            "Messages that took another egress than the preferred one.",
                            fallbacks,
                            "egress",
                            "instead_of"));
        }
        Watched running = watched;
        if (running != null) {
            gauges(running.stages(), running.spool().get()).forEach(all::metricSnapshot);
        }
        return all.build();
    }

    private List<GaugeSnapshot> gauges(Stages stages, SpoolStatus spool) {
        Listener.Status listener = stages.listener().get();
        Instant expiry = listener.certificateExpiry();
        Map<List<String>, Double> messages = new LinkedHashMap<>();
        for (State state : State.values()) {
            messages.put(
                    List.of(state.word()), spool.messages().getOrDefault(state, 0).doubleValue());
        }
        Map<List<String>, Double> up = new LinkedHashMap<>();
        stages.egresses()
                .get()
                .forEach(view -> up.put(List.of(view.name()), view.works() ? 1.0 : 0));
        List<GaugeSnapshot> gauges = new ArrayList<>();
        gauges.add(gauge("queue_messages", "Messages by state.", messages, "state"));
        gauges.add(
                gauge(
                        "queue_oldest_seconds",
                        "Age of the oldest unfinished message; 0 without one.",
                        ageSeconds(spool)));
        gauges.add(gauge("spool_bytes", "What the spool holds on disk.", (double) spool.bytes()));
        gauges.add(
                gauge(
                        "spool_free_bytes",
                        "What the spool's file system has left.",
                        (double) spool.freeBytes()));
        gauges.add(gauge("smtp_connections", "Sessions of the listener.", listener.connections()));
        gauges.add(
                gauge(
                        "certificate_expiry_seconds",
                        "Until the listener's certificate expires; NaN without one.",
                        expiry == null
                                ? Double.NaN
                                : seconds(Duration.between(clock.instant(), expiry))));
        if (!up.isEmpty()) {
            gauges.add(gauge("egress_up", "1 unless the egress is down.", up, "egress"));
        }
        return gauges;
    }

    private static CounterSnapshot counter(
            String name, String help, Map<List<String>, LongAdder> series, String... labels) {
        CounterSnapshot.Builder family =
                CounterSnapshot.builder().name("postern_" + name).help(help);
        series.forEach((of, count) ->
                family.dataPoint(
                        CounterSnapshot.CounterDataPointSnapshot.builder()
                                .value((double) count.sum())
                                .labels(Labels.of(labels, of.toArray(String[]::new)))
                                .build()));
        return family.build();
    }

    private static HistogramSnapshot histogram(
            String name, String help, Map<List<String>, Timer> series, String... labels) {
        HistogramSnapshot.Builder family =
                HistogramSnapshot.builder().name("postern_" + name).help(help);
        series.forEach((of, timer) -> {
            ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
            for (int i = 0; i < timer.counts.length; i++) {
                double bound = i < timer.bounds.length ? timer.bounds[i] : Double.POSITIVE_INFINITY;
                buckets.bucket(bound, timer.counts[i].sum());
            }
            family.dataPoint(
                    HistogramSnapshot.HistogramDataPointSnapshot.builder()
                            .classicHistogramBuckets(buckets.build())
                            .sum(timer.nanos.sum() / NANOS_PER_SECOND)
                            .labels(Labels.of(labels, of.toArray(String[]::new)))
                            .build());
        });
        return family.build();
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return gauge(name, help, Map.of(List.of(), value));
    }

    private static GaugeSnapshot gauge(
            String name, String help, Map<List<String>, Double> series, String... labels) {
        GaugeSnapshot.Builder family = GaugeSnapshot.builder().name("postern_" + name).help(help);
        series.forEach((of, value) ->
                family.dataPoint(
                        GaugeSnapshot.GaugeDataPointSnapshot.builder()
                                .value(value)
                                .labels(Labels.of(labels, of.toArray(String[]::new)))
                                .build()));
        return family.build();
    }

    private double ageSeconds(SpoolStatus status) {
        Instant oldest = status.oldest();
        if (oldest == null) {
            return 0;
        }
        return Math.max(0, seconds(Duration.between(oldest, clock.instant())));
    }

    static double seconds(Duration duration) {
        return duration.toNanos() / NANOS_PER_SECOND;
    }
}
