package dev.postern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.postern.config.HostPort;
import dev.postern.config.Secret;
import dev.postern.submit.AdminClient;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryWatcherTest {

    private static final String ID = "0F3Q8M2C7K1A";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Deque<String> answers = new ArrayDeque<>();
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private int status = 200;
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.add(
                exchange.getRequestMethod()
                        + " "
                        + exchange.getRequestURI()
                        + " "
                        + exchange.getRequestHeaders().getFirst("Authorization"));
        String body = answers.size() > 1 ? answers.poll() : answers.peek();
        byte[] octets = body == null ? new byte[0] : body.getBytes(UTF_8);
        exchange.sendResponseHeaders(status, octets.length == 0 ? -1 : octets.length);
        exchange.getResponseBody().write(octets);
        exchange.close();
    }

    private AdminClient client(Secret token) {
        return new AdminClient(new HostPort("127.0.0.1", server.getAddress().getPort()), token);
    }

    private int follow(Duration wait) throws CliException, InterruptedException {
        Terminal terminal =
                new Terminal(
                        InputStream.nullInputStream(),
                        new PrintStream(out, true, UTF_8),
                        new PrintStream(err, true, UTF_8));
        return new SendCommand.DeliveryWatcher(terminal, client(null), AdminClient.Answer::detail)
                .follow(ID, wait);
    }

    private static String message(String state, String reason, String attempts) {
        return """
        {"id": "%s", "state": "%s", "attempts": [%s],
         "recipients": [{"address": "b@x.example", "state": "%s", "reason": %s, "reply": null}]}
        """
                .formatted(ID, state, attempts, state, reason);
    }

    @ParameterizedTest
    @CsvSource({"sent, 0", "failed, 1", "held, 75"})
    void theOutcomeIsTheExitCode(String state, int exit) throws Exception {
        answers.add(message(state, "null", ""));

        assertEquals(exit, follow(Duration.ofMinutes(1)));
    }

    @Test
    void itIsFollowedWhileItWaits() throws Exception {
        String attempt =
                """
                {"at": "2026-11-22T04:05:06Z", "egress": "gmail", "outcome": "accepted",
                 "reply": "250 ok\\u001b[2J", "seconds": 1.5}
                """;
        answers.add(message("queued", "null", ""));
        answers.add(message("sending", "null", ""));
        answers.add(message("sent", "null", attempt));

        assertEquals(0, follow(Duration.ofMinutes(1)));

        String text = out.toString(UTF_8);
        assertTrue(text.contains("gmail accepted: 250 ok [2J (1.50 s)"), text);
        assertTrue(text.endsWith("sent\n"), text);
    }

    @Test
    void theWaitEnds() throws Exception {
        answers.add(message("deferred", "\"egress-down\"", ""));

        assertEquals(75, follow(Duration.ZERO));

        assertTrue(out.toString(UTF_8).contains("b@x.example deferred (egress-down)"));
        assertTrue(err.toString(UTF_8).contains("still queued"));
    }

    @Test
    void withoutAnEgressItSaysWhatToDo() throws Exception {
        answers.add(message("held", "\"no-egress\"", ""));

        follow(Duration.ofMinutes(1));

        assertTrue(err.toString(UTF_8).contains("POSTERN_EGRESS"), err.toString(UTF_8));
    }

    @Test
    void theTokenGoesAlong() throws IOException {
        answers.add("{}");

        client(Secret.of("t")).get("/messages", Map.of("sender", "a+b@x.example", "state", ""));

        assertEquals(List.of("GET /api/v1/messages?sender=a%2Bb%40x.example Bearer t"), asked);
    }

    @Test
    void aProblemIsTold() {
        status = 401;
        answers.add("{\"detail\": \"Send the token.\"}");

        CliException trouble = assertThrows(CliException.class, () -> follow(Duration.ZERO));

        assertEquals(75, trouble.exitCode());
        assertTrue(trouble.getMessage().contains("Send the token."));
    }

    @Test
    void anAnswerWithoutABodyIsOne() throws IOException {
        status = 204;

        assertTrue(client(null).delete("/messages/" + ID).isOk());
        assertEquals(List.of("DELETE /api/v1/messages/" + ID + " null"), asked);
    }
}
