package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import dev.postern.testing.Commands;
import dev.postern.testing.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is posted of each message of the corpus, read back and held against what Python's mail
/// reader finds in the message itself: texts, attachments, names, content ids, header fields.
class ReadBackIT {

    private static final String UNSUITED = "refused unsuited";

    private static List<Path> messages = List.of();
    private static List<JsonNode> findings = List.of();

    @BeforeAll
    static void askPython(@TempDir Path directory) throws IOException {
        messages = Corpus.messages();
        Path program = directory.resolve("findings.py");
        try (var script = ReadBackIT.class.getResourceAsStream("findings.py")) {
            Files.copy(script, program);
        }
        Path copies = Files.createDirectory(directory.resolve("messages"));
        for (int i = 0; i < messages.size(); i++) {
            Files.write(copies.resolve("%04d".formatted(i)), Corpus.octets(messages.get(i)));
        }
        Path output = directory.resolve("findings.jsonl");
        Commands.run(
                        new ProcessBuilder(
                                        Programs.PYTHON.require().toString(),
                                        program.toString(),
                                        copies.toString())
                                .redirectOutput(output.toFile()))
                .expect(0);
        findings = Files.readAllLines(output, UTF_8).stream().map(Json::read).toList();
        assertEquals(messages.size(), findings.size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void whatIsPostedIsWhatTheMessageHas(String type) throws Exception {
        Excuses excuses = Excuses.ofReading(type);
        Excuses unread = Excuses.ofRefusals(type);
        List<String> differences = new ArrayList<>();
        int excused = 0;
        try (FakeApi api = FakeApi.start(_ -> Shipments.acceptance(type));
                Egress egress = Shipments.egress(type, api.uri())) {
            for (int i = 0; i < messages.size(); i++) {
                Path file = messages.get(i);
                Outcome outcome =
                        egress.send(Shipments.toThoseNamed(Corpus.octets(file)), CommitGate.OPEN)
                                .outcomes()
                                .firstEntry()
                                .getValue();
                if (outcome instanceof Outcome.Unsuited unsuited) {
                    assertTrue(unread.cover(Corpus.name(file), UNSUITED), unsuited.reply());
                    continue;
                }
                List<String> notCarried =
                        assertInstanceOf(Outcome.Accepted.class, outcome).notCarried();
                Posted posted = Posted.by(type, api.requests().getLast());
                for (String difference : Comparison.of(type, findings.get(i), posted, notCarried)) {
                    if (excuses.cover(Corpus.name(file), difference)) {
                        excused++;
                    } else {
                        differences.add(Corpus.name(file) + " " + difference);
                    }
                }
            }
        }
        System.out.println(
                "%s: %d messages read back, %d differences between readers, all known"
                        .formatted(type, messages.size(), excused));
        assertEquals("", String.join("\n", differences));
        assertEquals(List.of(), excuses.unused(), "rows of differences.tsv that nothing needs");
    }
}
