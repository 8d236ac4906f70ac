package dev.postern.config.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.Secret;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EgressUrlTest {

    @Test
    void smtpWithEverything() {
        EgressConfig.Smtp egress =
                smtp(
                        "smtp://me%40example.org:p%3A%2F%3F%23%5B%5D%40+%20x@smtp.example.org:2525"
                                + "?tls=implicit&ehlo-name=c.example"
                                + "&senders=@example.org,b@example.com"
                                + "&rate=30/m&answer-timeout=2m#main");
        assertEquals("main", egress.name());
        assertEquals("smtp.example.org", egress.smtp().host());
        assertEquals(OptionalInt.of(2525), egress.smtp().port());
        assertEquals("me@example.org", egress.smtp().username());
        assertEquals("p:/?#[]@+ x", revealed(egress.smtp().password()));
        assertEquals(Tls.IMPLICIT, egress.smtp().tls());
        assertEquals("c.example", egress.smtp().ehloName());
        assertEquals(List.of("@example.org", "b@example.com"), egress.common().senders());
        assertEquals(new Common.Rate(30, Duration.ofMinutes(1)), egress.common().rate());
        assertEquals(Duration.ofMinutes(2), egress.common().answerTimeout());
    }

    @ParameterizedTest
    @CsvSource({
        "smtp://a.example, auto, OPTIONAL",
        "smtp://a.example/, auto, OPTIONAL",
        "SMTP://a.example:587, 587, OPTIONAL",
        "smtp://a.example:465, 465, REQUIRED",
        "smtp://a.example:2465, 2465, REQUIRED",
        "smtp://a.example:8465, 8465, REQUIRED",
        "smtp://me:x@a.example, auto, REQUIRED",
        "smtp://me:x@a.example:2525, 2525, REQUIRED",
        "smtp://me:x@localhost?tls=none, auto, NONE",
        "smtp://me:x@[::1]?tls=optional, auto, OPTIONAL",
        "smtp://a.example?tls=none, auto, NONE",
        "smtp://a.example:auto, auto, OPTIONAL",
        "smtps://a.example, 465, IMPLICIT",
        "smtps://me:x@a.example:2525, 2525, IMPLICIT",
        "smtps://me:x@a.example?tls=implicit, 465, IMPLICIT",
    })
    void portAndTls(String url, String port, Tls tls) {
        SmtpEgressConfig smtp = smtp(url).smtp();
        assertEquals(port, smtp.port().isPresent() ? "" + smtp.port().getAsInt() : "auto");
        assertEquals(tls, smtp.tls());
    }

    @Test
    void anIpv6HostStandsInBrackets() {
        assertEquals("2001:db8::1", smtp("smtp://[2001:db8::1]:587").smtp().host());
        assertEquals("2001:db8::1", smtp("smtp://[2001:db8::1]").smtp().host());
    }

    /// Many write a mail address as the user without encoding its at-sign.
    @Test
    void theLastAtSignEndsTheUser() {
        SmtpEgressConfig smtp = smtp("smtp://me@example.org:x@smtp.example.org").smtp();
        assertEquals("me@example.org", smtp.username());
        assertEquals("smtp.example.org", smtp.host());
    }

    /// Passwords as people write them, where the URL makes sense in one way only.
    @ParameterizedTest
    @CsvSource({
        "smtp://AKIA:abc/def+g=@smtp.example.org:587, AKIA, abc/def+g=",
        "smtp://user:my#secret@smtp.example.org:587, user, my#secret",
        "smtp://user:who?me@smtp.example.org, user, who?me",
        "smtp://user:a@b/c@smtp.example.org, user, a@b/c",
        "smtp://me@example.org:p/w@smtp.example.org, me@example.org, p/w",
        "smtp://u:a+b@smtp.example.org?ehlo-name=c+d, u, a+b"
    })
    void aPasswordMayStandAsItIs(String url, String user, String password) {
        SmtpEgressConfig smtp = smtp(url).smtp();

        assertEquals("smtp.example.org", smtp.host());
        assertEquals(user, smtp.username());
        assertEquals(password, revealed(smtp.password()));
    }

    /// What is right by RFC 3986 is read so, whatever else it might be.
    @Test
    void anAtSignInAParameterEndsNoUser() {
        EgressConfig.Smtp egress = smtp("smtp://u:p@a.example?senders=me@b.example");

        assertEquals("a.example", egress.smtp().host());
        assertEquals(List.of("me@b.example"), egress.common().senders());
    }

    @Test
    void aProvidersKeyMayStandAsItIs() {
        EgressConfig.Api egress =
                assertInstanceOf(EgressConfig.Api.class, one("sendgrid://SG.a/b+c=@"));

        assertEquals("SG.a/b+c=", egress.apiKey().reveal());
    }

    @ParameterizedTest
    @ValueSource(strings = {"sendgrid", "resend", "brevo", "postmark"})
    void aKeyIsEnoughForAnApi(String type) {
        EgressConfig.Api egress =
                assertInstanceOf(EgressConfig.Api.class, one(type + "://SG.k%2Fy+@"));
        assertEquals(type, egress.type());
        assertEquals(type, egress.name());
        assertEquals("SG.k/y+", egress.apiKey().reveal());
        assertNull(egress.common().endpoint());
        assertEquals(Duration.ofSeconds(60), egress.common().answerTimeout());
    }

    @Test
    void mailgunHasADomainAndMayHaveAnEndpoint() {
        EgressConfig.Mailgun egress =
                assertInstanceOf(
                        EgressConfig.Mailgun.class,
                        one("mailgun://k@mg.example.org?endpoint=https://api.eu.mailgun.net/"));
        assertEquals("mg.example.org", egress.domain());
        assertEquals("k", egress.apiKey().reveal());
        assertEquals(URI.create("https://api.eu.mailgun.net"), egress.common().endpoint());
    }

    @Test
    void aKeyMayStandInTheQuery() {
        EgressConfig.Mailgun egress =
                assertInstanceOf(
                        EgressConfig.Mailgun.class, one("mailgun://mg.example.org?api-key=k"));
        assertEquals("k", egress.apiKey().reveal());
    }

    @Test
    void sesWithAndWithoutCredentials() {
        EgressConfig.Ses chain = assertInstanceOf(EgressConfig.Ses.class, one("ses://eu-west-1"));
        assertEquals("eu-west-1", chain.region());
        assertNull(chain.accessKeyId());
        EgressConfig.Ses own =
                assertInstanceOf(
                        EgressConfig.Ses.class,
                        one("ses://AKIA:s%2Fk@us-east-1?endpoint=http://127.0.0.1:8005"));
        assertEquals("AKIA", revealed(own.accessKeyId()));
        assertEquals("s/k", revealed(own.secretAccessKey()));
        assertEquals(URI.create("http://127.0.0.1:8005"), own.common().endpoint());
    }

    @Test
    void namesComeFromFragmentsElseFromTypes() {
        List<EgressConfig> egress =
                list(
                        "smtp://a.example  brevo://k@\n\tsmtp://b.example#smtp-2 smtps://c.example"
                                + " smtp://d.example brevo://l@#x ");
        assertEquals(
                List.of("smtp", "brevo", "smtp-2", "smtp-3", "smtp-4", "x"),
                egress.stream().map(EgressConfig::name).toList());
    }

    @Test
    void theVariableReplacesTheFilesList() {
        Loading loading =
                new Loading()
                        .yaml("egress:\n  - {name: a, type: brevo, api-key: '${NOT_SET}'}\n")
                        .variable("POSTERN_EGRESS", "smtp://b.example");
        assertEquals("smtp", loading.egress().name());
    }

    @Test
    void theListMayStandInAFile() {
        Loading loading = new Loading().file("secrets/egress", "smtp://a.example\nbrevo://k@\n");
        loading.variable("POSTERN_EGRESS_FILE", "secrets/egress");
        assertEquals(2, loading.config().egress().size());
    }

    @Test
    void onlyWhiteSpaceIsNoEgress() {
        assertTrue(new Loading().variable("POSTERN_EGRESS", " \n").config().egress().isEmpty());
    }

    private static EgressConfig.Smtp smtp(String url) {
        return assertInstanceOf(EgressConfig.Smtp.class, one(url));
    }

    private static EgressConfig one(String url) {
        return new Loading().variable("POSTERN_EGRESS", url).egress();
    }

    private static List<EgressConfig> list(String urls) {
        return new Loading().variable("POSTERN_EGRESS", urls).config().egress();
    }

    private static String revealed(Secret secret) {
        return secret == null ? null : secret.reveal();
    }
}
