package dev.postern.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.EgressState;
import dev.postern.egress.EgressView;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import dev.postern.outcome.OutcomeClass;
import dev.postern.reception.Rejection;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetricsTest {

    private static final Pattern SAMPLE =
            Pattern.compile("([a-z_]+(?:\\{[^}]*})?) (NaN|[-+0-9.Ee]+)");

    private final Stage stage = new Stage();

    @BeforeEach
    void egresses() {
        stage.views.add(Stage.egress("gmail", EgressState.UP));
        stage.views.add(Stage.egress("ses", EgressState.DOWN));
    }

    @AfterEach
    void close() {
        stage.close();
    }

    private Raw.Answer scrape() throws IOException {
        return Raw.request(stage.health(), "GET", "/metrics").send();
    }

    /// Every line of the exposition must be one that a scraper can read.
    private Map<String, Double> samples() throws IOException {
        Map<String, Double> samples = new TreeMap<>();
        for (String line : scrape().text().lines().toList()) {
            if (line.startsWith("#")) {
                continue;
            }
            Matcher matcher = SAMPLE.matcher(line);
            assertTrue(matcher.matches(), line);
            samples.put(matcher.group(1), Double.valueOf(matcher.group(2)));
        }
        return samples;
    }

    @Test
    void everyFamilyIsThereFromTheStartWithItsType() throws IOException {
        String text = scrape().text();

        Map<String, String> families =
                Map.ofEntries(
                        Map.entry("messages_accepted_total", "counter"),
                        Map.entry("messages_rejected_total", "counter"),
                        Map.entry("deliveries_total", "counter"),
                        Map.entry("fallbacks_total", "counter"),
                        Map.entry("delivery_seconds", "histogram"),
                        Map.entry("accept_seconds", "histogram"),
                        Map.entry("queue_messages", "gauge"),
                        Map.entry("queue_oldest_seconds", "gauge"),
                        Map.entry("spool_bytes", "gauge"),
                        Map.entry("spool_free_bytes", "gauge"),
                        Map.entry("spool_sync_seconds", "histogram"),
                        Map.entry("egress_up", "gauge"),
                        Map.entry("smtp_connections", "gauge"),
                        Map.entry("smtp_auth_failures_total", "counter"),
                        Map.entry("certificate_expiry_seconds", "gauge"));
        families.forEach((name, type) ->
                assertTrue(text.contains("# TYPE postern_" + name + " " + type + "\n"), name));
    }

    @Test
    void everySeriesStartsAtZero() throws IOException {
        Map<String, Double> samples = samples();

        for (String egress : List.of("gmail", "ses")) {
            for (OutcomeClass outcome : OutcomeClass.values()) {
                String series =
                        "postern_deliveries_total{egress=\"%s\",outcome=\"%s\"}"
                                .formatted(egress, outcome.word());
                assertEquals(0, samples.get(series), series);
            }
            assertEquals(
                    0, samples.get("postern_delivery_seconds_count{egress=\"" + egress + "\"}"));
        }
        for (Rejection reason : Rejection.values()) {
            String series = "postern_messages_rejected_total{reason=\"" + reason.word() + "\"}";
            assertEquals(0, samples.get(series), series);
        }
        for (State state : State.values()) {
            String series = "postern_queue_messages{state=\"" + state.word() + "\"}";
            assertEquals(0, samples.get(series), series);
        }
        assertEquals(0, samples.get("postern_messages_accepted_total"));
        assertEquals(0, samples.get("postern_accept_seconds_count"));
        assertEquals(0, samples.get("postern_spool_sync_seconds_count"));
        assertEquals(0, samples.get("postern_smtp_auth_failures_total"));
        assertEquals(0, samples.get("postern_queue_oldest_seconds"));
        assertTrue(samples.get("postern_certificate_expiry_seconds").isNaN());
    }

    @Test
    void familiesByEgressAreThereWithoutAnyEgress() throws IOException {
        stage.views.clear();
        String text = scrape().text();
        for (String family :
                new String[] {
                    "deliveries_total", "delivery_seconds", "egress_up", "fallbacks_total"
                }) {
            assertTrue(text.contains("# TYPE postern_" + family + " "), family);
        }
    }

    private static Attempt attempt(OutcomeClass outcome) {
        Duration took = Duration.ofSeconds(2);
        return new Attempt(Stage.NOW, "gmail", outcome, "said", took, List.of(), List.of());
    }

    @Test
    void syncsBeforeTheStagesAreWatchedAreNotCounted() throws IOException {
        stage.metrics.synced(Duration.ofMillis(1));
        assertEquals(0, samples().get("postern_spool_sync_seconds_count"));
    }

    private List<String> fallbacks(EgressState state, @Nullable Instant success) {
        EgressView gmail = Stage.egress("gmail", state);
        return stage.metrics.fallbacks(
                List.of(
                        new EgressView(
                                gmail.config(), state, null, null, success, null, null, List.of()),
                        Stage.egress("sendgrid", EgressState.UP)));
    }

    @Test
    void theLastDetourStandsUntilThePreferredEgressWorksAgain() {
        assertEquals(List.of(), fallbacks(EgressState.UP, Stage.NOW));
        stage.metrics.fellBack(Stage.id(1), "sendgrid", "gmail", "connection refused");
        stage.metrics.fellBack(Stage.id(2), "sendgrid", "gmail", "587 timed out");
        List<String> stands = List.of("sendgrid instead of gmail: 587 timed out");
        assertEquals(stands, fallbacks(EgressState.DOWN, Stage.NOW.minusSeconds(9)));
        assertEquals(stands, fallbacks(EgressState.UNKNOWN, Stage.NOW.plusSeconds(9)));
        assertEquals(stands, fallbacks(EgressState.UP, Stage.NOW.minusSeconds(9)));
        assertEquals(List.of(), fallbacks(EgressState.UP, Stage.NOW.plusSeconds(9)));
    }

    @Test
    void whatHappensIsCounted() throws IOException {
        stage.health();
        stage.metrics.accepted(Duration.ofMillis(3), 9);
        stage.metrics.rejected(Rejection.SIZE);
        List<Attempt> lines =
                Stream.of(OutcomeClass.ACCEPTED, OutcomeClass.REJECTED, OutcomeClass.ACCEPTED)
                        .map(MetricsTest::attempt)
                        .toList();
        stage.metrics.attempted(Stage.id(1), "gmail", lines, Duration.ofSeconds(2));
        stage.metrics.synced(Duration.ofMillis(1));
        stage.metrics.authFailed();

        Map<String, Double> samples = samples();

        assertEquals(1, samples.get("postern_messages_accepted_total"));
        assertEquals(0, samples.get("postern_accept_seconds_bucket{le=\"0.0025\"}"));
        assertEquals(1, samples.get("postern_accept_seconds_bucket{le=\"0.005\"}"));
        assertEquals(1, samples.get("postern_messages_rejected_total{reason=\"size\"}"));
        assertEquals(
                1, samples.get("postern_deliveries_total{egress=\"gmail\",outcome=\"accepted\"}"));
        assertEquals(
                1, samples.get("postern_deliveries_total{egress=\"gmail\",outcome=\"rejected\"}"));
        assertEquals(2, samples.get("postern_delivery_seconds_sum{egress=\"gmail\"}"));
        assertEquals(1, samples.get("postern_delivery_seconds_count{egress=\"gmail\"}"));
        assertEquals(1, samples.get("postern_spool_sync_seconds_count"));
        assertEquals(1, samples.get("postern_smtp_auth_failures_total"));
    }

    @Test
    void gaugesShowTheStages() throws IOException {
        stage.spool.add(Stage.message(1, State.DEFERRED, Reason.RECIPIENT));
        stage.expiry = Stage.NOW.plusSeconds(86_400);

        Map<String, Double> samples = samples();

        assertEquals(1, samples.get("postern_queue_messages{state=\"deferred\"}"));
        assertEquals(90, samples.get("postern_queue_oldest_seconds"));
        assertEquals(4096, samples.get("postern_spool_bytes"));
        assertEquals(1 << 30, samples.get("postern_spool_free_bytes"));
        assertEquals(7, samples.get("postern_smtp_connections"));
        assertEquals(86_400, samples.get("postern_certificate_expiry_seconds"));
        assertEquals(1, samples.get("postern_egress_up{egress=\"gmail\"}"));
        assertEquals(0, samples.get("postern_egress_up{egress=\"ses\"}"));
    }

    @Test
    void theFormatIsTheOneAskedFor() throws IOException {
        Raw.Answer plain = scrape();
        Raw.Answer open =
                Raw.request(stage.health(), "GET", "/metrics")
                        .header("Accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1")
                        .send();

        assertTrue(plain.header("content-type").startsWith("text/plain"), "Prometheus text");
        assertFalse(plain.text().contains("# EOF"));
        assertTrue(open.header("content-type").startsWith("application/openmetrics-text"));
        assertTrue(open.text().endsWith("# EOF\n"));
        assertTrue(open.text().contains("# TYPE postern_messages_accepted counter\n"));
        assertTrue(open.text().contains("postern_messages_accepted_total 0"));
    }
}
