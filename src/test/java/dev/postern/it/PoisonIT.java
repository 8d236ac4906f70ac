package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import dev.postern.testing.Taken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A message that ends the program while it is prepared does so three times, and then waits for an
/// operator; everything else goes.
@Timeout(180)
class PoisonIT {

    private static final String POISON = "poison@example.org";
    private static final String SEAM = "-Dpostern.halt-preparing=" + POISON;
    private static final int HALTED = 99;
    private static final int GOOD = 20;

    @Test
    void itEndsTheProgramThreeTimesAndNoMore(@TempDir Path directory) throws IOException {
        try (Sink sink = Sink.start();
                Postern postern = Postern.in(directory)) {
            postern.start();
            String id = submit(postern, POISON);
            Set<String> good = new TreeSet<>();
            for (int i = 0; i < GOOD; i++) {
                good.add("good" + i + "@example.org");
                submit(postern, "good" + i + "@example.org");
            }
            assertEquals(0, postern.stop());

            postern.egress(sink.egress()).javaOptions(SEAM);
            for (int i = 0; i < 3; i++) {
                postern.launch();
                assertEquals(HALTED, postern.awaitExit(), () -> String.join("\n", postern.log()));
            }
            postern.start();
            awaitOthers(postern);
            assertHeld(postern, id);
            assertEquals(good, senders(sink));

            // Whether that is answered before the end is chance.
            postern.run("queue", "release", id, "--config", directory + "/postern.yaml");
            assertEquals(HALTED, postern.awaitExit());
            postern.start();
            awaitOthers(postern);
            assertHeld(postern, id);
            assertEquals(0, postern.stop());

            postern.javaOptions("").start();
            assertHeld(postern, id);
            postern.run("queue", "release", id, "--config", directory + "/postern.yaml").expect(0);
            postern.awaitEmpty();
            good.add(POISON);
            assertEquals(good, senders(sink));
            assertTwiceOnlyAsAnnounced(sink, postern);
        }
    }

    private static String submit(Postern postern, String sender) throws IOException {
        String content = "From: " + sender + "\r\nSubject: Hello\r\n\r\nHello.\r\n";
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.submit(sender, List.of("user@example.com"), content.getBytes(US_ASCII));
        }
    }

    private static void awaitOthers(Postern postern) {
        Await.until(
                "all others are sent",
                () -> postern.count("sent") == GOOD && postern.count("held") == 1);
    }

    private static void assertHeld(Postern postern, String id) throws IOException {
        JsonNode message = postern.admin("/api/v1/messages/" + id);
        assertEquals("held", message.path("state").asText(), message::toString);
        JsonNode recipient = message.path("recipients").path(0);
        assertEquals("suspected", recipient.path("reason").asText(), message::toString);
        List<String> lines =
                postern.log().stream()
                        .filter(line -> line.contains("a message is held") && line.contains(id))
                        .toList();
        assertTrue(!lines.isEmpty() && lines.getFirst().contains("queue release " + id));
    }

    /// What was committed when the program ended may come again, and that is told.
    private static void assertTwiceOnlyAsAnnounced(Sink sink, Postern postern) {
        long came = sink.taken().stream().filter(Taken::whole).count();
        long announced =
                postern.log().stream().filter(it -> it.contains("possible duplicate")).count();
        assertTrue(came - senders(sink).size() <= announced, () -> came + ", told " + announced);
    }

    private static Set<String> senders(Sink sink) {
        return sink.taken().stream()
                .filter(Taken::whole)
                .map(Taken::sender)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
