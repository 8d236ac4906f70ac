package dev.postern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.load.Sources;
import dev.postern.submit.ScriptedListener;
import dev.postern.testing.Sendmails;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;

/// `postern sendmail` beside the programs of Postfix and Exim: the same words, the same outcome, or
/// a reason why not.
class SendmailsIT {

    private static final String MESSAGE = "From: a@e.test\nTo: t@e.test\nSubject: x\n\nhello\n.\n";

    @TempDir private Path directory;

    @ParameterizedTest(name = "{0}")
    @CsvFileSource(
            resources = "/sendmail/callers.txt",
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "")
    void aCallerGetsWhatItKnows(
            String call, String ours, String postfix, String exim, String difference)
            throws Exception {
        List<String> words =
                Arrays.stream(call.split(" ")).map(word -> word.replace('~', ' ')).toList();

        assertEquals(ours, postern(words), "Postern");
        assertEquals(
                postfix.equals("=") ? ours : postfix,
                Sendmails.postfix(directory, words, MESSAGE),
                "Postfix");
        assertEquals(
                exim.equals("=") ? ours : exim, Sendmails.exim(directory, words, MESSAGE), "Exim");
        assertEquals(postfix.equals("=") && exim.equals("="), difference == null, "why");
    }

    private String postern(List<String> words) throws IOException, InterruptedException {
        try (ScriptedListener listener = new ScriptedListener(ScriptedListener::accepting)) {
            Map<String, String> environment =
                    Map.of(
                            "POSTERN_SMTP_LISTEN", listener.address().toString(),
                            "POSTERN_SPOOL_PATH", directory.toString());
            Terminal terminal =
                    new Terminal(
                            new ByteArrayInputStream(MESSAGE.getBytes(UTF_8)),
                            new PrintStream(new ByteArrayOutputStream(), true, UTF_8),
                            new PrintStream(new ByteArrayOutputStream(), true, UTF_8));
            SendmailCommand command =
                    new SendmailCommand(
                            terminal,
                            file ->
                                    new Sources(
                                            file,
                                            environment,
                                            Path.of("").toAbsolutePath(),
                                            Files::readString,
                                            () -> "machine",
                                            _ -> "ext4",
                                            null));
            int status = command.run(words);
            if (status != ExitCode.OK) {
                return String.valueOf(status);
            }
            List<String> said = listener.session();
            return Sendmails.outcome(
                    status,
                    said.stream()
                            .filter(line -> line.startsWith("MAIL FROM:<"))
                            .map(SendmailsIT::address)
                            .collect(Collectors.joining()),
                    said.stream()
                            .filter(line -> line.startsWith("RCPT TO:<"))
                            .map(SendmailsIT::address)
                            .toList());
        }
    }

    private static String address(String line) {
        return line.substring(line.indexOf('<') + 1, line.indexOf('>'));
    }
}
