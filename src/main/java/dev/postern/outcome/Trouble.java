package dev.postern.outcome;

import static java.util.Objects.requireNonNull;

import dev.postern.config.TableFile;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Outcome.Unsuitability;
import dev.postern.smtp.SmtpLimits;
import dev.postern.smtp.UpstreamReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The one policy for trouble on the way out: where it happened × what was said → outcome.
///
/// **Purpose.** Nobody else decides what an error means. The table is data beside this class, its
/// part for SMTP in `troubles.txt`, that for the providers' APIs in `http-troubles.txt`: the rows
/// are read in order and the first that matches decides. `docs/troubles.md` is made from both.
///
/// **Contract.** Every input has a row: the last rows of each part are catch-alls, and a test walks
/// every stage. Before MAIL, and before the first octet of a request, all trouble is `unavailable`;
/// only after the final dot, and the last octet of a request, can it be `uncertain`.
///
/// **What is matched.** For a reply its code, enhanced status and text in one line: `550 5.7.1
/// Relaying denied`. For an API's answer `HTTP STATUS` and the provider's code and text: `HTTP 401
/// restricted_api_key: This API key is restricted to only send emails.` For a failure of the
/// network `for HOST: ` and the chain of exceptions as `Class: message`, joined by ` > `.
///
/// *Limits.* Words count up to [#SAID_LIMIT_CHARACTERS], of an exception up to
/// [#CHAIN_LIMIT_CHARACTERS]; what is cut off leaves `…` behind.
///
/// **Diagnostics.** A table that can't be read is our mistake and fails when the class is loaded.
///
/// See also: `docs/troubles.md` (the rows with their sources and advice).
public final class Trouble {

    /// Characters of a failure that are looked at and kept.
    private static final int CHAIN_LIMIT_CHARACTERS = 1000;

    /// Characters of any words that are looked at and kept: an SMTP reply has no more.
    static final int SAID_LIMIT_CHARACTERS = SmtpLimits.UPSTREAM_REPLY_OCTETS;

    private static final String CUT = "…";

    private static final String AS_SAID = "=";
    private static final String NO_ADVICE = "-";

    /// What is put before the words for the table, and is not for people.
    private static final Pattern MARK = Pattern.compile("^(for \\S+|finding|garbled|EOF): ");

    /// The rows for SMTP, in order.
    static final List<TroubleRow> SMTP_ROWS =
            TableFile.rows(Trouble.class, "troubles.txt", line -> TroubleRow.parse(line, false));

    /// The rows for APIs, in order.
    static final List<TroubleRow> API_ROWS =
            TableFile.rows(
                    Trouble.class, "http-troubles.txt", line -> TroubleRow.parse(line, true));

    private Trouble() {}

    /// Judges a reply that is not the one hoped for.
    public static Verdict ofReply(Context context, UpstreamReply reply) {
        return switch (reply) {
            case UpstreamReply.Answered answered ->
                    judge(context, answered.oneLine(), answered.text(), "", null);
            case UpstreamReply.Closed closed -> judge(context, "EOF: " + closed.oneLine(), "");
            case UpstreamReply.Garbled garbled ->
                    judge(context, "garbled: " + garbled.oneLine(), "");
        };
    }

    /// Judges an API's answer that is no acceptance.
    ///
    /// @param said the status and the text in one line, without secrets
    /// @param asked how long the server asked us to wait beside the text; null when it did not
    public static Verdict ofAnswer(Context context, String said, @Nullable Duration asked) {
        return judge(context, said, said, "", asked);
    }

    /// Judges a failure of the connection.
    public static Verdict ofFailure(Context context, Throwable failure) {
        return ofFailure(context, failure, UnaryOperator.identity());
    }

    /// Judges a failure of the connection.
    ///
    /// @param mask takes secrets out of what the failure says
    public static Verdict ofFailure(
            Context context, Throwable failure, UnaryOperator<String> mask) {
        CertificateRefused refused = CertificateRefused.in(failure);
        String said = cut(mask.apply(chain(failure)), CHAIN_LIMIT_CHARACTERS);
        return judge(
                context,
                "for " + context.host() + ": " + said,
                refused == null ? "" : refused.presented());
    }

    /// Judges something that we noticed ourselves.
    public static Verdict ofFinding(Context context, Symptom symptom) {
        return ofFinding(context, symptom, "");
    }

