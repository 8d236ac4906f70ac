package dev.postern.packaging;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.postern.helm.Chart;
import dev.postern.testing.Await;
import dev.postern.testing.Containers;
import dev.postern.testing.Netns;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A pod with a native sidecar, as a chart renders it, run in the kubelet's order by podman, which
/// knows neither native sidecars nor probes: the sidecar, once its startup probe succeeds the other
/// init containers, one after the other, then the app; to its end the app, then the sidecar.
///
/// The network of the pod is a namespace of the test.
final class Pod implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Containers containers;
    private final Netns netns;
    private final String name;
    private final JsonNode spec;
    private final List<String> volumes = new ArrayList<>();

    /// Makes the pod; nothing runs yet.
    ///
    /// @param name the pod's, which no other pod of this machine has
    /// @param objects a Deployment and its ConfigMap
    static Pod create(String name, List<JsonNode> objects, Path work) throws IOException {
        Netns netns = Netns.create();
        try {
            Pod pod = new Pod(name, objects, netns);
            pod.make(Chart.only(objects, "ConfigMap"), work.resolve(name + ".yaml"));
            return pod;
        } catch (IOException | RuntimeException | Error e) {
            netns.close();
            throw e;
        }
    }

    private Pod(String name, List<JsonNode> objects, Netns netns) throws IOException {
        this.name = name;
        this.netns = netns;
        this.spec = Chart.only(objects, "Deployment").at("/spec/template/spec");
        this.containers = Containers.open(netns);
    }

    Netns netns() {
        return netns;
    }

    private void make(JsonNode configMap, Path file) throws IOException {
        ObjectNode ours = spec.deepCopy();
        ours.remove("initContainers");
        // The test's namespace, which podman takes for the host's.
        ours.put("hostNetwork", true);
        ours.put("restartPolicy", "Never");
        ArrayNode all = ours.putArray("containers");
        spec.path("initContainers").forEach(container -> all.add(plain(container)));
        spec.path("containers").forEach(container -> all.add(plain(container)));
        // Podman's volumes are named as the pod's, and are there for all pods.
        for (JsonNode volume : ours.path("volumes")) {
            volumes.add(unique((ObjectNode) volume));
        }
        for (JsonNode container : all) {
            container.path("volumeMounts").forEach(mount -> unique((ObjectNode) mount));
        }
        volumes.add(configMap.at("/metadata/name").asText());
        ObjectNode pod = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "Pod");
        pod.putObject("metadata").put("name", name);
        pod.set("spec", ours);
        Files.writeString(file, JSON.writeValueAsString(configMap) + "\n---\n" + pod, UTF_8);
        containers.said("kube", "play", "--start=false", file.toString());
    }

    /// Without what podman 4.3 doesn't know, and ports, which it would want to publish.
    private static ObjectNode plain(JsonNode container) {
        ObjectNode plain = container.deepCopy();
        return plain.remove(List.of("restartPolicy", "startupProbe", "livenessProbe", "ports"));
    }

    private String unique(ObjectNode volume) {
        String unique = name + "-" + volume.path("name").asText();
        volume.put("name", unique);
        return unique;
    }

    /// Starts everything in its order.
    void start() throws IOException {
        startSidecar();
        for (JsonNode container : spec.path("initContainers")) {
            if (!isSidecar(container)) {
                String other = container.path("name").asText();
                start(other);
                if (awaitEnd(other) != 0) {
                    throw new AssertionError(other + " failed:\n" + log(other));
                }
            }
        }
        for (JsonNode container : spec.path("containers")) {
            start(container.path("name").asText());
        }
    }

    private static boolean isSidecar(JsonNode container) {
        return container.path("restartPolicy").asText().equals("Always");
    }

    private JsonNode sidecar() {
        for (JsonNode container : spec.path("initContainers")) {
            if (isSidecar(container)) {
                return container;
            }
        }
        throw new AssertionError("no sidecar in " + spec);
    }

    /// Starts the sidecar, the first time or again, and returns once its startup probe succeeds.
    void startSidecar() throws IOException {
        JsonNode sidecar = sidecar();
        start(sidecar.path("name").asText());
        JsonNode probe = sidecar.path("startupProbe");
        int port = port(sidecar, probe.at("/httpGet/port").asText());
        URI address = URI.create("http://127.0.0.1:" + port + probe.at("/httpGet/path").asText());
        Duration limit =
                Duration.ofSeconds(
                        (long) probe.path("periodSeconds").asInt()
                                * probe.path("failureThreshold").asInt());
        Await.until("the sidecar has started", limit, () -> succeeds(address));
    }

    private int port(JsonNode container, String named) {
        for (JsonNode port : container.path("ports")) {
            if (port.path("name").asText().equals(named)) {
                return netns.passage(port.path("containerPort").asInt());
            }
        }
        throw new AssertionError("no port " + named);
    }

    private static boolean succeeds(URI probe) {
        try {
            HttpURLConnection connection = (HttpURLConnection) probe.toURL().openConnection();
            int status = connection.getResponseCode();
            return status >= 200 && status < 400;
        } catch (IOException notYet) {
            return false;
        }
    }

    private void start(String container) throws IOException {
        containers.said("start", name + "-" + container);
    }

    /// Stops a container as the kubelet does and returns its exit status; after the grace period it
    /// is a failure.
    ///
    /// @param told runs when the signal has been given
    int stop(String container, Runnable told) throws IOException {
        containers.said("kill", "--signal", "TERM", name + "-" + container);
        told.run();
        return awaitEnd(container);
    }

    private int awaitEnd(String container) throws IOException {
        Duration limit = Duration.ofSeconds(spec.path("terminationGracePeriodSeconds").asInt());
        Await.until(container + " has ended", limit, () -> !isRunning(container));
        return Integer.parseInt(state(container, "ExitCode"));
    }

    private boolean isRunning(String container) {
        return state(container, "Running").equals("true");
    }

    /// Returns a member of what podman knows of a container's state.
    String state(String container, String member) {
        try {
            return containers.said(
                    "inspect", name + "-" + container, "--format", "{{.State." + member + "}}");
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    /// Returns what a container has said so far.
    String log(String container) {
        try {
            return containers.podman("logs", name + "-" + container).output();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    /// Returns where the kernel tells about a container's first process.
    Path proc(String container) {
        return Path.of("/proc", state(container, "Pid"));
    }

    @Override
    public void close() throws IOException {
        containers.podman("pod", "rm", "--force", "--time", "0", name);
        volumes.forEach(volume -> discard(volume));
        containers.close();
        netns.close();
    }

    private void discard(String volume) {
        try {
            containers.podman("volume", "rm", "--force", volume);
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }
}
