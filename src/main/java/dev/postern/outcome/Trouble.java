package dev.postern.outcome;

import dev.postern.smtp.UpstreamReply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/// The one policy for trouble on the way out: where it happened × what was said → outcome.
///
/// **Purpose.** Nobody else decides what an error means. The table is data, `troubles.txt` beside
/// this class: its rows are read in order and the first that matches decides. `docs/troubles.md` is
/// made from it.
///
/// **Contract.** Every input has a row: the last rows of the table are catch-alls, and a test walks
/// every stage. Before MAIL all trouble is `unavailable`; only after the final dot can it be
/// `uncertain`.
///
/// **What is matched.** For a reply its code, enhanced status and text in one line: `550 5.7.1
/// Relaying denied`. For a failure of the network `for HOST: ` and the chain of exceptions as
/// `Class: message`, joined by ` > `.
///
/// **Diagnostics.** A table that can't be read is our mistake and fails when the class is loaded.
///
/// See also: CONTRACT §4 (the classes), `docs/troubles.md` (the rows with their sources and
/// advice).
public final class Trouble {

    private static final String TABLE = "troubles.txt";

    /// The row for what we broke off ourselves.
    static final String BROKEN_OFF = "broken-off";

    private static final String AS_SAID = "=";
    private static final String NO_ADVICE = "-";

    /// What is put before the words for the table, and is not for people.
    private static final Pattern MARK = Pattern.compile("^(for \\S+|finding|garbled|EOF): ");

    private static final List<TroubleRow> ROWS = load();

    private Trouble() {}

    /// Judges a reply that is not the one hoped for.
    public static Verdict ofReply(Scene scene, UpstreamReply reply) {
        return switch (reply) {
            case UpstreamReply.Answered answered ->
                    judge(scene, answered.oneLine(), answered.text(), "");
            case UpstreamReply.Closed closed -> judge(scene, "EOF: " + closed.oneLine(), "");
            case UpstreamReply.Garbled garbled -> judge(scene, "garbled: " + garbled.oneLine(), "");
        };
    }

    /// Judges a failure of the connection.
    public static Verdict ofFailure(Scene scene, Throwable failure) {
        CertificateRefused refused = CertificateRefused.in(failure);
        String certificate = refused == null ? "" : refused.presented();
        return judge(scene, "for " + scene.host() + ": " + chain(failure), certificate);
    }

    /// Judges something that we noticed ourselves: `AUTH not offered`.
    public static Verdict ofFinding(Scene scene, String finding) {
        return judge(scene, "finding: " + finding, "");
    }

    /// Returns the rows, in order.
    static List<TroubleRow> rows() {
        return ROWS;
    }

    private static Verdict judge(Scene scene, String said, String certificate) {
        return judge(scene, said, said, certificate);
    }

    /// @param said what the table looks at, in one line
    /// @param told the same as it is kept, in as many lines as the server sent
    private static Verdict judge(Scene scene, String said, String told, String certificate) {
        TroubleRow row = row(scene.stage(), said);
        Ruling ruling = row.ruling();
        String words =
                row.words().equals(AS_SAID) ? told : phrase(row.words(), scene, said, certificate);
        String advice = row.advice().equals(NO_ADVICE) ? "" : row.advice();
        return new Verdict(ruling.outcome(words), row.id(), advice, ruling.fewer(), ruling.stale());
    }

    /// Returns the row that decides.
    static TroubleRow row(Stage stage, String said) {
        for (TroubleRow row : ROWS) {
            if (row.matches(stage, said)) {
                return row;
            }
        }
        throw new AssertionError("no row for " + stage + ": " + said);
    }

    private static String phrase(String words, Scene scene, String said, String certificate) {
        return words.replace("{peer}", scene.peer())
                .replace("{host}", scene.host())
                .replace("{at}", scene.stage().phrase())
                .replace("{limit}", inWords(scene.limit()))
                .replace("{certificate}", certificate)
                .replace("{said}", MARK.matcher(said).replaceFirst(""))
                .strip();
    }

    /// Returns a time as the table's words put it: `10 s`, `0.2 s`.
    public static String inWords(Duration time) {
        long millis = time.toMillis();
        return millis % 1000 == 0
                ? millis / 1000 + " s"
                : String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }

    private static String chain(Throwable failure) {
        StringBuilder chain = new StringBuilder();
        for (Throwable at = failure; at != null; at = at.getCause()) {
            chain.append(chain.isEmpty() ? "" : " > ").append(at.getClass().getSimpleName());
            if (at.getMessage() != null) {
                chain.append(": ").append(at.getMessage().replaceAll("[\\p{Cntrl}\\s]+", " "));
            }
        }
        return chain.toString();
    }

    private static List<TroubleRow> load() {
        try (InputStream in = Trouble.class.getResourceAsStream(TABLE)) {
            if (in == null) {
                throw new AssertionError(TABLE + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(TroubleRow::parse)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
