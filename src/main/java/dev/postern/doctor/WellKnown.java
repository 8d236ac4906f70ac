package dev.postern.doctor;

import dev.postern.config.EgressCommon;
import dev.postern.config.EgressCommon.Fidelity;
import dev.postern.config.EgressCommon.WhenLimited;
import dev.postern.config.EgressConfig;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/// Well-known ways out, which are looked at where none is configured. Nobody logs in there.
final class WellKnown {

    private static final Duration LIMIT = Duration.ofSeconds(6);
    private static final String REGION = "us-east-1";

    private WellKnown() {}

    static List<EgressConfig> all() {
        Secret none = Secret.of("");
        return List.of(
                smtp("smtp.gmail.com"),
                smtp("smtp.office365.com"),
                smtp("smtp.sendgrid.net"),
                smtp("email-smtp." + REGION + ".amazonaws.com"),
                api("sendgrid"),
                new EgressConfig.Mailgun(common("mailgun"), "example.org", none),
                api("resend"),
                api("brevo"),
                api("postmark"),
                new EgressConfig.Ses(common("ses"), REGION, none, none));
    }

    /// Returns how mail servers on this machine are spoken to.
    static EgressConfig.Smtp localMta() {
        return smtp("localhost");
    }

    private static EgressConfig.Smtp smtp(String host) {
        return new EgressConfig.Smtp(
                common(host),
                new SmtpEgressConfig(
                        host, OptionalInt.empty(), Tls.REQUIRED, null, null, null, null));
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
