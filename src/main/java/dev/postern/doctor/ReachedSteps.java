package dev.postern.doctor;

import dev.postern.doctor.SmtpExamination.Tried;
import dev.postern.doctor.Step.Kind;
import dev.postern.doctor.Step.Result;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.ServerCheck;
import dev.postern.egress.smtp.PortChecker.Opening;
import dev.postern.egress.smtp.TlsSeen;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.UpstreamReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The steps of a try at a submission server that follow its TCP connection, in the order in which
/// they were taken.
final class ReachedSteps {

    private final Tried tried;
    private final ServerCheck screening;
    private final PortCheck reached;
    private final List<Step> steps = new ArrayList<>();

    private ReachedSteps(Tried tried, ServerCheck screening) {
        this.tried = tried;
        this.screening = screening;
        this.reached = tried.reached();
    }

    /// @param screening says whether the server is the right one
    static List<Step> of(Tried tried, ServerCheck screening) {
        ReachedSteps all = new ReachedSteps(tried, screening);
        if (tried.state() == PortState.OPEN) {
            all.collect();
        }
        return all.steps;
    }

    private void collect() {
        boolean implicit = reached.opening() == Opening.IMPLICIT_TLS;
        if (implicit) {
            tls();
        }
        UpstreamReply greeting = reached.greeting();
        if (greeting != null) {
            add(Kind.GREETING, Stage.GREETING, greeting.oneLine());
        } else if (reached.stage() == Stage.GREETING) {
            add(Kind.GREETING, Stage.GREETING, "");
        }
        if (!implicit) {
            tls();
        }
        if (reached.ehlo() != null) {
            List<String> mechanisms = reached.mechanisms();
            String offered =
                    mechanisms.isEmpty() ? "no AUTH" : "AUTH " + String.join(" ", mechanisms);
            add(Kind.EHLO, Stage.EHLO, offered);
        }
    }

    private void tls() {
        TlsSeen seen = reached.tls();
        if (seen == null) {
            if (reached.stage() == Stage.TLS || reached.stage() == Stage.STARTTLS) {
                add(Kind.TLS, reached.stage(), "");
            }
            return;
        }
        if (seen.distrust() != null) {
            // Who answers says more than what is wrong with the certificate.
            Verdict objection = screening.objection(reached);
            String words = (objection == null ? seen.distrust() : objection).outcome().reply();
            step(Kind.TLS, Result.FAILED, words, took(Stage.TLS));
            return;
        }
        step(Kind.TLS, Result.OK, seen.protocol() + ", " + expiry(seen), took(Stage.TLS));
    }

    private static String expiry(TlsSeen seen) {
        String names = String.join(", ", seen.names().stream().limit(2).toList());
        return "certificate for "
                + names
                + " until "
                + String.valueOf(seen.expires()).substring(0, 10);
    }

    /// Adds a step that failed if the try ended there.
    private void add(Kind kind, Stage stage, String said) {
        String trouble = trouble();
        boolean failed = trouble != null && reached.stage() == stage;
        step(
                kind,
                failed ? Result.FAILED : Result.OK,
                failed && trouble != null ? trouble : said,
                took(stage));
    }

    private @Nullable String trouble() {
        return reached.trouble() == null ? null : reached.trouble().outcome().reply();
    }

    private Duration took(Stage stage) {
        return reached.took().getOrDefault(stage, Duration.ZERO);
    }

    private void step(Kind kind, Result result, String detail, Duration took) {
        steps.add(new Step(kind, tried.target(), result, detail, took));
    }
}
