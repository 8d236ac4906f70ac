package dev.postern.helm;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Predicate;

/// The profile *restricted* of the Pod Security Standards, as Kubernetes tells it: a table of what
/// must hold for a pod, and one for each container in it.
final class PodSecurity {

    private static final Set<String> VOLUMES =
            Set.of(
                    "configMap",
                    "csi",
                    "downwardAPI",
                    "emptyDir",
                    "ephemeral",
                    "persistentVolumeClaim",
                    "projected",
                    "secret");
    private static final Set<String> SECCOMP = Set.of("RuntimeDefault", "Localhost");

    /// What must hold for a pod.
    private record PodRule(String name, Predicate<JsonNode> holds) {}

    /// What must hold for a container in a pod.
    private record ContainerRule(String name, BiPredicate<JsonNode, JsonNode> holds) {}

    private static final List<PodRule> FOR_PODS =
            List.of(
                    new PodRule("host network", pod -> !pod.path("hostNetwork").asBoolean()),
                    new PodRule("host PIDs", pod -> !pod.path("hostPID").asBoolean()),
                    new PodRule("host IPC", pod -> !pod.path("hostIPC").asBoolean()),
                    new PodRule("sysctls", pod -> !pod.at("/securityContext").has("sysctls")),
                    new PodRule(
                            "SELinux", pod -> !pod.at("/securityContext").has("seLinuxOptions")),
                    new PodRule("volumes", PodSecurity::volumesAreAllowed));

    private static final List<ContainerRule> FOR_CONTAINERS =
            List.of(
                    rule("privileged", own -> !own.path("privileged").asBoolean()),
                    rule("proc mount", own -> !own.has("procMount")),
                    rule("SELinux", own -> !own.has("seLinuxOptions")),
                    rule("Windows", own -> !own.has("windowsOptions")),
                    rule("escalation", own -> isFalse(own.path("allowPrivilegeEscalation"))),
                    rule("capabilities", own -> dropsAll(own.path("capabilities"))),
                    new ContainerRule(
                            "host ports",
                            (_, container) ->
                                    Chart.stream(container.path("ports"))
                                            .noneMatch(port -> port.has("hostPort"))),
                    new ContainerRule(
                            "not root",
                            (pod, container) -> said(pod, container, "runAsNonRoot").asBoolean()),
                    new ContainerRule(
                            "user 0",
                            (pod, container) -> said(pod, container, "runAsUser").asLong(1) != 0),
                    new ContainerRule(
                            "seccomp",
                            (pod, container) ->
                                    SECCOMP.contains(
                                            said(pod, container, "seccompProfile")
                                                    .path("type")
                                                    .asText())));

    private PodSecurity() {}

    /// Returns what a pod, and those of its containers that are looked at, do against the profile.
    static List<String> violations(JsonNode pod, Predicate<JsonNode> which) {
        List<String> violations = new ArrayList<>();
        FOR_PODS.stream()
                .filter(rule -> !rule.holds().test(pod))
                .forEach(rule -> violations.add(rule.name()));
        for (JsonNode container : Chart.containers(pod)) {
            if (which.test(container)) {
                FOR_CONTAINERS.stream()
                        .filter(rule -> !rule.holds().test(pod, container))
                        .forEach(rule ->
                                violations.add(
                                        container.path("name").asText() + ": " + rule.name()));
            }
        }
        return violations;
    }

    private static ContainerRule rule(String name, Predicate<JsonNode> holds) {
        return new ContainerRule(
                name, (_, container) -> holds.test(container.path("securityContext")));
    }

    /// What a container says, or else its pod.
    private static JsonNode said(JsonNode pod, JsonNode container, String key) {
        JsonNode own = container.path("securityContext").path(key);
        return own.isMissingNode() ? pod.path("securityContext").path(key) : own;
    }

    private static boolean isFalse(JsonNode value) {
        return value.isBoolean() && !value.asBoolean();
    }

    private static boolean dropsAll(JsonNode capabilities) {
        return Chart.stream(capabilities.path("drop")).anyMatch(one -> one.asText().equals("ALL"))
                && Chart.stream(capabilities.path("add"))
                        .allMatch(one -> one.asText().equals("NET_BIND_SERVICE"));
    }

    private static boolean volumesAreAllowed(JsonNode pod) {
        return Chart.stream(pod.path("volumes"))
                .allMatch(volume ->
                        volume.properties().stream()
                                .map(Map.Entry::getKey)
                                .allMatch(key -> key.equals("name") || VOLUMES.contains(key)));
    }
}
