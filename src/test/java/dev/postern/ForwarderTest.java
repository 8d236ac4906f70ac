package dev.postern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig;
import dev.postern.config.load.ConfigFiles;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Sources;
import dev.postern.testing.Await;
import dev.postern.testing.Ports;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForwarderTest {

    @TempDir private Path directory;

    private PosternConfig config(int smtp, int health, int admin) throws IOException {
        return config(smtp, health, admin, "[]");
    }

    private PosternConfig config(int smtp, int health, int admin, String egress)
            throws IOException {
        Files.writeString(
                directory.resolve("postern.yaml"),
                """
                smtp: {listen: "127.0.0.1:%d"}
                http: {health: "127.0.0.1:%d", admin: "127.0.0.1:%d"}
                spool: {path: %s, min-free: 1MiB}
                egress: %s
                """
                        .formatted(smtp, health, admin, directory.resolve("spool"), egress));
        Sources sources =
                new Sources(
                        null,
                        Map.of(),
                        directory,
                        Files::readString,
                        () -> "test-machine",
                        _ -> "ext4",
                        null);
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
                for (int port : http) {
                    Ports.retake(port, 1).close();
                }
            }
        }
    }

    /// What may stand in a quoted local part (RFC 5321 §4.1.2) ends neither its brackets nor a
    /// command anywhere on the way.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b",
                "a\\\"b",
                "a@b",
                "@",
                "<a>",
                ">",
                "\\\\",
                ".",
                "a,b",
                "a:b;c",
                "a\\@b",
                " ",
                "> SIZE=1",
                "",
                "'"
            })
    void whatIsQuotedLegallyIsSentAsItWasSaid(String quoted) throws IOException {
        String address = "\"" + quoted + "\"@example.net";
        try (ScriptedServer server = ScriptedServer.start()) {
            String egress =
                    "[{name: one, type: smtp, host: 127.0.0.1, port: %d, tls: none}]"
                            .formatted(server.port());
            byte[] content = "Subject: x\r\n\r\nx\r\n".getBytes(StandardCharsets.US_ASCII);
            try (Forwarder forwarder = Forwarder.start(config(0, 0, 0, egress), "test");
                    SmtpClient client = new SmtpClient(forwarder.smtp().port())) {
                client.say("EHLO client.example");
                client.submit(address, List.of(address, "b@example.net"), content);
                Await.until("arrival", () -> !server.messages().isEmpty());
            }
            ScriptedServer.Received received = server.messages().getFirst();
            assertTrue(received.mail().startsWith("MAIL FROM:<" + address + ">"), received.mail());
            assertEquals(
                    List.of("RCPT TO:<" + address + ">", "RCPT TO:<b@example.net>"),
                    received.rcpts());
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
