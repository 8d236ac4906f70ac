package dev.postern.egress.http;

import dev.postern.outcome.Fault;
import dev.postern.outcome.Misfit;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.OutcomeClass;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The one policy for trouble with an API: whose × where it happened × what was said → outcome.
///
/// **Purpose.** No provider's class decides what an error means. The table is data,
/// `http-troubles.txt` beside this class: its rows are read in order and the first that matches
/// decides.
///
/// **Contract.** Every input has a row: the last rows are catch-alls. Before the request's last
/// octet all trouble is `unavailable`; only after it can it be `uncertain`.
///
/// **What is matched.** For an answer `HTTP STATUS` and the provider's code and text in one line:
/// `HTTP 401 restricted_api_key: This API key is restricted to only send emails.` For a failure of
/// the network `for HOST: ` and the chain of exceptions as `Class: message`, joined by ` > `.
///
/// **Diagnostics.** A table that can't be read is our mistake and fails when the class is loaded.
///
/// See also: CONTRACT §4 (the classes).
final class HttpTrouble {

    private static final String TABLE = "http-troubles.txt";
    private static final String AS_SAID = "=";
    private static final String NO_ADVICE = "-";
    private static final int COLUMNS = 8;

    /// Characters of a failure that are looked at and kept.
    private static final int CHAIN_LIMIT_CHARACTERS = 1000;

    private static final List<Row> ROWS = load();

    private HttpTrouble() {}

    /// Where trouble happened, for the words about it.
    ///
    /// @param type the type word of the egress
    /// @param stage how far the call had come
    /// @param host whom we called
    /// @param limit the time-out that held
    record Scene(String type, HttpStage stage, String host, Duration limit) {}

    /// What the table makes of one trouble.
    ///
    /// @param outcome the outcome, with the words that were said
    /// @param row the id of the row that decided
    /// @param advice what an operator can do; empty when waiting is all there is
    /// @param fewer the trouble lies in one recipient or in their number: fewer at once may go
    record Verdict(Outcome outcome, String row, String advice, boolean fewer) {}

    /// Judges an answer that is not the one hoped for.
    ///
    /// @param said the status and the text in one line, without secrets
    /// @param asked how long the server asked us to wait; null when it did not say
    static Verdict ofAnswer(Scene scene, String said, @Nullable Duration asked) {
        return judge(scene, said, asked);
    }

    /// Judges a failure of the network.
    static Verdict ofFailure(Scene scene, Throwable failure) {
        String chain = chain(failure);
        String some = chain.substring(0, Math.min(chain.length(), CHAIN_LIMIT_CHARACTERS));
        return judge(scene, "for " + scene.host() + ": " + some, null);
    }

    /// Returns the rows, in order.
    static List<Row> rows() {
        return ROWS;
    }

    private static Verdict judge(Scene scene, String said, @Nullable Duration asked) {
        Row row = row(scene, said);
        String words = row.words().equals(AS_SAID) ? said : phrase(row.words(), scene, said);
        String advice = row.advice().equals(NO_ADVICE) ? "" : row.advice();
        return new Verdict(
                row.ruling().outcome(words, asked), row.id(), advice, row.ruling().fewer());
    }

    private static Row row(Scene scene, String said) {
        for (Row row : ROWS) {
            if (row.matches(scene, said)) {
                return row;
            }
        }
        throw new AssertionError("no row for " + scene.type() + " " + scene.stage() + ": " + said);
    }

    private static String phrase(String words, Scene scene, String said) {
        return words.replace("{host}", scene.host())
                .replace("{at}", scene.stage().phrase())
                .replace("{limit}", inWords(scene.limit()))
                .replace("{said}", said);
    }

    private static String inWords(Duration limit) {
        return limit.toMillis() % 1000 == 0
                ? limit.toSeconds() + " s"
                : String.format(Locale.ROOT, "%.1f s", limit.toMillis() / 1000.0);
    }

    private static String chain(Throwable failure) {
        StringBuilder chain = new StringBuilder();
        for (Throwable at = failure; at != null; at = at.getCause()) {
            chain.append(chain.isEmpty() ? "" : " > ").append(at.getClass().getSimpleName());
            String message = at.getMessage();
            if (message != null) {
                chain.append(": ").append(message.replaceAll("[\\p{Cntrl}\\s]+", " "));
            }
        }
        return chain.toString();
    }

