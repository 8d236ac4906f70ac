package dev.postern.admin;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import dev.postern.egress.EgressState;
import dev.postern.helm.Chart;
import dev.postern.outcome.OutcomeClass;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the chart gives to Prometheus and Grafana, held against the metrics that there are.
class MonitoringTest {

    private static final String ALL =
            """
            metrics:
              serviceMonitor: {enabled: true, labels: {release: prometheus}}
              prometheusRule: {enabled: true}
              dashboard: {enabled: true}
            """;
    private static final Pattern NAME = Pattern.compile("\\bpostern_[a-z_]+");
    private static final Pattern BY = Pattern.compile("\\bby \\(([^)]*)\\)");
    private static final Pattern MATCHED = Pattern.compile("([a-z_]+)=~?\"([^\"]*)\"");

    /// What Prometheus adds by itself, from Kubernetes or of a histogram.
    private static final Set<String> ADDED = Set.of("namespace", "pod", "le");

    private final Stage stage = new Stage();

    @BeforeEach
    void anEgress() {
        stage.views.add(Stage.egress("gmail", EgressState.UP));
    }

    @AfterEach
    void close() {
        stage.close();
    }

    private String scrape() throws IOException {
        return Raw.request(stage.health(), "GET", "/metrics").send().text();
    }

    private static List<JsonNode> rendered() throws IOException {
        return Chart.postern().values(ALL).render();
    }

    private static List<String> alerts() throws IOException {
        JsonNode rules = Chart.only(rendered(), "PrometheusRule").at("/spec/groups/0/rules");
        return rules.findValuesAsText("expr");
    }

    private static List<String> queries() throws IOException {
        JsonNode map =
                rendered().stream()
                        .filter(object -> object.path("data").has("postern.json"))
                        .findFirst()
                        .orElseThrow();
        return new ObjectMapper()
                .readTree(map.at("/data").path("postern.json").asText())
                .findValuesAsText("expr");
    }

    private static List<String> expressions() throws IOException {
        List<String> all = new ArrayList<>(alerts());
        all.addAll(queries());
        assertTrue(all.size() > 10, all::toString);
        return all;
    }

    /// Returns the names that samples have: a histogram's with their endings.
    private static Set<String> sampleNames(String exposition) {
        return exposition
                .lines()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void everySeriesThatIsAskedForIsExposed() throws IOException {
        Set<String> exposed = sampleNames(scrape());
        for (String expression : expressions()) {
            for (MatchResult name : NAME.matcher(expression).results().toList()) {
                assertTrue(exposed.contains(name.group()), expression);
            }
        }
    }

    @Test
    void everyLabelThatIsAskedForIsThere() throws IOException {
        String exposition = scrape();
        for (String expression : expressions()) {
            BY.matcher(expression)
                    .results()
                    .flatMap(by -> Arrays.stream(by.group(1).split(", ", -1)))
                    .forEach(label -> assertLabel(label, exposition, expression));
            MATCHED.matcher(expression)
                    .results()
                    .forEach(match -> assertLabel(match.group(1), exposition, expression));
        }
    }

    private static void assertLabel(String label, String exposition, String expression) {
        boolean known = ADDED.contains(label) || exposition.contains(label + "=\"");
        assertTrue(known, () -> label + " in " + expression);
    }

    @Test
    void theOutcomeThatAnAlertCountsIsOne() throws IOException {
        List<String> words = Arrays.stream(OutcomeClass.values()).map(OutcomeClass::word).toList();
        List<String> asked =
                alerts().stream()
                        .flatMap(alert -> MATCHED.matcher(alert).results())
                        .filter(match -> match.group(1).equals("outcome"))
                        .map(match -> match.group(2))
                        .toList();
        assertFalse(asked.isEmpty());
        assertTrue(words.containsAll(asked), asked::toString);
    }

    @Test
    void theOperatorTakesWhatIsForIt() throws IOException {
        List<JsonNode> objects =
                rendered().stream()
                        .filter(one -> one.path("apiVersion").asText().startsWith("monitoring."))
                        .toList();
        assertEquals(2, objects.size());
        try (InputStream schema =
                MonitoringTest.class.getResourceAsStream("/helm/monitoring.schema.json")) {
            JsonSchema known = JsonSchemaFactory.getInstance(VersionFlag.V202012).getSchema(schema);
            for (JsonNode object : objects) {
                assertEquals(Set.of(), known.validate(object), object::toPrettyString);
            }
        }
    }

    @Test
    void theMonitoredPortIsAServices() throws IOException {
        List<JsonNode> objects = rendered();
        JsonNode monitor = Chart.only(objects, "ServiceMonitor").path("spec");
        List<String> ports =
                objects.stream()
                        .filter(object -> object.path("kind").asText().equals("Service"))
                        .flatMap(service ->
                                service.at("/spec/ports").findValuesAsText("name").stream())
                        .filter(monitor.at("/endpoints/0/port").asText()::equals)
                        .toList();
        assertEquals(1, ports.size(), "the health port must be scraped once");
        JsonNode labels = Chart.only(objects, "StatefulSet").at("/metadata/labels");
        monitor.at("/selector/matchLabels")
                .properties()
                .forEach(label -> assertEquals(label.getValue(), labels.get(label.getKey())));
    }

    @Test
    void theSpoolsAlertComesBeforeMailIsRefused() throws IOException {
        String alert =
                alerts().stream()
                        .filter(one -> one.contains("spool_bytes"))
                        .findFirst()
                        .orElseThrow();
        long full = (1L << 30) * 8 / 10;
        long warned = Long.parseLong(alert.replaceAll(".*spool_bytes > ", ""));
        assertTrue(warned < full, alert);
    }
}
