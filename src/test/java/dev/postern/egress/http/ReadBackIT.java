package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Messages of every form through the APIs that rebuild them: what recipients get is what two
/// independent readers see in the message, but for what is recorded; and `fidelity: strict` lets
/// those go that nothing is lost of, and no others.
///
/// `-Dseed=` replays the message of one seed.
class ReadBackIT {

    private static final int COUNT = 400;

    private static Judge judge;

    @BeforeAll
    static void read(@TempDir Path directory) throws IOException {
        String seed = System.getProperty("seed", "");
        List<MadeForms> made =
                seed.matches("\\d+")
                        ? List.of(MadeForms.of(Long.parseLong(seed)))
                        : MadeForms.all(COUNT);
        judge =
                Judge.of(
                        made.stream()
                                .map(one ->
                                        new Judge.Message(
                                                "seed " + one.seed(), one.raw(), one.recipients()))
                                .toList(),
                        directory);
    }

    static List<String> types() {
        return Judge.TYPES;
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatArrivesIsWhatReadersSee(String type) throws Exception {
        Judge.Verdict verdict = judge.judge(type);
        System.out.println(verdict);
        assertEquals("", String.join("\n", verdict.faults()));
        assertTrue(verdict.recorded() > 0, "messages that can't be carried whole");
    }
}
