package dev.postern.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.Preset.SteeringFields;
import dev.postern.config.load.Loading;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SteeringFieldsTest {

    private static Optional<Predicate<String>> foreignTo(String url) {
        return SteeringFields.foreignTo(
                new Loading().variable("POSTERN_EGRESS", url).valid().config().egress().getFirst());
    }

    @ParameterizedTest
    @CsvSource({
        "smtp://smtp.sendgrid.net, X-SMTPAPI",
        "sendgrid://key@, x-smtpapi",
        "smtp://u:p@SMTP.MAILGUN.ORG, X-Mailgun-Variables",
        "mailgun://key@mg.example.org, X-Mailgun-Tag",
        "smtp://u:p@email-smtp.eu-west-1.amazonaws.com, X-SES-CONFIGURATION-SET",
        "ses://eu-west-1, X-SES-MESSAGE-TAGS",
        "smtp://smtp-broadcasts.postmarkapp.com, X-PM-Message-Stream",
        "postmark://key@, X-PM-Metadata-order",
        "smtp://smtp-relay.brevo.com, X-Mailin-Tag",
        "brevo://key@, X-Sib-Sandbox",
        "smtp://smtp.mandrillapp.com, X-MC-Tags",
        "smtp://smtp.sparkpostmail.com, X-MSYS-API",
        "smtp://in-v3.mailjet.com, X-MJ-CustomID",
        "smtp://smtp.resend.com, Resend-Idempotency-Key"
    })
    void aProviderGetsItsOwnAndNoOthers(String url, String own) {
        Predicate<String> foreign = foreignTo(url).orElseThrow();
        assertFalse(foreign.test(own));
        List<String> others =
                Stream.of("X-SMTPAPI", "X-PM-Tag", "X-Mailgun-Tag", "X-SES-SOURCE-ARN", "X-MC-Tags")
                        .filter(name -> !name.regionMatches(true, 0, own, 0, 5))
                        .toList();
        assertTrue(others.size() >= 4);
        assertTrue(others.stream().allMatch(foreign), url);
    }

    @Test
    void whatIsNobodysStaysEverywhere() {
        Predicate<String> foreign = foreignTo("smtp://smtp.gmail.com").orElseThrow();
        for (String name :
                List.of(
                        "X-PM",
                        "X-Priority",
                        "X-SMTPAPI-Not",
                        "X-Mailer",
                        "X-Entity-Ref-ID",
                        "To")) {
            assertFalse(foreign.test(name), name);
        }
        assertTrue(foreign.test("X-SMTPAPI"));
    }

    /// A company's relay may pass its mail on to any of them.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "smtp://relay.example.org",
                "smtp://127.0.0.1:2500",
                "smtp://sendgrid.net.example.org"
            })
    void behindAnUnknownHostMayBeAnyProvider(String url) {
        assertTrue(foreignTo(url).isEmpty());
    }

    @Test
    void everyProviderWithServersHasThemInThePresets() {
        List<String> known =
                Preset.all().stream().map(preset -> preset.domains().getFirst()).toList();
        for (SteeringFields.Row row : SteeringFields.all()) {
            assertTrue(row.domain().equals("-") || known.contains(row.domain()), row.type());
            assertFalse(row.source().isBlank());
        }
        assertEquals(
                SteeringFields.all().size(),
                SteeringFields.all().stream().map(SteeringFields.Row::type).distinct().count());
    }
}
