package dev.postern.doctor;

import dev.postern.doctor.FindingTable.Evidence.Where;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.NastyText;
import dev.postern.testing.ReadersGrowth;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever is seen is judged in time that grows as its words do. Every row of the table is tried
/// by itself.
class DoctorGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("Sightings", DoctorGrowthTest::saw),
                row(
                        "Sightings of a fault",
                        text -> saw("certificate: certificate of mx:1 is " + text)),
                row("software", text -> LocalLook.software(UpstreamReply.parse("220 " + text))),
                row("PlatformReading", DoctorGrowthTest::proxies),
                row("PlatformReading of a log-in", text -> proxies("http://" + text + "@proxy")));
    }

    private static final Set<String> TAGS = Set.of("smtp", "http", "known", "own", "right-name");

    private static void saw(String text) {
        for (Where where : Where.values()) {
            new HostEvidence(TAGS, "mx.example").saw(where, text);
        }
    }

    private static void proxies(String text) {
        new PlatformReading(Map.of("HTTPS_PROXY", text), Path.of("/nowhere")).platform();
    }

    static Stream<Arguments> rows() {
        return FindingTable.rows().stream().map(row -> Arguments.of(row.id(), row));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void everyRowLooksOnlyOnce(String what, FindingTable.FindingRow row) {
        for (String beginning : new String[] {"", "want 25; dropped ", "certificate of a:1 "}) {
            NastyText.assertLinear(
                    what,
                    FindingTable.SAID_LIMIT_CHARACTERS,
                    text -> beginning + text,
                    text -> row.seen().matcher(text).find());
        }
    }
}
