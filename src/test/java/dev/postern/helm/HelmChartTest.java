package dev.postern.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.marcnuri.helm.LintResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;

/// Whatever is asked of the chart, what comes out is right by Kubernetes' oldest and newest models,
/// by Pod Security *restricted* and by Postern's own reading of its configuration.
class HelmChartTest {

    private static final String AN_EGRESS =
            """
            config:
              egress:
                - {name: sendgrid, type: sendgrid, api-key: "${file:/run/secrets/postern/sg/key}"}
            secrets:
              - {name: sg, secretName: mail-sendgrid}
            """;

    @TempDir private Path work;

    @Test
    void theChartIsWithoutFault() {
        LintResult result = Chart.lint(Chart.POSTERN);
        assertFalse(result.isFailed(), result.getMessages()::toString);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void anExampleIsWithoutFault(Path values) throws IOException {
        Path copy = copyOfPostern(work.resolve("postern"));
        Map<String, Object> merged = yaml(copy.resolve("values.yaml"));
        merge(merged, yaml(values));
        Files.writeString(copy.resolve("values.yaml"), new Yaml().dump(merged));
        LintResult result = Chart.lint(copy);
        assertFalse(result.isFailed(), result.getMessages()::toString);
    }

    @ParameterizedTest
    @MethodSource("examples")
    void anExampleRendersWhatKubernetesTakes(Path values) throws Exception {
        assertAllIsRight(Chart.postern().values(values).render());
    }

    @Test
    void anAppsChartHasItAsSidecar() throws Exception {
        Path app = appWithPostern();
        assertFalse(Chart.lint(app).isFailed());
        List<JsonNode> objects = Chart.at(app).render();
        assertAllIsRight(objects);
        JsonNode pod = Chart.only(objects, "Deployment").at("/spec/template/spec");
        assertEquals("postern", pod.at("/initContainers/0/name").asText());
        assertEquals("migrate", pod.at("/initContainers/1/name").asText());
        JsonNode appVersion = Chart.read(Chart.POSTERN.resolve("Chart.yaml")).path("appVersion");
        assertEquals("postern:" + appVersion.asText(), pod.at("/initContainers/0/image").asText());
        assertEquals(
                Chart.only(objects, "ConfigMap").at("/metadata/name"),
                Chart.named(pod.path("volumes"), "postern-config").at("/configMap/name"));
    }

    @ParameterizedTest
    @MethodSource("gateways")
    void aGatewayRendersWhatKubernetesTakes(String values) throws Exception {
        for (String kubernetes : List.of(Chart.OLDEST, Chart.NEWEST)) {
            Chart chart = Chart.postern().values(AN_EGRESS).kubernetes(kubernetes);
            for (String choice : values.split("---\n")) {
                chart.values(choice);
            }
            List<JsonNode> objects = chart.render();
            assertAllIsRight(objects);
            if (kubernetes.equals(Chart.OLDEST)) {
                assertOldestTakes(objects);
            }
        }
    }

    @Test
    void aPlainContainerIsForClustersWithoutNativeSidecars() throws Exception {
        Path app = appWithPostern();
        Path deployment = app.resolve("templates/deployment.yaml");
        String refusal = Chart.at(app).kubernetes("1.28.0").refusal();
        assertTrue(refusal.contains("include postern.container"), refusal);
        String native_ = "{{- include \"postern.sidecar\" . | nindent 8 }}\n";
        String plain = "{{- include \"postern.container\" . | nindent 8 }}\n";
        String text = Files.readString(deployment);
        text =
                text.replace(native_, "")
                        .replace("      containers:\n", "      containers:\n        " + plain);
        Files.writeString(deployment, text);
        List<JsonNode> objects = Chart.at(app).kubernetes(Chart.OLDEST).render();
        assertAllIsRight(objects);
        assertOldestTakes(objects);
        JsonNode pod = Chart.only(objects, "Deployment").at("/spec/template/spec");
        JsonNode container = Chart.named(pod.path("containers"), "postern");
        assertFalse(container.has("restartPolicy"));
        assertEquals(
                "10s",
                Chart.named(container.path("env"), "POSTERN_DRAIN_DELAY").path("value").asText());
        // The app's 30, the drain's 25, 5 more, and the 10 of the delay.
        assertEquals(70, pod.path("terminationGracePeriodSeconds").asInt());
    }

    @Test
    void theOldestModelsDoNotKnowNativeSidecars() throws Exception {
        JsonNode deployment =
                Chart.only(Chart.at(appWithPostern()).kubernetes("1.29.0").render(), "Deployment");
        assertEquals(
                List.of(
                        "Deployment.spec.template.spec.initContainers[0].restartPolicy"
                                + " is unknown"),
                Models.oldest(deployment));
    }

    static List<Path> examples() throws IOException {
        return Chart.examples();
    }

    /// Every combination of what a gateway's user chooses.
    static List<String> gateways() {
        List<List<String>> choices =
                List.of(
                        List.of(
                                "",
                                "gateway.persistence.enabled: false",
                                "gateway.persistence.storageClass: fast"),
                        List.of(
                                "",
                                "config.smtp.allow: [10.1.0.0/16]",
                                "config.smtp.users: [{username: a, password: b}]",
                                "env: [{name: POSTERN_SMTP_USERS, value: 'a:b'}]"),
                        List.of(
                                "",
                                "metrics.serviceMonitor.enabled: true",
                                "metrics.prometheusRule.enabled: true",
                                "metrics.dashboard.enabled: true"),
                        List.of("", "serviceAccount.create: false", "user: null"));
        List<String> all = new ArrayList<>(List.of(""));
        for (List<String> choice : choices) {
            all =
                    all.stream()
                            .flatMap(before -> choice.stream().map(one -> before + nested(one)))
                            .toList();
        }
        return all;
    }

    private static String nested(String line) {
        StringBuilder yaml = new StringBuilder(line.isEmpty() ? "" : "---\n");
        String indent = "";
        int colon = Math.max(line.indexOf(':'), 0);
        for (String key : line.substring(0, colon).split("\\.", -1)) {
            yaml.append(indent).append(key).append(":\n");
            indent += "  ";
        }
        return line.isEmpty()
                ? ""
                : yaml.append(indent).append(line.substring(colon + 1)).append('\n').toString();
    }

    private static void assertOldestTakes(List<JsonNode> objects) throws IOException {
        for (JsonNode object : objects) {
            if (Models.isOfKubernetes(object)) {
                assertEquals(List.of(), Models.oldest(object), object::toPrettyString);
            }
        }
    }

    private static void assertAllIsRight(List<JsonNode> objects) throws Exception {
        for (JsonNode object : objects) {
            if (Models.isOfKubernetes(object)) {
                assertEquals(List.of(), Models.newest(object), object::toPrettyString);
            }
        }
        assertTrue(Chart.all(objects, "HorizontalPodAutoscaler").isEmpty());
        for (Map.Entry<String, JsonNode> pod : Chart.pods(objects).entrySet()) {
            assertPodIsRight(pod.getKey(), pod.getValue(), objects);
        }
    }

    private static void assertPodIsRight(String name, JsonNode pod, List<JsonNode> objects) {
        assertEquals(
                List.of(),
                PodSecurity.violations(
                        pod, container -> !container.path("image").asText().startsWith("example/")),
                name);
        assertFalse(pod.path("enableServiceLinks").asBoolean(true), name);
        for (JsonNode container : Chart.containers(pod)) {
            for (JsonNode mount : container.path("volumeMounts")) {
                assertFalse(mount.has("subPath"), () -> name + ": " + mount);
            }
            if (container.path("name").asText().equals("postern")) {
                JsonNode config = Chart.all(objects, "ConfigMap").getFirst();
                assertEquals(List.of(), Started.problems(container, config), name);
            }
        }
    }

    private Path appWithPostern() throws IOException {
        Path app = work.resolve("app");
        Chart.copy(Chart.POSTERN.resolve("examples/sidecar-app"), app);
        copyOfPostern(app.resolve("charts/postern"));
        return app;
    }

    private static Path copyOfPostern(Path to) throws IOException {
        Chart.copy(Chart.POSTERN, to);
        return to;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> yaml(Path file) throws IOException {
        return new ObjectMapper().convertValue(Chart.read(file), Map.class);
    }

    @SuppressWarnings("unchecked")
    private static void merge(Map<String, Object> into, Map<String, Object> from) {
        from.forEach((key, value) -> {
            if (value instanceof Map<?, ?> inner && into.get(key) instanceof Map<?, ?> old) {
                merge((Map<String, Object>) old, (Map<String, Object>) inner);
            } else {
                into.put(key, value);
            }
        });
    }
}
