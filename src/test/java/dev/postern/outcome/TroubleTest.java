package dev.postern.outcome;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.UpstreamReply;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The trouble table against the texts that real servers say, and against its own rules.
class TroubleTest {

    private static final Path TEXTS = Path.of("src/test/resources/outcome/smtp-troubles.txt");
    private static final Path DOCUMENT = Path.of("docs/troubles.md");

    private static final List<String> API_TYPES =
            List.of("sendgrid", "ses", "mailgun", "resend", "brevo", "postmark");
    private static final Set<Stage> PAST_THE_COMMIT_POINT =
            Set.of(Stage.DOT, Stage.ANSWER, Stage.REPLY, Stage.FOREIGN);

    /// A line of the texts.
    private record Example(String section, Stage stage, String said, String kind, String detail) {

        static Example parse(String line) {
            String[] columns = line.strip().split(" {2,}");
            assertEquals(5, columns.length, line);
            Stage stage = Stage.valueOf(columns[1].toUpperCase(Locale.ROOT));
            return new Example(columns[0], stage, columns[2], columns[3], columns[4]);
        }

        String expected() {
            return kind + " " + detail + ": " + stage.word() + " " + said;
        }

        String actual() {
            return classified(Trouble.row("smtp", stage, said).disposition().outcome(said, null))
                    + ": "
                    + stage.word()
                    + " "
                    + said;
        }
    }

    private static String classified(Outcome outcome) {
        String detail =
                switch (outcome) {
                    case Outcome.Unavailable unavailable -> unavailable.fault().word();
                    case Outcome.Unsuited unsuited ->
                            unsuited.unsuitability().name().toLowerCase(Locale.ROOT);
                    case Outcome.Accepted _,
                            Outcome.Deferred _,
                            Outcome.Rejected _,
                            Outcome.Uncertain _ ->
                            "-";
                };
        return outcome.kind().word() + " " + detail;
    }

    private static List<Example> examples() throws IOException {
        return Files.readAllLines(TEXTS).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(Example::parse)
                .toList();
    }

    @Test
    void classifiesEveryTextAsItMust() throws IOException {
        List<String> expected = examples().stream().map(Example::expected).toList();
        List<String> actual = examples().stream().map(Example::actual).toList();
        assertEquals(String.join("\n", expected), String.join("\n", actual));
    }

    @Test
    void everyRowIsHitByAText() throws IOException {
        Set<String> missed = new LinkedHashSet<>();
        Trouble.SMTP_ROWS.forEach(row -> missed.add(row.id()));
        for (Example example : examples()) {
            missed.remove(Trouble.row("smtp", example.stage(), example.said()).id());
        }
        assertEquals(Set.of(), missed);
    }

    @Test
    void rowsHaveNamesOfTheirOwn() {
        for (List<Trouble.TroubleRow> table : List.of(Trouble.SMTP_ROWS, Trouble.API_ROWS)) {
            List<String> ids = table.stream().map(Trouble.TroubleRow::id).toList();
            assertEquals(List.copyOf(new LinkedHashSet<>(ids)), ids);
        }
    }

    @Test
    void everythingHasARowAtEveryStage() {
        List<String> replies =
                List.of("421 x", "450 x", "550 x", "552 x", "250 x", "354 x", "EOF: x");
        List<String> others =
                List.of("garbled: x", "finding: x", "for mail.example.org: IOException");
        for (Stage stage : Stage.values()) {
            if (isOfSmtp(stage)) {
                replies.forEach(said -> hasARow("smtp", stage, said));
                others.forEach(said -> hasARow("smtp", stage, said));
            }
            if (isOfApi(stage)) {
                for (String type : API_TYPES) {
                    hasARow(type, stage, "for api.example.org: IOException: timed out");
                    hasARow(type, stage, "for api.example.org: IOException");
                    for (int status = 100; status < 600; status++) {
                        hasARow(type, stage, "HTTP " + status + " x");
                    }
                }
            }
        }
    }

    private static void hasARow(String type, Stage stage, String said) {
        OutcomeClass kind = Trouble.row(type, stage, said).disposition().kind();
        if (isBeforeMessage(stage)) {
            assertEquals(OutcomeClass.UNAVAILABLE, kind, type + " " + stage + " " + said);
        }
        if (kind == OutcomeClass.UNCERTAIN) {
            assertTrue(PAST_THE_COMMIT_POINT.contains(stage), type + " " + stage + " " + said);
        }
    }

    @Test
    void troubleBeforeTheMessageIsAlwaysTheEgresss() {
        for (Trouble.TroubleRow row : all()) {
            boolean before = row.stages().stream().anyMatch(TroubleTest::isBeforeMessage);
            assertTrue(!before || row.disposition().kind() == OutcomeClass.UNAVAILABLE, row.id());
        }
    }

