package dev.postern.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdoptionTest {

    private static final int OUR_PORT = 2525;

    /// Each line: the app's variables, the server that they name, the variables that change.
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "EMAIL_HOST=smtp.gmail.com EMAIL_PORT=587 EMAIL_HOST_USER=me EMAIL_HOST_PASSWORD=pw"
                        + " EMAIL_USE_TLS=True"
                        + "| me:pw@smtp.gmail.com:587 STARTTLS"
                        + "| EMAIL_HOST=127.0.0.1 EMAIL_PORT=2525 EMAIL_USE_TLS=False",
                "EMAIL_HOST=smtp.a.test EMAIL_USE_SSL=1"
                        + "| smtp.a.test IMPLICIT"
                        + "| EMAIL_HOST=127.0.0.1 EMAIL_PORT=2525 EMAIL_USE_SSL=0",
                "EMAIL_URL=smtp+tls://me%40a.test:p%2Fw@smtp.a.test:587"
                        + "| me@a.test:p/w@smtp.a.test:587 STARTTLS"
                        + "| EMAIL_URL=smtp://me%40a.test:p%2Fw@127.0.0.1:2525",
                "SMTP_HOST=smtp.a.test SMTP_PORT=465 SMTP_USER=me SMTP_PASS=pw SMTP_SECURE=true"
                        + "| me:pw@smtp.a.test:465 IMPLICIT"
                        + "| SMTP_HOST=127.0.0.1 SMTP_PORT=2525 SMTP_SECURE=false",
                "SMTP_HOST=smtp.a.test SMTP_SECURE=false"
                        + "| smtp.a.test UNSAID"
                        + "| SMTP_HOST=127.0.0.1 SMTP_PORT=2525",
                "SMTP_ADDRESS=smtp.a.test SMTP_PORT=587 SMTP_USER_NAME=me SMTP_PASSWORD=pw"
                        + " SMTP_ENABLE_STARTTLS_AUTO=true"
                        + "| me:pw@smtp.a.test:587 STARTTLS"
                        + "| SMTP_ADDRESS=127.0.0.1 SMTP_ENABLE_STARTTLS_AUTO=false"
                        + " SMTP_PORT=2525",
                "SMTP_URL=smtps://me:pw@smtp.a.test"
                        + "| me:pw@smtp.a.test IMPLICIT"
                        + "| SMTP_URL=smtp://me:pw@127.0.0.1:2525",
                "SMTP_HOST=smtp.a.test SMTP_SECURITY=force_tls"
                        + "| smtp.a.test IMPLICIT"
                        + "| SMTP_HOST=127.0.0.1 SMTP_PORT=2525 SMTP_SECURITY=off",
                "MAIL_MAILER=smtp MAIL_HOST=smtp.a.test MAIL_PORT=587 MAIL_USERNAME=me"
                        + " MAIL_PASSWORD=pw MAIL_ENCRYPTION=tls"
                        + "| me:pw@smtp.a.test:587 STARTTLS"
                        + "| MAIL_ENCRYPTION= MAIL_HOST=127.0.0.1 MAIL_PORT=2525",
                "MAIL_HOST=smtp.a.test MAIL_SCHEME=smtps"
                        + "| smtp.a.test IMPLICIT"
                        + "| MAIL_HOST=127.0.0.1 MAIL_PORT=2525 MAIL_SCHEME=smtp",
                "MAILER_DSN=smtps://me:pw@smtp.a.test:465?verify_peer=0&encryption=ssl"
                        + "| me:pw@smtp.a.test:465 IMPLICIT"
                        + "| MAILER_DSN=smtp://me:pw@127.0.0.1:2525?verify_peer=0",
                "SPRING_MAIL_HOST=smtp.a.test SPRING_MAIL_PORT=587 SPRING_MAIL_USERNAME=me"
                        + " SPRING_MAIL_PASSWORD=pw"
                        + " SPRING_MAIL_PROPERTIES_MAIL_SMTP_STARTTLS_REQUIRED=true"
                        + "| me:pw@smtp.a.test:587 STARTTLS"
                        + "| SPRING_MAIL_HOST=127.0.0.1 SPRING_MAIL_PORT=2525"
                        + " SPRING_MAIL_PROPERTIES_MAIL_SMTP_STARTTLS_REQUIRED=false",
                "EMAIL_SERVER=smtp://me:p%w@smtp.a.test:587"
                        + "| me:p%w@smtp.a.test:587 UNSAID"
                        + "| EMAIL_SERVER=smtp://me:p%w@127.0.0.1:2525",
                "EMAIL_SERVER_HOST=smtp.a.test EMAIL_SERVER_PORT=25"
                        + "| smtp.a.test:25 UNSAID"
                        + "| EMAIL_SERVER_HOST=127.0.0.1 EMAIL_SERVER_PORT=2525",
            })
    void takesWhatTheAppHasAndPointsItHere(String variables, String server, String changes) {
        Adoption adoption = Adoption.of(environment(variables)).orElseThrow();

        assertEquals(server, told(adoption.server()));
        assertEquals(changes, joined(adoption.pointedAt(OUR_PORT)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PATH=/bin",
                "EMAIL_HOST=",
                "EMAIL_HOST=smtp.a.test EMAIL_BACKEND=django.core.mail.backends.console.EmailBackend",
                "MAIL_MAILER=log MAIL_HOST=smtp.a.test",
                "MAILER_DSN=null://null",
                "MAILER_DSN=sendgrid+api://KEY@default",
                "EMAIL_URL=consolemail://",
                "EMAIL_SERVER=nothing"
            })
    void takesNothingWhereTheAppHasNoServer(String variables) {
        assertEquals(Optional.empty(), Adoption.of(environment(variables)));
    }

    @Test
    void settingsOfOneServerGoTogether() {
        Adoption adoption =
                Adoption.of(
                                environment(
                                        "EMAIL_HOST=smtp.a.test EMAIL_HOST_USER=me"
                                                + " SMTP_HOST=SMTP.a.test MAIL_HOST=mail.b.test"))
                        .orElseThrow();

        assertEquals(
                "EMAIL_HOST=127.0.0.1 EMAIL_PORT=2525 SMTP_HOST=127.0.0.1 SMTP_PORT=2525",
                joined(adoption.pointedAt(OUR_PORT)));
        String left = adoption.remarks().getLast();
        assertTrue(left.contains("MAIL_HOST") && left.contains("EMAIL_HOST"), left);
    }

    @Test
    void theAdoptedEgressIsTheLastAndSparesTheConventionalOnes() {
        Loading loading =
                new Loading()
                        .variable("RESEND_API_KEY", "re_secret")
                        .variable("EMAIL_HOST", "smtp.a.test")
                        .variable("EMAIL_PORT", "587")
                        .variable("EMAIL_HOST_USER", "me")
                        .variable("EMAIL_HOST_PASSWORD", "pw");

        PosternConfig config = loading.adopting().config();

        assertEquals(
                List.of("resend", "adopted"),
                config.egress().stream().map(EgressConfig::name).toList());
        SmtpEgressConfig adopted = ((EgressConfig.Smtp) config.egress().getLast()).smtp();
        assertEquals("smtp.a.test", adopted.host());
        assertEquals(OptionalInt.empty(), adopted.port());
        assertEquals(SmtpEgressConfig.Tls.REQUIRED, adopted.tls());
        assertEquals("me", adopted.username());
    }

    @Test
    void aServerOnThisMachineIsReachedByItsOwnPort() {
        PosternConfig config = new Loading().variable("SMTP_HOST", "localhost").adopting().config();

        SmtpEgressConfig adopted = ((EgressConfig.Smtp) config.egress().getLast()).smtp();
        assertEquals(OptionalInt.of(25), adopted.port());
        assertFalse(adopted.tls() == SmtpEgressConfig.Tls.REQUIRED);
    }

    private static Map<String, String> environment(String variables) {
        return Arrays.stream(variables.strip().split(" "))
                .map(pair -> pair.split("=", 2))
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1]));
    }

    private static String told(AppServer server) {
        String user = server.user() == null ? "" : server.user() + ":" + server.password() + "@";
        String port = server.port().isPresent() ? ":" + server.port().getAsInt() : "";
        return user + server.host() + port + " " + server.protection();
    }

    private static String joined(Map<String, String> changes) {
        return new TreeMap<>(changes)
                .entrySet().stream()
                        .map(change -> change.getKey() + "=" + change.getValue())
                        .collect(Collectors.joining(" "));
    }
}
