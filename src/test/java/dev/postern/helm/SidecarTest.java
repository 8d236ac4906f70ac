package dev.postern.helm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.load.Loaded;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The chart as a library: the sidecar in an app's own pod.
class SidecarTest {

    @TempDir private Path work;
    private Path app;

    @BeforeEach
    void anApp() throws IOException {
        app = work.resolve("app");
        Chart.sidecarApp(app);
    }

    private List<JsonNode> render(String values) throws IOException {
        return Chart.at(app).values(values).render();
    }

    private static JsonNode pod(List<JsonNode> objects) {
        return Chart.only(objects, "Deployment").at("/spec/template/spec");
    }

    private static JsonNode sidecar(List<JsonNode> objects) {
        return pod(objects).at("/initContainers/0");
    }

    @Test
    void itIsNativeAndTheFirst() throws IOException {
        JsonNode sidecar = sidecar(render(""));
        assertEquals("postern", sidecar.path("name").asText());
        assertEquals("Always", sidecar.path("restartPolicy").asText());
    }

    /// A sidecar's readiness counts for the pod, and a full spool must not take the app down.
    @Test
    void itHasNoReadinessProbe() throws IOException {
        JsonNode sidecar = sidecar(render(""));
        assertFalse(sidecar.has("readinessProbe"));
        assertEquals("/health/started", sidecar.at("/startupProbe/httpGet/path").asText());
        assertEquals("/health/live", sidecar.at("/livenessProbe/httpGet/path").asText());
    }

    @Test
    void itRefusesMailBeforeTheKubeletEvicts() throws IOException {
        List<JsonNode> objects = render("postern: {sidecar: {spool: {sizeLimit: 1Gi}}}");
        JsonNode spool = Chart.named(pod(objects).path("volumes"), "postern-spool");
        assertEquals("1Gi", spool.at("/emptyDir/sizeLimit").asText());
        Loaded.Valid loaded = Started.valid(sidecar(objects), Chart.only(objects, "ConfigMap"));
        assertEquals((1L << 30) * 8 / 10, loaded.config().spool().maxSizeBytes());
        assertEquals("127.0.0.1", loaded.config().smtp().listen().host());
        assertEquals("0.0.0.0", loaded.config().http().health().host());
    }

    @Test
    void theDrainsTimeIsAddedToTheApps() throws IOException {
        assertEquals(60, pod(render("")).path("terminationGracePeriodSeconds").asInt());
        JsonNode longer = pod(render("postern: {config: {drain-timeout: 1m}}"));
        assertEquals(95, longer.path("terminationGracePeriodSeconds").asInt());
    }

    @Test
    void secretsAreMountedWhole() throws IOException {
        List<JsonNode> objects = render("");
        JsonNode volume = Chart.named(pod(objects).path("volumes"), "postern-secret-mailgun");
        assertEquals("mail-mailgun", volume.at("/secret/secretName").asText());
        assertFalse(volume.path("secret").has("items"));
        JsonNode mount =
                Chart.named(sidecar(objects).path("volumeMounts"), "postern-secret-mailgun");
        assertEquals("/run/secrets/postern/mailgun", mount.path("mountPath").asText());
        assertTrue(mount.path("readOnly").asBoolean());
    }

    @Test
    void nothingButItsConfigurationIsDeployedBesides() throws IOException {
        List<String> kinds =
                render("").stream().map(object -> object.path("kind").asText()).sorted().toList();
        assertEquals(List.of("ConfigMap", "Deployment"), kinds);
    }

    @Test
    void aGatewayBesidesIsNotMeant() throws IOException {
        String refusal = Chart.at(app).values("postern: {mode: gateway}").refusal();
        assertTrue(refusal.contains("set it to sidecar"), refusal);
    }

    @Test
    void whatCantChangeWhileRunningRestartsThePods() throws IOException {
        String at = "/spec/template/metadata/annotations";
        JsonNode before = Chart.only(render(""), "Deployment").at(at);
        String size = "postern: {config: {smtp: {max-message-size: 10MiB}}}";
        assertTrue(before.has("postern.dev/config"));
        assertFalse(before.equals(Chart.only(render(size), "Deployment").at(at)));
    }

    @Test
    void openShiftChoosesTheUser() throws IOException {
        JsonNode context = sidecar(render("postern: {user: null}")).path("securityContext");
        assertFalse(context.has("runAsUser"));
        assertTrue(context.path("runAsNonRoot").asBoolean());
    }
}