    /// Judges something that we noticed ourselves.
    ///
    /// @param detail what is to be said of it: why we broke off
    public static Verdict ofFinding(Context context, Symptom symptom, String detail) {
        return judge(context, "finding: " + symptom.words() + detail, "");
    }

    private static Verdict judge(Context context, String said, String certificate) {
        return judge(context, said, said, certificate, null);
    }

    /// @param said what the table looks at, in one line
    /// @param told the same as it is kept, in as many lines as the server sent
    /// @param asked how long the server asked us to wait beside the words; null when it did not
    private static Verdict judge(
            Context context,
            String said,
            String told,
            String certificate,
            @Nullable Duration asked) {
        String looked = cut(said, SAID_LIMIT_CHARACTERS);
        TroubleRow row = row(context.type(), context.stage(), looked);
        Disposition disposition = row.disposition();
        String whole =
                row.words().equals(AS_SAID)
                        ? told
                        : phrase(row.words(), context, looked, certificate);
        String words = cut(whole, SAID_LIMIT_CHARACTERS);
        String advice = row.advice().equals(NO_ADVICE) ? "" : row.advice();
        return new Verdict(
                disposition.outcome(words, asked),
                row.id(),
                advice,
                disposition.fewer(),
                disposition.stale());
    }

    /// Returns the row that decides.
    static TroubleRow row(String type, Stage stage, String said) {
        for (TroubleRow row : type.equals(Context.SMTP) ? SMTP_ROWS : API_ROWS) {
            if (row.matches(type, stage, said)) {
                return row;
            }
        }
        throw new AssertionError("no row for " + type + " " + stage + ": " + said);
    }

    private static String phrase(String words, Context context, String said, String certificate) {
        return words.replace("{peer}", context.peer())
                .replace("{host}", context.host())
                .replace("{at}", context.stage().phrase())
                .replace("{limit}", inWords(context.limit()))
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

    private static String cut(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - CUT.length()) + CUT;
    }

    /// One row of the trouble table.
    ///
    /// @param id names it in logs and documents
    /// @param types whose answers it is for; empty: those of all egresses that the table is for
    /// @param where the stages that it is for, as written
    /// @param stages the same, read
    /// @param said what must be found in the words, in either letter case
    /// @param then the disposition, as written
    /// @param disposition the same, read
    /// @param words how to put it; `=`: as it was said
    /// @param source where the text was seen
    /// @param advice what an operator can do; `-`: nothing
    record TroubleRow(
            String id,
            Set<String> types,
            String where,
            Set<Stage> stages,
            Pattern said,
            String then,
            Disposition disposition,
            String words,
            String source,
            String advice) {

        private static final int COLUMNS = 7;
        private static final String ANY = "any";

        /// Reads a line of a table.
        ///
        /// @param hasTypes whether there is one more column: whose answers it is for
        static TroubleRow parse(String line, boolean hasTypes) {
            List<String> columns =
                    new ArrayList<>(TableFile.columns(line, hasTypes ? COLUMNS + 1 : COLUMNS));
            String types = hasTypes ? columns.remove(1) : ANY;
            return new TroubleRow(
                    columns.get(0),
                    types.equals(ANY) ? Set.of() : Set.of(types.split(",")),
                    columns.get(1),
                    stages(columns.get(1)),
                    Pattern.compile(columns.get(2), Pattern.CASE_INSENSITIVE),
                    columns.get(3),
                    Disposition.parse(columns.get(3)),
                    columns.get(4),
                    columns.get(5),
                    columns.get(6));
        }

        /// Reads `any`, `login` (before MAIL), `message` (from MAIL on), a stage, a range
        /// `rcpt-dot`, or several.
        private static Set<Stage> stages(String text) {
            EnumSet<Stage> stages = EnumSet.noneOf(Stage.class);
            for (String word : text.split(",")) {
                stages.addAll(
                        switch (word) {
                            case ANY -> EnumSet.allOf(Stage.class);
                            case "login" -> EnumSet.range(Stage.DNS, Stage.AUTH);
                            case "message" -> EnumSet.range(Stage.MAIL, Stage.DOT);
                            default -> {
                                String[] ends = word.toUpperCase(Locale.ROOT).split("-");
                                Stage last = Stage.valueOf(ends[ends.length - 1]);
                                yield EnumSet.range(Stage.valueOf(ends[0]), last);
                            }
                        });
            }
            return stages;
        }

        boolean matches(String type, Stage stage, String text) {
            return (types.isEmpty() || types.contains(type))
                    && stages.contains(stage)
                    && said.matcher(text).find();
        }
    }

