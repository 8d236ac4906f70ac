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
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdoptionTest {

    private static final int OUR_PORT = 2525;

    @ParameterizedTest(name = "{0}")
    @CsvFileSource(resources = "/config/adoption.txt", delimiter = '|', quoteCharacter = '"')
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
                "SMTP_ADDRESS=noreply@example.com",
                "EMAIL_HOST=smtp.a.test EMAIL_BACKEND=mail.backends.console.EmailBackend",
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
    void aLineBreakBehindAPasswordIsNotPartOfIt() {
        Adoption adoption =
                Adoption.of(
                                Map.of(
                                        "EMAIL_HOST", "smtp.a.test",
                                        "EMAIL_HOST_USER", "me",
                                        "EMAIL_HOST_PASSWORD", "pw\n"))
                        .orElseThrow();

        assertEquals("me:pw@smtp.a.test UNSAID", told(adoption.server()));
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

    @Test
    void whatTheAppUsedIsTheFirstCandidate() {
        assertEquals(
                List.of(new SubmissionPort(2465, true), new SubmissionPort(587, false)),
                candidates("SMTP_URL", "smtps://me:word@smtp.a.test:2465").subList(0, 2));
        assertEquals(
                new SubmissionPort(25, false),
                candidates("SMTP_URL", "smtp://me:word@smtp.a.test:25").getFirst());
        assertEquals(SubmissionPort.USUAL, candidates("SMTP_HOST", "smtp.a.test"));
    }

    private static List<SubmissionPort> candidates(String variable, String value) {
        PosternConfig config = new Loading().variable(variable, value).adopting().config();
        return ((EgressConfig.Smtp) config.egress().getLast()).smtp().candidates();
    }
}
