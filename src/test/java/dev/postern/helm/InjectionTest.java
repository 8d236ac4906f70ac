package dev.postern.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.config.load.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// The chart's mode *injection*: what its policy makes of pods.
class InjectionTest {

    private static final Path CASES = Chart.HOME.resolve("src/test/resources/helm/injection");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static Chart injection() throws IOException {
        return Chart.postern().values(Chart.POSTERN.resolve("examples/injection.yaml"));
    }

    private static Optional<JsonNode> admit(JsonNode pod, JsonNode of) throws Exception {
        JsonNode labels = of.has("namespace") ? of.get("namespace") : JSON.createObjectNode();
        return new AdmissionPolicy(injection().render())
                .admit(pod, of.path("in").asText("shop"), labels);
    }

    private static ObjectNode aPod() {
        ObjectNode pod = JSON.createObjectNode();
        pod.putObject("metadata").putObject("labels").put("postern.dev/inject", "true");
        pod.putObject("spec").putArray("containers").addObject().put("name", "app");
        return pod;
    }

    /// The injected container under further values.
    private static JsonNode container(String values) throws Exception {
        AdmissionPolicy policy = new AdmissionPolicy(injection().values(values).render());
        JsonNode pod = policy.admit(aPod(), "shop", JSON.createObjectNode()).orElseThrow();
        return pod.at("/spec/initContainers/0");
    }

    static List<JsonNode> cases() throws IOException {
        JsonNode container = Chart.read(CASES.resolve("container.yaml"));
        List<JsonNode> cases = Chart.parse(Files.readString(CASES.resolve("pods.yaml")));
        for (JsonNode one : cases) {
            if (one.at("/becomes/spec/initContainers") instanceof ArrayNode containers) {
                assertEquals("POSTERN", containers.get(0).asText());
                containers.set(0, container);
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aPodBecomes(JsonNode of) throws Exception {
        Optional<JsonNode> injected = admit(of.get("pod"), of);
        assertEquals(Optional.ofNullable(of.get("becomes")), injected, of.path("case").asText());
        if (injected.isPresent()) {
            assertEquals(List.of(), Models.newest(injected.get()));
            assertEquals(Optional.empty(), admit(injected.get(), of), "once is enough");
            List<String> violations =
                    PodSecurity.violations(
                            injected.get().path("spec"),
                            one -> one.path("name").asText().equals("postern"));
            assertEquals(List.of(), violations);
        }
    }

    @Test
    void theSidecarNeverTakesTheAppOutOfItsService() throws Exception {
        assertFalse(container("").has("readinessProbe"));
    }

    @Test
    void everyKeyIsCarried() throws Exception {
        JsonNode container =
                container(
                        """
                        config:
                          smtp: {hostname: mail.example.org, max-connections: 50, auth: none}
                          retry: {schedule: [10s, 1m], max-age: 1d}
                          log: {addresses: masked}
                          spool: {keep-sent: 1h}
                          qualify-domain: example.org
                          aliases: {root: "ops@example.org", "a=b": "x%y@example.org"}
                          sendmail: {from: app@example.org}
                        env:
                          - {name: POSTERN_NOTIFY_URL, value: "https://example.org/hook"}
                        """);
        Loaded.Valid loaded = Started.valid(container, null);
        assertEquals("mail.example.org", loaded.config().smtp().hostname());
        assertEquals(50, loaded.config().smtp().maxConnections());
        assertEquals(
                List.of(Duration.ofSeconds(10), Duration.ofMinutes(1)),
                loaded.config().retry().schedule());
        assertEquals("x%y@example.org", String.valueOf(loaded.config().aliases().get("a=b")));
        assertEquals("smtp", loaded.config().egress().getFirst().name());
    }

    @Test
    void kubernetesTakesNoValueForAReference() throws Exception {
        JsonNode container = container("config: {smtp: {hostname: 'x$(HOME)'}}");
        assertEquals(
                "x$$(HOME)",
                Chart.named(container.path("env"), "POSTERN_SMTP_HOSTNAME").path("value").asText());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "config: {egress: [{name: a, type: ses}]} | leave config.egress empty",
                "config: {smtp: {users: [{username: a}]}} | give POSTERN_SMTP_USERS by `env`",
                "config: {smtp: {hostname: '${NAME}'}} | means nothing in a variable",
                "config: {http: {health: '127.0.0.1:1'}} | can't be on loopback"
            })
    void whatCantBeInjectedIsRefused(String values, String why) throws Exception {
        String refusal = injection().values(values).refusal();
        assertTrue(refusal.contains(why), refusal);
    }

    @ParameterizedTest
    @CsvSource({"1.32.0, v1alpha1", "1.34.0, v1beta1", "1.36.0, v1"})
    void theVersionIsTheClustersOwn(String kubernetes, String version) throws Exception {
        List<JsonNode> objects = injection().kubernetes(kubernetes).render();
        List<JsonNode> ours =
                objects.stream()
                        .filter(one -> one.path("kind").asText().startsWith("Mutating"))
                        .toList();
        assertEquals(3, ours.size());
        for (JsonNode object : ours) {
            assertEquals(
                    "admissionregistration.k8s.io/" + version, object.path("apiVersion").asText());
            assertEquals(List.of(), Models.newest(object));
        }
    }

    @Test
    void beforeThereWerePoliciesItIsRefused() throws IOException {
        String refusal = injection().kubernetes("1.31.0").refusal();
        assertTrue(refusal.contains("use mode sidecar"), refusal);
    }

    /// So that the engine is known to be as strict as the API server's.
    @Test
    void theEngineRefusesMapsOfMixedTypes() throws Exception {
        List<JsonNode> objects = injection().render();
        ObjectNode spool =
                (ObjectNode)
                        Chart.named(
                                Chart.only(objects, "MutatingAdmissionPolicy")
                                        .at("/spec/variables"),
                                "spool");
        spool.put("expression", "{\"name\": \"postern-spool\", \"emptyDir\": {}}");
        AdmissionPolicy policy = new AdmissionPolicy(objects);
        assertThrows(
                IllegalArgumentException.class,
                () -> policy.admit(aPod(), "shop", JSON.createObjectNode()));
    }
}
