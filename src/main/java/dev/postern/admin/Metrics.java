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
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
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
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private volatile boolean watching;
    private volatile boolean anyEgress;
    private volatile boolean mayFallBack;
    private final Counter accepted;
    private final Counter rejected;
    private final Counter deliveries;
    private final Counter fallbacks;
    private final Counter authFailures;
    private final Histogram acceptSeconds;
    private final Histogram deliverySeconds;
    private final Histogram syncSeconds;
    private final Map<String, Detour> detours = new ConcurrentHashMap<>();

    /// A message that took another egress than the preferred one.
    private record Detour(String text, Instant at) {}

    /// Makes the metrics of one program. Its stages come later.
    public Metrics(InstantSource clock) {
        this.clock = clock;
        accepted = counter("messages_accepted", "Messages answered 250 at end-of-data.");
        rejected = counter("messages_rejected", "Mail refused by the listener.", "reason");
        deliveries =
                counter(
                        "deliveries",
                        "Calls of an egress, by what came of them; a call with several outcomes"
                                + " counts in each.",
                        "egress",
                        "outcome");
        fallbacks =
                counter(
                        "fallbacks",
                        "Messages that took another egress than the preferred one.",
                        "egress",
                        "instead_of");
        authFailures = counter("smtp_auth_failures", "Failed log-ins at the listener.");
        acceptSeconds = histogram("accept_seconds", "From end-of-data to 250.", ACCEPT_SECONDS);
        deliverySeconds =
                histogram(
                        "delivery_seconds",
                        "How long a call of an egress lasted.",
                        DELIVERY_SECONDS,
                        "egress");
        syncSeconds =
                histogram(
                        "spool_sync_seconds", "How long a sync of the spool lasted.", SYNC_SECONDS);
        for (Rejection reason : Rejection.values()) {
            rejected.initLabelValues(reason.word());
        }
    }

    /// Shows these stages from now on. The syncs of a recovery came before, and are not counted.
    public void watch(Stages stages) {
        watching = true;
        spoolGauges(stages.recentStatus());
        listenerGauges(stages.listener());
        egressGauge(stages.egresses());
    }

    /// Shows these egresses too from now on, with zeros. Those that were there before stay.
    public void egresses(List<String> names) {
        mayFallBack |= names.size() > 1;
        for (String egress : names) {
            anyEgress = true;
            deliverySeconds.initLabelValues(egress);
            names.stream()
                    .filter(other -> !other.equals(egress))
                    .forEach(other -> fallbacks.initLabelValues(egress, other));
            for (OutcomeClass outcome : OutcomeClass.values()) {
                deliveries.initLabelValues(egress, outcome.word());
            }
        }
    }

    @Override
    public void accepted(Duration took, long sizeBytes) {
        accepted.inc();
        acceptSeconds.observe(seconds(took));
    }

    @Override
    public void rejected(Rejection reason) {
        rejected.labelValues(reason.word()).inc();
    }

    @Override
    public void attempted(QueueId id, String egress, List<Attempt> lines, Duration took) {
        lines.stream()
                .map(Attempt::outcome)
                .distinct()
                .forEach(outcome -> deliveries.labelValues(egress, outcome.word()).inc());
        deliverySeconds.labelValues(egress).observe(seconds(took));
    }

    @Override
    public void fellBack(QueueId id, String egress, String insteadOf, String why) {
        String text = egress + " instead of " + insteadOf + ": " + why;
        detours.put(insteadOf, new Detour(text, clock.instant()));
        fallbacks.labelValues(egress, insteadOf).inc();
    }

    /// Notes how long a sync of the spool's disk lasted.
    public void synced(Duration took) {
        if (watching) {
            syncSeconds.observe(seconds(took));
        }
    }

    @Override
    public void authFailed() {
        authFailures.inc();
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
        writer.write(out, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
    }

    private void spoolGauges(Supplier<SpoolStatus> spool) {
        GaugeWithCallback.builder()
                .name("postern_queue_messages")
                .help("Messages by state.")
                .labelNames("state")
                .callback(series -> {
                    SpoolStatus status = spool.get();
                    for (State state : State.values()) {
                        series.call(status.messages().getOrDefault(state, 0), state.word());
                    }
                })
                .register(registry);
        gauge(
                "queue_oldest_seconds",
                "Age of the oldest unfinished message; 0 without one.",
                () -> ageSeconds(spool.get()));
        gauge("spool_bytes", "What the spool holds on disk.", () -> spool.get().bytes());
        gauge(
                "spool_free_bytes",
                "What the spool's file system has left.",
                () -> spool.get().freeBytes());
    }

    private void listenerGauges(Supplier<Listener.Status> listener) {
        gauge("smtp_connections", "Sessions of the listener.", () -> listener.get().connections());
        gauge(
                "certificate_expiry_seconds",
                "Until the listener's certificate expires; NaN without one.",
                () -> {
                    Instant expiry = listener.get().certificateExpiry();
                    return expiry == null
                            ? Double.NaN
                            : seconds(Duration.between(clock.instant(), expiry));
                });
    }

    private void egressGauge(Supplier<List<EgressView>> egresses) {
        GaugeWithCallback.builder()
                .name("postern_egress_up")
                .help("1 unless the egress is down.")
                .labelNames("egress")
                .callback(series -> {
                    for (EgressView view : egresses.get()) {
                        series.call(view.works() ? 1 : 0, view.name());
                    }
                })
                .register(registry);
    }

    private Counter counter(String name, String help, String... labels) {
        return Counter.builder()
                .name("postern_" + name)
                .help(help)
                .labelNames(labels)
                .withoutExemplars()
                .register(registry);
    }

    private Histogram histogram(String name, String help, double[] buckets, String... labels) {
        return Histogram.builder()
                .name("postern_" + name)
                .help(help)
                .labelNames(labels)
                .classicOnly()
                .classicUpperBounds(buckets)
                .withoutExemplars()
                .register(registry);
    }

    private void gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name("postern_" + name)
                .help(help)
                .callback(series -> series.call(value.getAsDouble()))
                .register(registry);
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
