package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Real messages through the egresses to servers that others wrote: no request is refused.
class EmulatorsIT {

    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "mailgun", "ses"})
    void everyMessageIsTaken(String type, @TempDir Path directory) throws Exception {
        List<String> refused = new ArrayList<>();
        int count = 0;
        try (Emulator emulator = Emulator.start(type, directory);
                Egress egress = Shipments.egress(type, emulator.uri())) {
            for (Path file : Corpus.messages()) {
                int before = emulator.refusals().size();
                byte[] octets = Corpus.octets(file);
                Outcome outcome =
                        egress.send(Shipments.toThoseNamed(octets), CommitGate.OPEN)
                                .outcomes()
                                .firstEntry()
                                .getValue();
                count++;
                List<String> said = emulator.refusals();
                said.subList(before, said.size())
                        .forEach(words -> refused.add(Corpus.name(file) + ": " + words));
                if (said.size() == before && !(outcome instanceof Outcome.Accepted)) {
                    refused.add(Corpus.name(file) + ": " + outcome);
                }
            }
        }
        assertEquals(List.of(), refused);
        assertTrue(count > 200, "messages in the corpus: " + count);
    }
}
