package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Arrival;
import dev.postern.testing.Await;
import dev.postern.testing.HeaderSection;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The first run: nothing is configured, and mail is neither lost nor claimed as sent.
class HeldIT {

    private static final String CONTENT =
            """
            From: app@example.org\r
            To: user@example.com\r
            Date: Sun, 22 Nov 2026 12:00:00 +0000\r
            Message-ID: <held@example.org>\r
            Subject: Welcome\r
            \r
            Hello.\r
            """;

    @Test
    void mailIsHeldWithoutAnEgressAndLeavesOnceThereIsOne(@TempDir Path directory)
            throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory).start()) {
            String id = submit(postern);
            assertHeld(postern, id);
            assertEquals(0, postern.stop(), () -> String.join("\n", postern.log()));

            postern.start();
            assertHeld(postern, id);
            assertEquals(0, postern.stop());

            postern.egress(sink.egress()).start();
            Arrival arrival = sink.await("app@example.org");
            assertEquals(Set.of("user@example.com"), arrival.recipients());
            assertEquals(CONTENT, arrival.content().withoutFirst("Received").toString());
            postern.awaitEmpty();
            assertEquals(1, postern.count("sent"));
            postern.awaitLine("attempt", id, "accepted", "2.0.0 taken");
            postern.awaitLine("done", id);
            assertEquals(410, postern.raw(id).statusCode());
        }
    }

    private static String submit(Postern postern) throws IOException {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.submit(
                    "app@example.org", List.of("user@example.com"), CONTENT.getBytes(US_ASCII));
        }
    }

    private static void assertHeld(Postern postern, String id) throws IOException {
        postern.awaitLine("NO EGRESS IS CONFIGURED", "held");
        Await.until("the message waits", () -> postern.count("held") == 1);
        JsonNode status = postern.admin("/api/v1/status");
        assertEquals(1, status.path("messages").path("held").asInt(), status::toString);
        assertEquals(0, status.path("messages").path("sent").asInt(), status::toString);
        assertTrue(status.path("egress").isEmpty(), status::toString);
        JsonNode message = postern.admin("/api/v1/messages/" + id);
        assertEquals("held", message.path("state").asText());
        JsonNode recipient = message.path("recipients").path(0);
        assertEquals("no-egress", recipient.path("reason").asText(), message::toString);
        String raw = postern.raw(id).body();
        assertEquals(CONTENT, HeaderSection.of(raw).withoutFirst("Received").toString());
        assertEquals(200, postern.health("/health/ready").statusCode());
        assertEquals(503, postern.health("/health/egress").statusCode());
    }
}
