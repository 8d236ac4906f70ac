package dev.postern.outcome;

import dev.postern.outcome.Trouble.Context;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.NastyText;
import dev.postern.testing.ReadersGrowth;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever a server says is judged in time that grows as its words do. Every row of the tables is
/// tried by itself.
class OutcomeGrowthTest extends ReadersGrowth {

    static Stream<Arguments> parsers() {
        return Stream.of(
                row("a reply to the dot", text -> reply(Stage.DOT, "550 5.7.1 " + text)),
                row("a reply to RCPT", text -> reply(Stage.RCPT, "450 " + text)),
                row(
                        "a reply to AUTH",
                        text -> reply(Stage.AUTH, "535-" + text.replace("\n", "\n535-"))),
                row("no reply", text -> reply(Stage.DOT, text)),
                row("a failure", text -> Trouble.ofFailure(SCENE, new IOException(text))),
                row("a finding", text -> Trouble.ofFinding(SCENE, Symptom.OTHER, text)),
                row("an API's answer", OutcomeGrowthTest::answer),
                row("RetryAfter.in", RetryAfter::in),
                row("RetryAfter.in a wait", text -> RetryAfter.in("try in " + text)),
                row("RetryAfter.in a date", text -> RetryAfter.in("after Sun, 1 Nov 2026 " + text)),
                row("RetryAfter.ofValue", text -> RetryAfter.ofValue(text, Clock.systemUTC())),
                row(
                        "RetryAfter.ofValue in digits",
                        text -> RetryAfter.ofValue("1." + text, Clock.systemUTC())));
    }

    private static final Context SCENE =
            Context.ofSmtp(Stage.TLS, "mx.example", "mx.example:587", Duration.ZERO);

    private static void reply(Stage stage, String text) {
        Trouble.ofReply(SCENE.at(stage, Duration.ZERO), UpstreamReply.parse(text));
    }

    private static void answer(String text) {
        for (String type : List.of("sendgrid", "ses", "mailgun", "resend", "brevo", "postmark")) {
            Context context = Context.ofApi(type, Stage.REPLY, "api.example", Duration.ZERO);
            Trouble.ofAnswer(context, "HTTP 400 " + text, null);
        }
    }

    static Stream<Arguments> rows() {
        return Stream.concat(
                Trouble.SMTP_ROWS.stream().map(row -> Arguments.of("smtp " + row.id(), row)),
                Trouble.API_ROWS.stream().map(row -> Arguments.of("api " + row.id(), row)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void everyRowLooksOnlyOnce(String what, Trouble.TroubleRow row) {
        NastyText.assertLinear(
                what,
                Trouble.SAID_LIMIT_CHARACTERS,
                text -> beginning(row) + text,
                text -> row.said().matcher(text).find());
    }

    /// What brings a text past the codes that a row wants first.
    private static String beginning(Trouble.TroubleRow row) {
        String wanted = row.said().pattern();
        if (wanted.startsWith("^HTTP 40")) {
            return wanted.substring(1, "^HTTP 403".length()) + " ";
        }
        return wanted.startsWith("^4") ? "421 4.7.0 " : "550 5.7.1 ";
    }
}
