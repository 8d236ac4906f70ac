package dev.postern.helm;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.config.load.ConfigLoader;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Postern's own configuration as it is in a rendered container: its file, its variables, and files
/// where its secrets are mounted.
final class Started {

    private static final Path FILE = Path.of("/etc/postern/postern.yaml");
    private static final Map<String, String> FILES =
            Map.of("egress", "smtp://user:password@smtp.example.org\n", "users", "a:b\n");

    private Started() {}

    /// Returns what Postern has against its configuration in a container, a line each.
    static List<String> problems(JsonNode container, @Nullable JsonNode configMap) {
        return switch (load(container, configMap)) {
            case Loaded.Valid _ -> List.of();
            case Loaded.Invalid invalid -> invalid.lines();
        };
    }

    static Loaded.Valid valid(JsonNode container, @Nullable JsonNode configMap) {
        return switch (load(container, configMap)) {
            case Loaded.Valid valid -> valid;
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.lines());
        };
    }

    private static Loaded load(JsonNode container, @Nullable JsonNode configMap) {
        Map<String, String> variables = new HashMap<>();
        for (JsonNode variable : container.path("env")) {
            variables.put(
                    variable.path("name").asText(), variable.path("value").asText("a-secret"));
        }
        String yaml =
                configMap == null ? null : configMap.at("/data").path("postern.yaml").asText();
        List<Path> mounts =
                Chart.stream(container.path("volumeMounts"))
                        .map(mount -> Path.of(mount.path("mountPath").asText()))
                        .toList();
        return ConfigLoader.load(
                new Sources(
                        yaml == null ? null : FILE,
                        variables,
                        Path.of("/var/spool/postern"),
                        path -> read(path, yaml, mounts),
                        () -> "pod",
                        _ -> "ext4",
                        null));
    }

    private static String read(Path path, @Nullable String yaml, List<Path> mounts)
            throws IOException {
        if (path.equals(FILE) && yaml != null && mounts.contains(FILE.getParent())) {
            return yaml;
        }
        if (path.startsWith("/run/secrets/postern") && mounts.stream().anyMatch(path::startsWith)) {
            return FILES.getOrDefault(String.valueOf(path.getFileName()), "a-secret\n");
        }
        throw new NoSuchFileException(path.toString());
    }
}