    @ParameterizedTest
    @EnumSource(value = Symptom.class, names = "OTHER", mode = EnumSource.Mode.EXCLUDE)
    void everySymptomIsARow(Symptom symptom) {
        assertTrue(all().stream().anyMatch(row -> row.id().equals(symptom.id())), symptom.id());
        if (!symptom.words().isEmpty()) {
            Context context = Context.ofSmtp(Stage.AUTH, "h", "h:587", Duration.ofSeconds(20));
            assertEquals(symptom, Trouble.ofFinding(context, symptom, "X").symptom());
        }
    }

    /// No message is concerned yet: trouble here is the egress's, never the message's.
    private static boolean isBeforeMessage(Stage stage) {
        return stage.compareTo(Stage.MAIL) < 0 || stage == Stage.PREPARE;
    }

    private static boolean isOfSmtp(Stage stage) {
        return stage.compareTo(Stage.DOT) <= 0 && stage != Stage.PROXY;
    }

    private static boolean isOfApi(Stage stage) {
        return stage.compareTo(Stage.TLS) <= 0 || stage.compareTo(Stage.PREPARE) >= 0;
    }

    private static List<Trouble.TroubleRow> all() {
        return Stream.concat(Trouble.SMTP_ROWS.stream(), Trouble.API_ROWS.stream()).toList();
    }

    @Test
    void saysItInClearWords() {
        Context context =
                Context.ofSmtp(Stage.CONNECT, "127.0.0.1", "127.0.0.1:587", Duration.ofSeconds(10));
        Verdict verdict = Trouble.ofFailure(context, new ConnectException("Connection refused"));
        assertEquals("connection refused by 127.0.0.1:587", verdict.outcome().reply());
        assertEquals("connect-refused", verdict.row());
    }

    @Test
    void followsTheServersWishForAWait() {
        Context context = Context.ofSmtp(Stage.RCPT, "h", "h:587", Duration.ofSeconds(20));
        UpstreamReply reply = UpstreamReply.parse("450 4.2.0 Greylisted, retry in 300 seconds\r\n");
        assertEquals(
                new Outcome.Deferred(
                        "450 4.2.0 Greylisted, retry in 300 seconds", Duration.ofMinutes(5)),
                Trouble.ofReply(context, reply).outcome());
        UpstreamReply endless = UpstreamReply.parse("450 4.2.0 come back after 999 hours\r\n");
        assertEquals(
                new Outcome.Deferred("450 4.2.0 come back after 999 hours", RetryAfter.LONGEST),
                Trouble.ofReply(context, endless).outcome());
    }

    /// Rewrites the document with `-Dupdate=docs`.
    @Test
    void theDocumentIsUpToDate() throws IOException {
        String wanted = document();
        if (System.getProperty("update", "").equals("docs")) {
            Files.createDirectories(DOCUMENT.getParent());
            Files.writeString(DOCUMENT, wanted);
        }
        assertEquals(
                wanted, Files.readString(DOCUMENT), "mvn -q test -Dtest=TroubleTest -Dupdate=docs");
    }

    private static String document() {
        List<String> lines = new ArrayList<>();
        lines.add("# Trouble on the way out");
        lines.add("");
        lines.add("What Postern makes of errors: the first row that fits decides. Made from");
        lines.add("`troubles.txt` and `http-troubles.txt` by TroubleTest.");
        lines.add("");
        lines.add("## SMTP");
        lines.add("");
        lines.add("| row | where | what is said | outcome | what to do |");
        lines.add("| --- | --- | --- | --- | --- |");
        for (Trouble.TroubleRow row : Trouble.SMTP_ROWS) {
            lines.add("| %s | %s".formatted(row.id(), cells(row)));
        }
        lines.add("");
        lines.add("## HTTPS");
        lines.add("");
        lines.add("`reply` is an answer in the form in which its provider speaks, or any success;");
        lines.add("`foreign` is any other: from a proxy, a portal, a shield, or without a body.");
        lines.add(
                "A success that is not the documented one may be it: `uncertain`. What a provider");
        lines.add("refuses in words that no row knows fails no message: by the row `refused` the");
        lines.add("next egress is asked, and without one the message waits for an operator.");
        lines.add("");
        lines.add("| row | who | where | what is said | outcome | what to do |");
        lines.add("| --- | --- | --- | --- | --- | --- |");
        for (Trouble.TroubleRow row : Trouble.API_ROWS) {
            String who = row.types().isEmpty() ? "any" : String.join(", ", row.types());
            lines.add("| %s | %s | %s".formatted(row.id(), who, cells(row)));
        }
        return String.join("\n", lines) + "\n";
    }

    private static String cells(Trouble.TroubleRow row) {
        String said = "`" + row.said().pattern().replace("|", "\\|") + "`";
        return "%s | %s | %s | %s |".formatted(row.where(), said, row.then(), row.advice());
    }
}
