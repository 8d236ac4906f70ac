package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `bench/run` measures two relays beside each other, in small.
class BenchIT {

    @Test
    void tellsMediansRatiosAndHistory(@TempDir Path directory) throws Exception {
        Programs.POSTFIX.require();
        Programs.PYTHON.require();
        Programs.UNSHARE.require();
        // Postfix's own user must get to its spool.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        String home = System.getProperty("postern.home");
        Path history = directory.resolve("history.jsonl");
        List<String> command =
                List.of(
                        home + "/bench/run",
                        "postfix",
                        "postern",
                        "--rounds=1",
                        "--parts=latency,off",
                        "--latencies=5",
                        "--messages=60",
                        "--work=" + directory.resolve("work"),
                        "--history=" + history);
        Commands.Result result = Commands.run(new ProcessBuilder(command)).expect(0);
        String row = "\\| latency: to the 250, p50, ms \\| [\\d. (]+to .* × postfix \\|";
        assertTrue(result.output().lines().anyMatch(line -> line.matches(row)), result::output);
        List<String> kept = Files.readAllLines(history);
        for (String line : kept) {
            JsonNode figure = new ObjectMapper().readTree(line);
            assertTrue(figure.get("median").asDouble() > 0, line);
        }
        // Two relays, two figures each of latency and of accepting without delivery.
        assertEquals(2 * 2 * 2, kept.size(), () -> String.join("\n", kept));
    }
}
