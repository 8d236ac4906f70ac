package dev.postern.packaging;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.helm.Chart;
import dev.postern.testing.Await;
import dev.postern.testing.Sink;
import dev.postern.testing.Taken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/// An app of Django's and Postern as its sidecar in one pod, as the chart renders it: what becomes
/// of mail at the pod's beginning and at its end, and what the sidecar is allowed.
class PodIT {

    private static final int HOP_PORT = 2626;
    private static final Duration LIMIT = Duration.ofMinutes(3);
    private static final long LIMIT_BYTES = 128L << 20;

    /// What the app sends (`src/test/image/app`), by its senders.
    private static final Map<String, Long> EVERYTHING =
            Stream.of(
                            Stream.of("migrate", "start"),
                            IntStream.range(0, 8).mapToObj(n -> "large-" + n),
                            IntStream.range(0, 200).mapToObj(n -> "small-" + n))
                    .flatMap(part -> part)
                    .collect(Collectors.toMap(sender -> sender + "@example.org", _ -> 1L));

    @TempDir private Path work;

    private Pod pod(String tag, String test) throws IOException, InterruptedException {
        String name = "postern-test-" + ProcessHandle.current().pid() + "-" + test + "-" + tag;
        String image = Images.named(tag);
        String values =
                """
                image: %s
                postern:
                  fullnameOverride: %s
                  image: {repository: %s, tag: %s, pullPolicy: Never}
                  secrets: []
                  config:
                    drain-timeout: 100s
                    egress: [{name: hop, type: smtp, host: 127.0.0.1, port: %d, tls: none}]
                """
                        .formatted(
                                Images.named("app"),
                                name,
                                image.substring(0, image.lastIndexOf(':')),
                                tag,
                                HOP_PORT);
        List<JsonNode> objects = Chart.sidecarApp(work.resolve("app")).values(values).render();
        return Pod.create(name, objects, work);
    }

    private static Sink hop(Pod pod, UnaryOperator<Taken> beforeReply) {
        return Sink.at(pod.netns().listen("127.0.0.1", HOP_PORT), beforeReply);
    }

    private static Map<String, Long> arrived(Sink hop) {
        return hop.taken().stream()
                .filter(Taken::whole)
                .collect(Collectors.groupingBy(Taken::sender, TreeMap::new, Collectors.counting()));
    }

    /// Nothing of the burst has been answered when the sidecar is told to end.
    @ParameterizedTest
    @FieldSource("dev.postern.packaging.Images#BOTH")
    void whatTheAppSendsLastLeavesAfterIt(String image) throws IOException, InterruptedException {
        CountDownLatch ending = new CountDownLatch(1);
        try (Pod pod = pod(image, "up");
                Sink hop = hop(pod, taken -> held(taken, ending))) {
            pod.start();
            confined(pod.proc("postern"));
            awaitAllSent(pod);
            Map<String, Long> early = arrived(hop);
            assertEquals(Map.of("migrate@example.org", 1L, "start@example.org", 1L), early);
            Path memory = memory(pod.proc("postern"));
            assertEquals(0, pod.stop("app", () -> {}), pod.log("app"));
            figures(image, memory);
            assertEquals(0, pod.stop("postern", ending::countDown), pod.log("postern"));
            assertEquals(new TreeMap<>(EVERYTHING), arrived(hop));
            assertEquals("false", pod.state("postern", "OOMKilled"));
        }
    }

    private static Taken held(Taken taken, CountDownLatch ending) {
        if (!taken.sender().startsWith("migrate") && !taken.sender().startsWith("start")) {
            try {
                ending.await();
            } catch (InterruptedException interrupted) {
                throw new AssertionError(interrupted);
            }
        }
        return taken;
    }

    @ParameterizedTest
    @FieldSource("dev.postern.packaging.Images#BOTH")
    void theVolumeHoldsWhatNoHopTakes(String image) throws IOException, InterruptedException {
        try (Pod pod = pod(image, "down")) {
            pod.start();
            awaitAllSent(pod);
            Path memory = memory(pod.proc("postern"));
            assertEquals(0, pod.stop("app", () -> {}), pod.log("app"));
            figures(image, memory);
            assertEquals(0, pod.stop("postern", () -> {}), pod.log("postern"));
            assertEquals("false", pod.state("postern", "OOMKilled"));
            try (Sink hop = hop(pod, UnaryOperator.identity())) {
                pod.startSidecar();
                Await.until(
                        "all have arrived", LIMIT, () -> arrived(hop).size() == EVERYTHING.size());
                assertEquals(0, pod.stop("postern", () -> {}), pod.log("postern"));
                assertEquals(new TreeMap<>(EVERYTHING), arrived(hop));
            }
        }
    }

    private static void awaitAllSent(Pod pod) {
        Await.until(
                "the app has sent all",
                LIMIT,
                () -> {
                    assertEquals("true", pod.state("app", "Running"), pod.log("app"));
                    return pod.log("app").contains("all sent");
                });
    }

    /// Root nowhere, no capability, nothing to write but the spool, and not more memory.
    private static void confined(Path proc) throws IOException {
        Map<String, String> status = status(proc.resolve("status"));
        assertEquals("65532 65532 65532 65532", status.get("Uid"));
        assertEquals("65532 65532 65532 65532", status.get("Gid"));
        for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
            assertEquals("0000000000000000", status.get(set), set);
        }
        assertEquals("1", status.get("NoNewPrivs"));
        assertEquals("2", status.get("Seccomp"));
        List<String> writable =
                Files.readAllLines(proc.resolve("mountinfo")).stream()
                        .map(line -> line.split(" "))
                        .filter(mount -> mount[5].startsWith("rw"))
                        .map(mount -> mount[4])
                        .filter(place -> !place.matches("/(dev|proc|sys)(/.*)?"))
                        .toList();
        assertEquals(List.of("/var/spool/postern"), writable);
        Path memory = memory(proc);
        assertEquals(LIMIT_BYTES, number(memory.resolve("memory.limit_in_bytes")));
    }

    private static Map<String, String> status(Path file) throws IOException {
        return Files.readAllLines(file).stream()
                .map(line -> line.split(":\\s*", 2))
                .collect(
                        Collectors.toMap(
                                pair -> pair[0], pair -> pair[1].strip().replace('\t', ' ')));
    }

    /// Returns the directory of a process's control group for memory.
    private static Path memory(Path proc) throws IOException {
        return Files.readAllLines(proc.resolve("cgroup")).stream()
                .map(line -> line.split(":", 3))
                .filter(group -> group[1].equals("memory"))
                .map(group -> Path.of("/sys/fs/cgroup/memory" + group[2]))
                .findFirst()
                .orElseThrow();
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).strip());
    }

    private static void figures(String image, Path memory) throws IOException {
        String kills = Files.readString(memory.resolve("memory.oom_control"));
        assertTrue(kills.contains("oom_kill 0\n"), kills);
        Map<String, String> use =
                Files.readAllLines(memory.resolve("memory.stat")).stream()
                        .map(line -> line.split(" "))
                        .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
        System.out.printf(
                "pod: %s: %d MiB of its own after the load, limit %d MiB%n",
                image, Long.parseLong(use.get("total_rss")) >> 20, LIMIT_BYTES >> 20);
    }
}
