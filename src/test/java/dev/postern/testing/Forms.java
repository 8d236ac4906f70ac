package dev.postern.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// The ways in which clients say commands: the rows of `smtp/forms.tsv`.
public final class Forms {

    /// Where the table is.
    public static final Path TABLE = Path.of("src/test/resources/smtp/forms.tsv");

    private static final int COLUMNS = 4;
    private static final String HEAD = "client\t";

    private Forms() {}

    /// One of them.
    ///
    /// @param line what the client says, tabs as `\t`
    /// @param postfix the code that Postfix answers
    /// @param postern our reply
    /// @param why there is a difference; empty where there is none
    public record Form(String line, String postfix, String postern, String why) {

        /// Returns the last line of the answer that a server on this machine gives.
        public String answer(int port) throws IOException {
            String said = line.replace("\\t", "\t");
            try (SmtpClient client = new SmtpClient(port)) {
                boolean inTransaction = said.regionMatches(true, 0, "RCPT", 0, 4);
                if (inTransaction || said.startsWith("MAIL")) {
                    client.say("EHLO client.example");
                }
                if (inTransaction) {
                    boolean ascii = said.chars().allMatch(c -> c < 128);
                    client.say("MAIL FROM:<sender@example.org>" + (ascii ? "" : " SMTPUTF8"));
                }
                return client.say(said).lines().reduce((_, last) -> last).orElseThrow();
            }
        }

        /// Returns whether one takes it and the other does not.
        public boolean differs() {
            return postfix.charAt(0) != postern.charAt(0);
        }
    }

    /// Returns the lines before the rows.
    public static List<String> head() throws IOException {
        List<String> lines = Files.readAllLines(TABLE, UTF_8);
        return lines.subList(0, headOf(lines));
    }

    /// Returns all rows.
    public static List<Form> all() throws IOException {
        List<String> lines = Files.readAllLines(TABLE, UTF_8);
        return lines.subList(headOf(lines), lines.size()).stream().map(Forms::row).toList();
    }

    private static int headOf(List<String> lines) {
        int head = 0;
        while (!lines.get(head).startsWith(HEAD)) {
            head++;
        }
        return head + 1;
    }

    private static Form row(String line) {
        String[] columns =
                Stream.concat(Stream.of(line.split("\t")), Stream.of(""))
                        .limit(COLUMNS)
                        .toArray(String[]::new);
        if (columns.length != COLUMNS) {
            throw new IllegalArgumentException(columns.length + " columns: " + line);
        }
        return new Form(columns[0], columns[1], columns[2], columns[3]);
    }
}
