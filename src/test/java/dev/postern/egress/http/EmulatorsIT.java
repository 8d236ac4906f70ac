package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Real messages through the egresses to servers that others wrote, or that hold requests against
/// what the provider states: none is refused, but for what `differences.tsv` names.
class EmulatorsIT {

    private static final List<Tally> TALLIES = new ArrayList<>();

    static List<String> types() {
        return Shipments.TYPES;
    }

    @AfterAll
    static void printTable() {
        System.out.println("\nMessages of the corpus, and what is recorded as not carried:\n");
        System.out.println(Tally.table(TALLIES));
    }

    @ParameterizedTest
    @MethodSource("types")
    void everyMessageIsTaken(String type, @TempDir Path directory) throws Exception {
        Excuses excuses = Excuses.ofRefusals(type);
        Tally tally = new Tally(type);
        List<String> refused = new ArrayList<>();
        try (Emulator emulator = Emulator.start(type, directory);
                Egress egress = Shipments.egress(type, emulator.uri())) {
            for (Path file : Corpus.messages()) {
                int before = emulator.refusals().size();
                Outcome outcome =
                        egress.send(
                                        Shipments.toThoseNamed(Corpus.octets(file)),
                                        CommitGate.OPEN)
                                .outcomes()
                                .firstEntry()
                                .getValue();
                List<String> said = emulator.refusals();
                List<String> unknown = new ArrayList<>(said.subList(before, said.size()));
                unknown.removeIf(words ->
                        excuses.cover(Corpus.name(file), words) || isAuthorUnread(words, emulator));
                unknown.forEach(words -> refused.add(Corpus.name(file) + ": " + words));
                if (said.size() > before) {
                    assertInstanceOf(Outcome.Rejected.class, outcome, Corpus.name(file));
                    tally.refused();
                } else {
                    Outcome.Accepted accepted =
                            assertInstanceOf(
                                    Outcome.Accepted.class, outcome, Corpus.name(file));
                    tally.taken(accepted.notCarried());
                }
            }
        }
        System.out.println(tally);
        TALLIES.add(tally);
        assertEquals("", String.join("\n", refused));
        assertEquals(List.of(), excuses.unused(), "rows of differences.tsv that nothing needs");
        assertTrue(tally.messages() > 200, "messages in the corpus: " + tally.messages());
    }

    /// aws-ses-v2-local looks for an author among the octets alone; SES's model has
    /// `FromEmailAddress` for it, which the request must have then.
    private static boolean isAuthorUnread(String words, Emulator emulator) {
        return words.contains("aws-ses-v2-local: Raw content must have a from address")
                && Json.read(emulator.requests().getLast().text()).has("FromEmailAddress");
    }
}
