package dev.postern.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.http.FakeApi;
import dev.postern.egress.http.MadeForms;
import dev.postern.testing.Await;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Beside each API an egress by SMTP that takes everything: no message fails that it would have
/// taken, whatever the API says of its form.
@Timeout(300)
class SecondEgressIT {

    private static final int MADE = 40;

    private static final Map<String, StandIn> APIS = new LinkedHashMap<>();

    @TempDir static Path directory;

    private static Sink sink;

    /// With the sink behind the APIs.
    private static Postern both;

    /// Without it.
    private static Postern alone;

    private static int messages;

    /// A row of `refusals.tsv`.
    private record Refusal(String type, int status, String body, String outcome, String state) {

        static Refusal of(String line) {
            String[] cells = line.split("\t");
            return new Refusal(cells[0], Integer.parseInt(cells[1]), cells[2], cells[3], cells[4]);
        }
    }

    @BeforeAll
    static void start() throws IOException {
        for (String type : StandIn.TYPES) {
            APIS.put(type, StandIn.start(type));
        }
        sink = Sink.start();
        String retry = "retry: {schedule: [1h]}\n";
        both =
                Postern.in(Files.createDirectory(directory.resolve("both")))
                        .settings(retry)
                        .egress(items("") + sink.egress())
                        .start();
        alone =
                Postern.in(Files.createDirectory(directory.resolve("alone")))
                        .settings(retry)
                        .egress(items(""))
                        .start();
    }

    @AfterAll
    static void stop() throws IOException {
        for (Postern postern : new Postern[] {both, alone}) {
            if (postern != null) {
                postern.close();
            }
        }
        for (StandIn api : APIS.values()) {
            api.close();
        }
        if (sink != null) {
            sink.close();
        }
    }

    private static String items(String more) {
        return APIS.values().stream().map(api -> api.egress(more)).collect(Collectors.joining());
    }

    /// Has all APIs take mail again, and waits until nobody thinks that one is down.
    private static void recover() {
        APIS.values().forEach(StandIn::behave);
        for (Postern postern : List.of(both, alone)) {
            Await.until("no egress is down", () -> !postern.egressStates().contains("down"));
        }
    }

    @Test
    void whatAnApiRefusesForItsFormGoesByTheOther() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Refusal refusal : refusals()) {
            recover();
            StandIn api = APIS.get(refusal.type());
            api.answer(FakeApi.said(refusal.status(), refusal.body()));
            Submitted letter = submit(both, refusal.type());
            JsonNode sent = letter.attempted();
            assertEquals(1, api.mail(letter).size(), refusal.toString());
            if (!way(sent).equals(List.of(refusal.outcome(), "accepted", "sent"))) {
                wrong.add(refusal + " with another: " + way(sent));
            }
            JsonNode left = submit(alone, refusal.type()).attempted();
            if (!way(left).equals(List.of(refusal.outcome(), refusal.state()))) {
                wrong.add(refusal + " alone: " + way(left));
            }
        }
        assertEquals("", String.join("\n", wrong));
    }

    /// Returns the classes of a message's attempts and its state.
    private static List<String> way(JsonNode message) {
        List<String> way = new ArrayList<>(Submitted.outcomes(message));
        way.add(message.path("state").asText());
        return way;
    }

    private static List<Refusal> refusals() throws IOException {
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                SecondEgressIT.class.getResourceAsStream("refusals.tsv"), UTF_8))) {
            return lines.lines().filter(l -> !l.startsWith("#")).map(Refusal::of).toList();
        }
    }

    /// Of APIs that refuse the form of everything.
    @Test
    void everyMessageThatIsRefusedGoesByTheOther(@TempDir Path own) throws IOException {
        APIS.values().forEach(StandIn::behave);
        for (Refusal refusal : refusals()) {
            if (refusal.state().equals("failed")) {
                APIS.get(refusal.type()).answer(FakeApi.said(refusal.status(), refusal.body()));
            }
        }
        int before = sink.taken().size();
        try (Postern other = Postern.in(own).egress(items("") + sink.egress()).start()) {
            sendAll(other);
        }
        int refusing = APIS.size() - 1;
        assertEquals(MADE * refusing, sink.taken().size() - before, "all but Mailgun's");
    }

    /// Of APIs that take what they can carry whole, and are asked for nothing else.
    @Test
    void everyMessageThatAnApiCantCarryGoesByTheOther(@TempDir Path own) throws IOException {
        APIS.values().forEach(StandIn::behave);
        int before = sink.taken().size();
        String egresses = items(", fidelity: strict") + sink.egress();
        try (Postern strict = Postern.in(own).egress(egresses).start()) {
            sendAll(strict);
        }
        assertTrue(sink.taken().size() > before, "some are not for an API");
    }

    private static void sendAll(Postern postern) throws IOException {
        List<Submitted> letters = new ArrayList<>();
        for (MadeForms made : MadeForms.all(MADE)) {
            for (String type : StandIn.TYPES) {
                letters.add(submit(postern, type, made));
            }
        }
        List<String> wrong = new ArrayList<>();
        for (Submitted letter : letters) {
            JsonNode tried = letter.attempted();
            if (!tried.path("state").asText().equals("sent")) {
                wrong.add(tried.toString());
            }
        }
        assertEquals("", String.join("\n", wrong));
    }

    private static Submitted submit(Postern postern, String type) throws IOException {
        messages++;
        return Submitted.to(postern, "m" + messages + "@" + type + ".example", 1);
    }

    private static Submitted submit(Postern postern, String type, MadeForms made)
            throws IOException {
        messages++;
        String sender = "m" + messages + "@" + type + ".example";
        String content = new String(made.octets(), ISO_8859_1).replace("\r\n.", "\r\n..");
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            byte[] octets = content.getBytes(ISO_8859_1);
            String id = client.submit(sender, made.recipients(), octets);
            return new Submitted(postern, id, sender);
        }
    }
}
