package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Postern;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.ScriptedServer.Received;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;

/// A message that Postern took, followed by its id, on its way to a [ScriptedServer].
///
/// @param id its queue id
/// @param sender the reverse-path, which no other message of the test has
record Submitted(Postern postern, String id, String sender) {

    static final String RECIPIENT = "user@example.com";

    private static final String CONTENT =
            """
            From: app@example.org\r
            Date: Sun, 22 Nov 2026 12:00:00 +0000\r
            Message-ID: <1@example.org>\r
            Subject: x\r
            \r
            """;

    private static final Set<String> UNDECIDED = Set.of("queued", "sending");

    /// Returns an egress to the server, by STARTTLS and AUTH.
    ///
    /// @param more further keys, as items of a YAML flow mapping
    static String egress(String name, int port, String more) {
        return """
          - {name: %s, type: smtp, host: 127.0.0.1, tls-name: localhost, port: %d, ca: %s,
             tls: required, username: user, password: secret, %s}
        """
                .formatted(name, port, TestKeys.ca(), more);
    }

    /// Returns a server that such an egress can use.
    static ScriptedServer prepared(ScriptedServer server) {
        return server.startTls("localhost")
                .offering("PIPELINING", "SIZE 52428800", "8BITMIME", "AUTH PLAIN");
    }

    /// Returns content of about so many octets that holds the sender.
    static byte[] content(String sender, int octets) {
        String line = sender + " " + "x".repeat(60) + "\r\n";
        return (CONTENT + line.repeat(1 + octets / line.length())).getBytes(US_ASCII);
    }

    /// Submits a message.
    static Submitted to(Postern postern, String sender, int octets, String... recipients)
            throws IOException {
        List<String> to = recipients.length == 0 ? List.of(RECIPIENT) : List.of(recipients);
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            String id = client.submit(sender, to, content(sender, octets));
            return new Submitted(postern, id, sender);
        }
    }

    /// Returns the message after its first attempt.
    JsonNode attempted() {
        return postern.awaitMessage(
                id,
                "was attempted",
                it ->
                        !it.path("attempts").isEmpty()
                                && !UNDECIDED.contains(it.path("state").asText()));
    }

    /// Returns the message once it is in the state.
    JsonNode awaitState(String state) {
        return postern.awaitMessage(
                id, "is " + state, it -> it.path("state").asText().equals(state));
    }

    /// Returns the message once it is sent: while it waits it is made due again and again, since an
    /// attempt may have begun while there was still trouble.
    JsonNode awaitSent() {
        return postern.awaitMessage(
                id,
                "is sent",
                it -> {
                    if (it.path("state").asText().equals("deferred")) {
                        flush();
                    }
                    return it.path("state").asText().equals("sent");
                });
    }

    private void flush() {
        try {
            postern.post("/api/v1/queue/flush");
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// Returns the classes of its attempts, in order.
    static List<String> outcomes(JsonNode message) {
        return message.findValuesAsText("outcome");
    }

    /// Returns what the server accepted of it.
    List<Received> receivedBy(ScriptedServer server) {
        return server.messages().stream().filter(it -> it.mail().contains(path())).toList();
    }

    /// Returns how often the server was offered it.
    long offeredTo(ScriptedServer server) {
        return server.count("MAIL FROM:" + path());
    }

    private String path() {
        return "<" + sender + ">";
    }
}
