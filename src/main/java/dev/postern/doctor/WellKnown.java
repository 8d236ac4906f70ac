package dev.postern.doctor;

import dev.postern.config.EgressCommon;
import dev.postern.config.EgressCommon.Fidelity;
import dev.postern.config.EgressCommon.WhenLimited;
import dev.postern.config.EgressConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/// Well-known ways out, which are looked at where none is configured. Nobody logs in there.
final class WellKnown {

    private static final Duration LIMIT = Duration.ofSeconds(6);
    private static final SubmissionPort STARTTLS = new SubmissionPort(587, false);
    private static final SubmissionPort IMPLICIT = new SubmissionPort(465, true);
    private static final String REGION = "us-east-1";

    private WellKnown() {}

    static List<EgressConfig> all() {
        Secret none = Secret.of("");
        return List.of(
                smtp("smtp.gmail.com", STARTTLS, IMPLICIT),
                smtp("smtp.office365.com", STARTTLS),
                smtp("smtp.sendgrid.net", STARTTLS, IMPLICIT, new SubmissionPort(2525, false)),
                smtp(
                        "email-smtp." + REGION + ".amazonaws.com",
                        STARTTLS,
                        IMPLICIT,
                        new SubmissionPort(2587, false)),
                api("sendgrid"),
                new EgressConfig.Mailgun(common("mailgun"), "example.org", none),
                api("resend"),
                api("brevo"),
                api("postmark"),
                new EgressConfig.Ses(common("ses"), REGION, none, none));
    }

    /// Returns how mail servers on this machine are spoken to.
    static EgressConfig.Smtp localMta() {
        return smtp("localhost", STARTTLS);
    }

    private static EgressConfig.Smtp smtp(String host, SubmissionPort... ports) {
        return new EgressConfig.Smtp(
                common(host),
                new SmtpEgressConfig(
                        host,
                        OptionalInt.empty(),
                        Tls.REQUIRED,
                        null,
                        null,
                        null,
                        null,
                        List.of(ports)));
    }

    private static EgressConfig api(String type) {
        return new EgressConfig.Api(common(type), type, Secret.of(""));
    }

    private static EgressCommon common(String name) {
        return new EgressCommon(
                name,
                null,
                null,
                1,
                LIMIT,
                LIMIT,
                LIMIT,
                LIMIT,
                List.of(),
                null,
                null,
                WhenLimited.WAIT,
                Fidelity.BEST_EFFORT);
    }
}
