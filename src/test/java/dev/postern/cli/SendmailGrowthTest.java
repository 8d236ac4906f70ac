package dev.postern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.postern.testing.ReadersGrowth;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// What `sendmail` reads. A new reader gets a row.
class SendmailGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("an option", SendmailGrowthTest::options),
                row("a group of options", text -> options("-" + text)),
                row("standard input", SendmailGrowthTest::input));
    }

    private static void options(String text) {
        try {
            SendmailOptions.parse(List.of(text));
        } catch (CliException _) {
            // There is no such option.
            return;
        }
    }

    private static void input(String text) {
        try {
            new SendmailCommand.DotTerminatedInput(new ByteArrayInputStream(text.getBytes(UTF_8)))
                    .readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