    /// One row.
    ///
    /// @param id names it in logs and documents
    /// @param types whose answers it is for; empty: everyone's
    /// @param stages where it is for
    /// @param said what must be found in the words, in either letter case
    /// @param ruling what it means
    /// @param words how to put it; `=`: as it was said
    /// @param source where the text was seen
    /// @param advice what an operator can do; `-`: nothing
    record Row(
            String id,
            Set<String> types,
            Set<HttpStage> stages,
            Pattern said,
            Ruling ruling,
            String words,
            String source,
            String advice) {

        /// Reads a line whose columns are parted by two blanks or more.
        static Row parse(String line) {
            String[] columns = line.strip().split(" {2,}");
            if (columns.length != COLUMNS) {
                throw new IllegalArgumentException(columns.length + " columns: " + line);
            }
            return new Row(
                    columns[0],
                    columns[1].equals("any") ? Set.of() : Set.of(columns[1].split(",")),
                    stages(columns[2]),
                    Pattern.compile(columns[3], Pattern.CASE_INSENSITIVE),
                    Ruling.parse(columns[4]),
                    columns[5],
                    columns[6],
                    columns[7]);
        }

        /// Reads `any`, a stage, or several with commas.
        private static Set<HttpStage> stages(String text) {
            if (text.equals("any")) {
                return EnumSet.allOf(HttpStage.class);
            }
            EnumSet<HttpStage> stages = EnumSet.noneOf(HttpStage.class);
            for (String word : text.split(",")) {
                stages.add(HttpStage.valueOf(word.toUpperCase(Locale.ROOT)));
            }
            return stages;
        }

        boolean matches(Scene scene, String text) {
            return (types.isEmpty() || types.contains(scene.type()))
                    && stages.contains(scene.stage())
                    && said.matcher(text).find();
        }
    }

    /// The `then` of a row, written `CLASS[:KIND] [WAIT] [fewer]`: `deferred 5m`,
    /// `unavailable:quota`, `rejected fewer`.
    ///
    /// @param pause how long to wait when the server does not say; null: nothing is known
    record Ruling(
            OutcomeClass kind,
            @Nullable Fault fault,
            @Nullable Misfit misfit,
            @Nullable Duration pause,
            boolean fewer) {

        static Ruling parse(String text) {
            List<String> words = List.of(text.split(" "));
            String[] parts = words.getFirst().split(":", 2);
            String detail = parts.length == 1 ? "" : parts[1].toUpperCase(Locale.ROOT);
            OutcomeClass kind = OutcomeClass.valueOf(parts[0].toUpperCase(Locale.ROOT));
            Duration pause = null;
            for (String word : words.subList(1, words.size())) {
                pause = Character.isDigit(word.charAt(0)) ? Duration.parse("PT" + word) : pause;
            }
            return new Ruling(
                    kind,
                    kind == OutcomeClass.UNAVAILABLE ? Fault.valueOf(detail) : null,
                    kind == OutcomeClass.UNSUITED ? Misfit.valueOf(detail) : null,
                    pause,
                    words.contains("fewer"));
        }

        /// Returns the outcome with these words.
        Outcome outcome(String said, @Nullable Duration asked) {
            Duration wait = asked == null ? pause : asked;
            return switch (kind) {
                case DEFERRED -> new Outcome.Deferred(said, wait);
                case REJECTED -> new Outcome.Rejected(said);
                case UNCERTAIN -> new Outcome.Uncertain(said);
                case UNSUITED -> new Outcome.Unsuited(said, present(misfit));
                case UNAVAILABLE -> new Outcome.Unavailable(said, present(fault), wait);
                case ACCEPTED -> throw new AssertionError("trouble is never acceptance");
            };
        }

        private static <T> T present(@Nullable T value) {
            if (value == null) {
                throw new AssertionError("the ruling was parsed without its kind");
            }
            return value;
        }
    }

    private static List<Row> load() {
        try (InputStream in = HttpTrouble.class.getResourceAsStream(TABLE)) {
            if (in == null) {
                throw new AssertionError(TABLE + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(Row::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
