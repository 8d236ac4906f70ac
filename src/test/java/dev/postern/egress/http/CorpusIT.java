package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// As `ReadBackIT`, with the messages of a directory: `-Dcorpus=PATH` names it, and selects this.
@Tag("corpus")
class CorpusIT {

    private static Judge judge;

    @BeforeAll
    static void read(@TempDir Path directory) throws IOException {
        String named = System.getProperty("corpus", "");
        assumeFalse(named.isEmpty(), "-Dcorpus=PATH names no messages");
        List<Judge.Message> messages = new ArrayList<>();
        Path corpus = Path.of(named);
        try (Stream<Path> files = Files.walk(corpus)) {
            for (Path file : files.filter(CorpusIT::isMessage).sorted().toList()) {
                String name = corpus.relativize(file).toString();
                messages.add(
                        new Judge.Message(
                                name, new String(Corpus.octets(file), ISO_8859_1), List.of()));
            }
        }
        judge = Judge.of(messages, directory);
    }

    private static boolean isMessage(Path file) {
        return Files.isRegularFile(file) && file.toString().matches(".*\\.(eml|raw|txt)");
    }

    static List<String> types() {
        return Judge.TYPES;
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatArrivesIsWhatReadersSee(String type) throws Exception {
        Excuses excuses = Excuses.of(type);
        Judge.Verdict verdict = judge.judge(type, excuses);
        System.out.println(verdict);
        // What is excused is of other messages, perhaps.
        assertEquals("", String.join("\n", verdict.faults()));
    }
}
