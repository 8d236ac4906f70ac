package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.egress.http.FakeApi.Answer;
import dev.postern.egress.http.HttpResult.HttpAnswer;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

/// What each provider's errors come to, through the egress itself: the rows are data of the tests,
/// not of the table under test.
class HttpTroubleTest {

    private static final String ROWS = "/outcome/http-troubles.tsv";
    private static final String DOCUMENTED = "/outcome/http-errors.tsv";
    private static final String MESSAGE =
            "From: author@example.org\r\nTo: b@example.net\r\nSubject: hi\r\n\r\nText.\r\n";

    /// Each row would warn the operator.
    private static final Logger QUIET = Logger.getLogger(HttpEgress.class.getName());

    static {
        QUIET.setLevel(Level.OFF);
    }

    /// One error, and what it must come to.
    private record Row(
            String type,
            String status,
            String headers,
            String body,
            String outcome,
            String kind,
            String source) {

        static Row parse(String line) {
            String[] columns = line.split("\t", -1);
            assertEquals(7, columns.length, line);
            return new Row(
                    columns[0],
                    columns[1],
                    columns[2],
                    columns[3],
                    columns[4],
                    columns[5],
                    columns[6]);
        }

        Answer answer() {
            return switch (body) {
                case "@silence" -> new Answer.Silence();
                case "@close" -> new Answer.Closed();
                case "@garbage" -> new Answer.Raw("220 mail.example ESMTP\r\n");
                default -> new Answer.Said(Integer.parseInt(status), fields(), body);
            };
        }

        /// Returns the fields as an answer has them.
        Map<String, String> lowered() {
            Map<String, String> lowered = new LinkedHashMap<>();
            fields().forEach((name, value) ->
                    lowered.put(name.toLowerCase(java.util.Locale.ROOT), value));
            return lowered;
        }

        private Map<String, String> fields() {
            Map<String, String> fields = new LinkedHashMap<>();
            for (String field : headers.split(" \\| ")) {
                if (field.contains(": ")) {
                    String[] parts = field.split(": ", 2);
                    long then = Instant.now().getEpochSecond() + 120;
                    fields.put(parts[0], parts[1].replace("@now+120", String.valueOf(then)));
                }
            }
            return fields;
        }
    }

    private static List<Row> rows() throws IOException {
        return lines(ROWS).stream().map(Row::parse).toList();
    }

    private static List<String> lines(String resource) throws IOException {
        try (var in = HttpTroubleTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
        }
    }

    @Test
    void everyErrorComesToItsClass() throws Exception {
        List<String> wrong = new ArrayList<>();
        List<Row> rows = rows();
        for (Row row : rows) {
            Outcome outcome = played(row);
            String kind =
                    switch (outcome) {
                        case Outcome.Unavailable down -> down.fault().word();
                        case Outcome.Unsuited unsuited ->
                                unsuited.unsuitability().name().toLowerCase(java.util.Locale.ROOT);
                        default -> "-";
                    };
            String came = outcome.kind().word() + " " + kind;
            if (!came.equals(row.outcome() + " " + row.kind())) {
                wrong.add(row + " came to " + outcome);
            } else if ((row.headers() + row.body()).contains("120") && !waits(outcome)) {
                wrong.add(row + " does not wait: " + outcome);
            }
        }
        assertEquals(List.of(), wrong);
        assertTrue(rows.size() > 200, "rows: " + rows.size());
    }

    private static boolean waits(Outcome outcome) {
        Duration wait =
                switch (outcome) {
                    case Outcome.Deferred deferred -> deferred.retryAfter();
                    case Outcome.Unavailable down -> down.retryAfter();
                    default -> null;
                };
        return wait != null && Math.abs(wait.toSeconds() - 120) <= 20;
    }

    private static Outcome played(Row row) throws Exception {
        if (row.body().equals("@refused")) {
            return outcome(row, URI.create("http://127.0.0.1:" + closedPort()));
        }
        try (FakeApi api = FakeApi.start(_ -> row.answer())) {
            return outcome(row, api.uri());
        }
    }

    /// A row of the table that no answer here needs is one that nobody has tried.
    @Test
    void everyRowAboutAnswersIsHit() throws Exception {
        Set<String> missed = rowsAboutAnswers();
        for (Row row : rows()) {
            if (!row.status().equals("-")) {
                HttpAnswer answer =
                        new HttpAnswer(
                                Integer.parseInt(row.status()), row.lowered(), row.body(), true);
                boolean own = answer.isSuccess() || OutboundMessages.api(row.type()).isOwn(answer);
                Context context =
                        Context.ofApi(
                                row.type(),
                                own ? Stage.REPLY : Stage.FOREIGN,
                                "api.example",
                                Duration.ZERO);
                missed.remove(Trouble.ofAnswer(context, played(row).reply(), null).row());
            }
        }
        assertEquals(Set.of(), missed);
    }

    private static Set<String> rowsAboutAnswers() throws IOException {
        Set<String> rows = new TreeSet<>();
        for (String line : Files.readAllLines(Path.of("docs/troubles.md"))) {
            String[] cells = line.split(" \\| ", -1);
            if (cells.length > 3 && cells[2].matches("reply|foreign|reply,foreign")) {
                rows.add(cells[0].substring(2));
            }
        }
        assertTrue(rows.size() > 80, "rows: " + rows.size());
        return rows;
    }

    private static Outcome outcome(Row row, URI endpoint) {
        Duration timeout =
                row.body().equals("@silence") ? Duration.ofMillis(300) : Duration.ofSeconds(20);
        Common common = OutboundMessages.common(endpoint, Common.Fidelity.BEST_EFFORT, timeout);
        EgressConfig config = OutboundMessages.config(row.type(), common);
        if (row.body().equals("@no-credentials")) {
            // Nothing must answer for this machine's role.
            System.setProperty("aws.disableEc2Metadata", "true");
            config = new EgressConfig.Ses(common, "eu-west-1", null, null);
        }
        try (Egress egress = HttpEgresses.of(config, _ -> null)) {
            return egress.send(OutboundMessages.of(MESSAGE, "b@example.net"), CommitGate.OPEN)
                    .outcomes()
                    .firstEntry()
                    .getValue();
        }
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// What the providers' pages name has its rows.
    @Test
    void everyErrorThatIsDocumentedHasItsRow() throws Exception {
        List<Row> rows = rows();
        List<String> missing = new ArrayList<>();
        List<String> documented = lines(DOCUMENTED);
        for (String line : documented) {
            String[] columns = line.split("\t", -1);
            int errors = Integer.parseInt(columns[1]);
            long have = rows.stream().filter(row -> row.source().equals(columns[0])).count();
            if (have < errors) {
                missing.add(have + " rows for " + line);
            }
        }
        assertEquals(List.of(), missing);
        assertTrue(documented.size() > 80, "documented errors: " + documented.size());
    }

    @Test
    void aKeyThatAnAnswerRepeatsIsMasked() throws Exception {
        for (String type : OutboundMessages.TYPES) {
            String words = "{\"message\":\"no such key: " + OutboundMessages.KEY + "\"}";
            Row row = new Row(type, "401", "-", words, "", "", "");
            Outcome outcome = played(row);
            assertFalse(outcome.reply().contains(OutboundMessages.KEY), outcome.reply());
        }
    }
}