    /// The `then` of a row of the trouble table, written `CLASS[:KIND] [WAIT] [fewer] [stale]`:
    /// `deferred 5m`, `unavailable:quota`, `unsuited:size`, `deferred fewer`.
    ///
    /// @param kind the class; never accepted
    /// @param fault the kind of trouble; exactly with unavailable
    /// @param unsuitability what does not fit; exactly with unsuited
    /// @param pause how long to wait when the server does not say; null: nothing is known
    /// @param fewer see [Verdict#fewerRecipients]
    /// @param stale see [Verdict#staleConnection]
    record Disposition(
            OutcomeClass kind,
            @Nullable Fault fault,
            @Nullable Unsuitability unsuitability,
            @Nullable Duration pause,
            boolean fewer,
            boolean stale) {

        Disposition {
            if (kind == OutcomeClass.ACCEPTED
                    || (kind == OutcomeClass.UNAVAILABLE) != (fault != null)
                    || (kind == OutcomeClass.UNSUITED) != (unsuitability != null)) {
                throw new IllegalArgumentException(
                        "no such disposition: " + kind + " " + fault + " " + unsuitability);
            }
        }

        static Disposition parse(String text) {
            List<String> words = List.of(text.split(" "));
            String[] parts = words.getFirst().split(":", 2);
            OutcomeClass kind = OutcomeClass.valueOf(parts[0].toUpperCase(Locale.ROOT));
            String detail = parts.length == 1 ? "" : parts[1].toUpperCase(Locale.ROOT);
            Duration pause = null;
            for (String word : words.subList(1, words.size())) {
                pause = Character.isDigit(word.charAt(0)) ? Duration.parse("PT" + word) : pause;
            }
            return new Disposition(
                    kind,
                    kind == OutcomeClass.UNAVAILABLE ? Fault.valueOf(detail) : null,
                    kind == OutcomeClass.UNSUITED ? Unsuitability.valueOf(detail) : null,
                    pause,
                    words.contains("fewer"),
                    words.contains("stale"));
        }

        /// Returns the outcome with these words.
        ///
        /// @param asked how long the server asked us to wait beside them, which is said to whoever
        ///   calls it (RFC 6585 §4: Retry-After with a 429); null: they may say it
        Outcome outcome(String words, @Nullable Duration asked) {
            Duration told = asked == null ? RetryAfter.in(words) : asked;
            Duration retryAfter = told == null ? pause : RetryAfter.capped(told);
            return switch (kind) {
                case DEFERRED -> new Outcome.Deferred(words, retryAfter, asked != null);
                case REJECTED -> new Outcome.Rejected(words);
                case UNCERTAIN -> new Outcome.Uncertain(words);
                case UNSUITED -> new Outcome.Unsuited(words, requireNonNull(unsuitability));
                case UNAVAILABLE ->
                        new Outcome.Unavailable(words, requireNonNull(fault), retryAfter);
                case ACCEPTED -> throw new AssertionError("trouble is never acceptance");
            };
        }
    }

    /// Where trouble happened, for the words about it.
    ///
    /// @param type the type word of the egress: `smtp`, `mailgun`
    /// @param stage how far the attempt had come
    /// @param host the configured host, or the name that the certificate must be for
    /// @param peer whom we spoke to: `smtp.example.org:587 [192.0.2.1]`
    /// @param limit the time-out that held
    public record Context(String type, Stage stage, String host, String peer, Duration limit) {

        static final String SMTP = "smtp";

        /// Returns a place in a submission.
        public static Context ofSmtp(Stage stage, String host, String peer, Duration limit) {
            return new Context(SMTP, stage, host, peer, limit);
        }

        /// Returns a place in a call of an API.
        public static Context ofApi(String type, Stage stage, String authority, Duration limit) {
            return new Context(type, stage, authority, authority, limit);
        }

        /// Returns the same place at another stage.
        public Context at(Stage other, Duration otherLimit) {
            return new Context(type, other, host, peer, otherLimit);
        }
    }
}
