package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import dev.postern.testing.Seeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Messages through the egresses to servers that others wrote, or that hold requests against what
/// the provider states: none is refused.
class EmulatorsIT {

    private static final int TRIALS = 40;
    private static final List<Tally> TALLIES = new ArrayList<>();

    static List<String> types() {
        return OutboundMessages.TYPES;
    }

    @AfterAll
    static void printTable() {
        System.out.println("\nMessages of the corpus, and what is recorded as not carried:\n");
        System.out.println(Tally.table(TALLIES));
    }

    @ParameterizedTest
    @MethodSource("types")
    void everyMessageIsTaken(String type, @TempDir Path directory) throws Exception {
        Tally tally = new Tally(type);
        List<String> refused = new ArrayList<>();
        try (Emulator emulator = Emulator.start(type, directory);
                Egress egress = OutboundMessages.egress(type, emulator.uri())) {
            for (Path file : Corpus.messages()) {
                int before = emulator.refusals().size();
                Outcome outcome =
                        egress.send(
                                        OutboundMessages.toThoseNamed(Corpus.octets(file)),
                                        CommitGate.OPEN)
                                .outcomes()
                                .firstEntry()
                                .getValue();
                List<String> said = emulator.refusals();
                List<String> words = new ArrayList<>(said.subList(before, said.size()));
                boolean isAnswered = !words.isEmpty();
                switch (outcome) {
                    case Outcome.Accepted accepted -> tally.taken(accepted.notCarried());
                    case Outcome.Rejected _ -> tally.refused();
                    case Outcome.Unsuited unsuited -> {
                        tally.unsuited();
                        words.add("refused unsuited: " + unsuited.reply());
                    }
                    default -> words.add(outcome.toString());
                }
                assertEquals(outcome instanceof Outcome.Rejected, isAnswered, Corpus.name(file));
                words.removeIf(one -> isAuthorUnread(one, emulator));
                words.forEach(one -> refused.add(Corpus.name(file) + ": " + one));
                if (type.equals("ses")) {
                    assertArrayEquals(Corpus.octets(file), raw(emulator), Corpus.name(file));
                }
            }
            if (type.equals("ses")) {
                assertEquals(tally.messages() - tally.refusedCount(), emulator.store().size());
            }
        }
        System.out.println(tally);
        TALLIES.add(tally);
        assertEquals("", String.join("\n", refused));
        assertTrue(tally.messages() > 200, "messages in the corpus: " + tally.messages());
    }

    private static byte[] raw(Emulator emulator) {
        JsonNode content = JsonAnswer.read(emulator.requests().getLast().text()).path("Content");
        return Base64.getDecoder().decode(content.path("Raw").path("Data").asText());
    }

    /// What was said is read from the request: aws-ses-v2-local takes raw mail's recipients from
    /// its header, whatever `Destination` says, as SES does not.
    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "ses", "mailgun", "resend"})
    void whoIsMailedIsTheEnvelope(String type, @TempDir Path directory) throws Exception {
        try (Emulator emulator = Emulator.start(type, directory);
                Egress egress = OutboundMessages.egress(type, emulator.uri())) {
            Seeds.forEach(
                    TRIALS, random -> EnvelopeTest.trial(type, emulator::requests, egress, random));
            assertEquals(List.of(), emulator.refusals());
            if (type.equals("ses")) {
                assertEquals(emulator.requests().size(), emulator.store().size());
            }
        }
    }

    /// aws-ses-v2-local looks for an author among the octets alone; SES's model has
    /// `FromEmailAddress` for it, which the request must have then.
    private static boolean isAuthorUnread(String words, Emulator emulator) {
        return words.contains("aws-ses-v2-local: Raw content must have a from address")
                && JsonAnswer.read(emulator.requests().getLast().text()).has("FromEmailAddress");
    }
}
