package dev.postern;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.ConfigFiles;
import dev.postern.config.Loaded;
import dev.postern.config.PosternConfig;
import dev.postern.config.Sources;
import dev.postern.testing.Ports;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForwarderTest {

    @TempDir private Path directory;

    private PosternConfig config(int smtp, int health, int admin) throws IOException {
        Files.writeString(
                directory.resolve("postern.yaml"),
                """
                smtp: {listen: "127.0.0.1:%d"}
                http: {health: "127.0.0.1:%d", admin: "127.0.0.1:%d"}
                spool: {path: %s, min-free: 1MiB}
                """
                        .formatted(smtp, health, admin, directory.resolve("spool")));
        Sources sources =
                new Sources(
                        null,
                        Map.of(),
                        directory,
                        Files::readString,
                        () -> "test-machine",
                        _ -> "ext4");
        return assertInstanceOf(Loaded.Valid.class, new ConfigFiles(sources).load()).config();
    }

    /// The HTTP sockets are started beside the listener, and may come after its failure.
    @Test
    void whenTheListenerCantBindNothingStaysOpen() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 3; i++) {
                List<Integer> http = Ports.free(2);
                PosternConfig config = config(taken.getLocalPort(), http.get(0), http.get(1));
                IOException trouble =
                        assertThrows(IOException.class, () -> Forwarder.start(config, "test"));
                assertTrue(trouble.getMessage().startsWith("smtp.listen: "), trouble.getMessage());
                awaitStarter();
                for (int port : http) {
                    Ports.retake(port, 1).close();
                }
            }
        }
    }

    /// Returns once nobody is left who could start something.
    private static void awaitStarter() throws InterruptedException {
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals("http-start")) {
                thread.join();
            }
        }
    }

    @Test
    void whenAnHttpSocketCantBindNothingStaysOpen() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            List<Integer> free = Ports.free(2);
            PosternConfig config = config(free.get(0), free.get(1), taken.getLocalPort());
            IOException trouble =
                    assertThrows(IOException.class, () -> Forwarder.start(config, "test"));
            assertTrue(trouble.getMessage().startsWith("http.admin: "), trouble.getMessage());
            for (int port : free) {
                Ports.retake(port, 1).close();
            }
        }
    }
}
