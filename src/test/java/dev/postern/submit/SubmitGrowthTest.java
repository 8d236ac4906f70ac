package dev.postern.submit;

import dev.postern.testing.ReadersGrowth;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// Everything here that reads what others write. A new reader gets a row.
class SubmitGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("Endpoint", Endpoint::parse),
                row("Endpoint with a place", text -> Endpoint.parse("smtp=" + text + ":1")),
                row("MimeDraft.encoded", MimeDraft::encoded),
                row("MimeDraft.parameter", text -> MimeDraft.parameter("filename", text)),
                row("MimeDraft", SubmitGrowthTest::draft));
    }

    private static void draft(String text) {
        ZonedDateTime date = ZonedDateTime.parse("2026-11-22T10:00:00Z");
        try {
            new MimeDraft("a@x", List.of("b@x"), text, text, List.of(), date, "<id@x>")
                    .write(OutputStream.nullOutputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
