package dev.postern.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.load.Loaded;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The chart's mode *gateway*: who may submit, what becomes of the disks, how it ends.
class GatewayTest {

    private static Chart gateway(String values) throws IOException {
        return Chart.postern().values("mode: gateway\n").values(values);
    }

    private static JsonNode statefulSet(String values) throws IOException {
        return Chart.only(gateway(values).render(), "StatefulSet").path("spec");
    }

    private static JsonNode container(JsonNode statefulSet) {
        return statefulSet.at("/template/spec/containers/0");
    }

    private static Loaded.Valid started(String values) throws IOException {
        List<JsonNode> objects = gateway(values).render();
        return Started.valid(
                container(Chart.only(objects, "StatefulSet").path("spec")),
                Chart.only(objects, "ConfigMap"));
    }

    @Test
    void podsOfPrivateNetworksMaySubmitAndTheNamespaceIsWalledOff() throws IOException {
        List<JsonNode> objects = gateway("").render();
        JsonNode policy = Chart.only(objects, "NetworkPolicy").path("spec");
        assertEquals("[\"Ingress\"]", policy.path("policyTypes").toString());
        assertEquals("[{\"podSelector\":{}}]", policy.at("/ingress/0/from").toString());
        assertEquals(2525, policy.at("/ingress/0/ports/0/port").asInt());
        assertFalse(policy.at("/ingress/1").has("from"), "the kubelet and Prometheus may probe");
        assertEquals(5, started("").config().smtp().allow().size());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "config: {smtp: {users: [{username: a, password: b}]}}",
                "config: {smtp: {allow: [10.1.0.0/16]}}",
                "env: [{name: POSTERN_SMTP_USERS, value: 'a:b'}]",
                "env: [{name: POSTERN_SMTP_USERS_FILE, value: /run/secrets/postern/mail/users}]\n"
                        + "secrets: [{name: mail, secretName: mail}]"
            })
    void whoSaysWhoMaySubmitGetsNoNetworksBesides(String values) throws IOException {
        Loaded.Valid loaded = started(values);
        assertFalse(loaded.config().smtp().allow().toString().contains("192.168"), values);
    }

    @Test
    void nobodyIsNobody() throws IOException {
        String refusal = gateway("gateway: {allow: []}").refusal();
        assertTrue(refusal.contains("say who may submit"), refusal);
    }

    /// A node in between makes an outside client look like one of the private network.
    @ParameterizedTest
    @ValueSource(strings = {"LoadBalancer", "NodePort"})
    void aServiceForTheOutsideNeedsUsers(String type) throws IOException {
        String outside = "gateway: {service: {type: " + type + "}}\n";
        String refusal = gateway(outside).refusal();
        assertTrue(refusal.contains("set config.smtp.users"), refusal);
        String users = "config: {smtp: {users: [{username: a, password: b}]}}\n";
        List<JsonNode> objects = gateway(outside + users).render();
        assertEquals(type, Chart.all(objects, "Service").getFirst().at("/spec/type").asText());
    }

    @Test
    void disksStay() throws IOException {
        JsonNode spec = statefulSet("");
        assertEquals(
                "{\"whenDeleted\":\"Retain\",\"whenScaled\":\"Retain\"}",
                spec.path("persistentVolumeClaimRetentionPolicy").toString());
        JsonNode claim = spec.at("/volumeClaimTemplates/0");
        assertEquals("spool", claim.at("/metadata/name").asText());
        assertEquals("1Gi", claim.at("/spec/resources/requests/storage").asText());
        assertEquals(
                "/var/spool/postern",
                Chart.named(container(spec).path("volumeMounts"), "spool")
                        .path("mountPath")
                        .asText());
    }

    @Test
    void withoutPersistenceTheSpoolIsThePods() throws IOException {
        JsonNode spec = statefulSet("gateway: {persistence: {enabled: false}}");
        assertFalse(spec.has("volumeClaimTemplates"));
        assertTrue(Chart.named(spec.at("/template/spec/volumes"), "spool").has("emptyDir"));
    }

    @ParameterizedTest
    @CsvSource({"1Gi, 858993459", "10G, 8000000000", "500Mi, 419430400", "1000000000, 800000000"})
    void theSpoolIsFullAtEightyPercentOfItsDisk(String size, long bytes) throws IOException {
        Loaded.Valid loaded = started("gateway: {persistence: {size: '" + size + "'}}");
        assertEquals(bytes, loaded.config().spool().maxSizeBytes());
    }

    @ParameterizedTest
    @CsvSource({"25s, 0s, 30", "40s, 10s, 55", "2m, 0s, 125"})
    void theKubeletWaitsForTheDrain(String timeout, String delay, int seconds) throws IOException {
        JsonNode spec =
                statefulSet(
                        "config: {drain-timeout: %s, drain-delay: %s}".formatted(timeout, delay));
        assertEquals(seconds, spec.at("/template/spec/terminationGracePeriodSeconds").asInt());
    }

    @Test
    void aFullSpoolTakesAReplicaOutOfTheService() throws IOException {
        JsonNode container = container(statefulSet(""));
        Map<String, String> paths =
                Map.of(
                        "startupProbe", "/health/started",
                        "livenessProbe", "/health/live",
                        "readinessProbe", "/health/ready");
        paths.forEach((probe, path) ->
                assertEquals(path, container.at("/" + probe + "/httpGet/path").asText()));
    }

    @Test
    void portsFollowTheConfiguration() throws IOException {
        String ports = "config: {smtp: {listen: '0.0.0.0:2600'}, http: {health: '[::]:9000'}}";
        List<JsonNode> objects = gateway(ports).render();
        JsonNode container = container(Chart.only(objects, "StatefulSet").path("spec"));
        assertEquals(
                2600, Chart.named(container.path("ports"), "smtp").at("/containerPort").asInt());
        JsonNode health = Chart.named(container.path("ports"), "postern-health");
        assertEquals(9000, health.path("containerPort").asInt());
        JsonNode policy = Chart.only(objects, "NetworkPolicy").path("spec");
        assertEquals(2600, policy.at("/ingress/0/ports/0/port").asInt());
        assertEquals(9000, policy.at("/ingress/1/ports/0/port").asInt());
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:8026", "localhost:8026", "[::1]:8026"})
    void theKubeletCantProbeLoopback(String health) throws IOException {
        String refusal = gateway("config: {http: {health: '" + health + "'}}").refusal();
        assertTrue(refusal.contains("can't be on loopback"), refusal);
    }

    /// As docs/configuration.md tells it under "Changes without a restart".
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gateway: {replicas: 3} | false",
                "gateway: {allow: [10.1.0.0/16]} | false",
                "config: {egress: [{name: ses, type: ses, region: eu-west-1}]} | false",
                "config: {smtp: {auth: required}} | false",
                "config: {retry: {max-age: 1d}} | false",
                "config: {aliases: {root: ops@example.org}} | false",
                "config: {log: {level: debug}} | false",
                "config: {smtp: {max-connections: 50}} | true",
                "config: {smtp: {listen: '0.0.0.0:2600'}} | true",
                "config: {acknowledge: sent} | true",
                "config: {spool: {keep-sent: 1h}} | true",
            })
    void whatCantChangeWhileRunningRestartsThePods(String values, boolean restarts)
            throws IOException {
        String at = "/template/metadata/annotations";
        JsonNode before = statefulSet("").at(at);
        assertTrue(before.has("postern.dev/config"));
        assertEquals(restarts, !before.equals(statefulSet(values).at(at)));
    }

    @Test
    void theServiceFindsThePodsAndTheTestPodIsNoneOfThem() throws IOException {
        List<JsonNode> objects = gateway("").render();
        JsonNode labels = Chart.only(objects, "StatefulSet").at("/spec/template/metadata/labels");
        JsonNode test = Chart.only(objects, "Pod").at("/metadata/labels");
        for (JsonNode service : Chart.all(objects, "Service")) {
            JsonNode selector = service.at("/spec/selector");
            assertTrue(Selectors.labels(selector, labels), service::toString);
            assertFalse(Selectors.labels(selector, test), service::toString);
        }
    }

    @Test
    void sesNeedsNoKeyOnlyTheRole() throws IOException {
        Chart chart = Chart.postern().values(Chart.POSTERN.resolve("examples/gateway-ses.yaml"));
        List<JsonNode> objects = chart.render();
        JsonNode account = Chart.only(objects, "ServiceAccount");
        assertTrue(account.at("/metadata/annotations").has("eks.amazonaws.com/role-arn"));
        JsonNode pod = Chart.only(objects, "StatefulSet").at("/spec/template/spec");
        assertEquals(account.at("/metadata/name"), pod.path("serviceAccountName"));
        assertFalse(pod.path("automountServiceAccountToken").asBoolean(true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mod: gateway",
                "gateway: {replicas: many}",
                "gateway: {persistence: {size: 1.5Gi}}",
                "secrets: [{name: Bad_Name, secretName: x}]",
                "image: {digest: latest}",
                "injection: {excludedNamespaces: []}"
            })
    void theSchemaCatchesWhatIsMistyped(String values) throws IOException {
        String refusal = gateway(values).refusal();
        assertTrue(refusal.contains("don't meet the specifications"), refusal);
    }
}
