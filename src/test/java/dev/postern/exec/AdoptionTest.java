package dev.postern.exec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.EgressType;
import dev.postern.config.PosternConfig;
import dev.postern.config.Preset;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.config.load.Loaded;
import dev.postern.config.load.Loading;
import dev.postern.config.load.Sources;
import dev.postern.exec.AppConvention.Role;
import dev.postern.testing.Seeds;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdoptionTest {

    private static final int OUR_PORT = 2525;

    /// Values that the variables of any role may have, sense and nonsense.
    private static final List<String> VALUES =
            List.of(
                    "smtp.a.test",
                    "smtp.b.test:587",
                    "smtp://me:pw@smtp.a.test:587",
                    "smtps://b.test",
                    "null://null",
                    "sendgrid+api://KEY@default",
                    "failover(smtp://a.test smtp://b.test)",
                    "smtp",
                    "log",
                    "587",
                    "true",
                    "false",
                    "ssl",
                    "null",
                    "me@example.org",
                    "/run/secrets/smtp",
                    "/nowhere",
                    "a b");

    @ParameterizedTest(name = "{0}")
    @CsvFileSource(resources = "/config/adoption.txt", delimiter = '|', quoteCharacter = '`')
    void takesWhatTheAppHasAndPointsItHere(
            String variables, String server, String changes, String lines) {
        Adoption adoption = adoption(environment(variables));

        assertEquals(server, adoption.isFound() ? told(adoption.server()) : "-");
        assertEquals(Objects.requireNonNullElse(changes, ""), joined(adoption.pointedAt(OUR_PORT)));
        assertEquals(
                Objects.requireNonNullElse(lines, ""),
                adoption.adopted().remarks().stream()
                        .filter(line -> !line.startsWith("egress adopted comes from"))
                        .collect(Collectors.joining("; ")));
    }

    /// Java puts U+FFFD for octets that it can't read: nobody would log in with that.
    @Test
    void aVariableThatJavaCannotReadIsToldAndLeft() {
        Adoption adoption =
                adoption(
                        Map.of(
                                "EMAIL_HOST", "smtp.a.test",
                                "EMAIL_HOST_USER", "me",
                                "EMAIL_HOST_PASSWORD", "p\uFFFDss"));

        assertEquals("smtp.a.test UNSAID", told(adoption.server()));
        List<String> lines = adoption.adopted().remarks();
        assertTrue(
                lines.contains(
                        "EMAIL_HOST_PASSWORD is not used: it is no text in the locale's charset"),
                lines::toString);
        assertFalse(adoption.pointedAt(OUR_PORT).containsKey("EMAIL_HOST_PASSWORD"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"PATH=/bin", "EMAIL_HOST=", "MAIL_HOST=null"})
    void withoutSettingsThereIsNothingToTell(String variables) {
        Adoption adoption = adoption(environment(variables));

        assertFalse(adoption.isFound());
        assertEquals(List.of(), adoption.adopted().remarks());
    }

    /// Whatever is set of the variables that are known is used, rewritten or told.
    @Test
    void nothingThatIsSetIsPassedOverInSilence() {
        Seeds.forEach(
                2000,
                random -> {
                    Map<String, String> environment = new HashMap<>();
                    for (AppConvention convention : AppConvention.ALL) {
                        if (random.nextInt(2) == 0) {
                            for (String name : convention.variables()) {
                                if (random.nextInt(3) == 0) {
                                    environment.put(name, Seeds.oneOf(random, VALUES));
                                }
                            }
                        }
                    }
                    Adoption adoption = adoption(environment);
                    Set<String> known = new HashSet<>(adoption.pointedAt(OUR_PORT).keySet());
                    for (String line : adoption.adopted().remarks()) {
                        known.addAll(List.of(line.split("[^A-Z_]+")));
                    }
                    for (AppConvention convention : AppConvention.ALL) {
                        for (String name : convention.variables()) {
                            String value = environment.getOrDefault(name, "");
                            boolean silent =
                                    !convention.value(value).isEmpty() && !known.contains(name);
                            assertFalse(silent, () -> name + " of " + environment);
                        }
                    }
                });
    }

    /// No line shows a password or a key, wherever in the values it stands.
    @Test
    void noLineShowsASecret() {
        Seeds.forEach(
                2000,
                random -> {
                    Map<String, String> environment = new HashMap<>();
                    for (AppConvention convention : AppConvention.ALL) {
                        for (Role role : List.of(Role.URL, Role.PASSWORD, Role.USER, Role.HOST)) {
                            for (String name : convention.named(role)) {
                                String value = Seeds.oneOf(random, VALUES);
                                int at = value.indexOf("://") + 3;
                                String secret =
                                        value.substring(0, at) + "hunter2" + value.substring(at);
                                boolean file = role.mayBeInFile() && random.nextInt(3) == 0;
                                environment.put(file ? AppConvention.inFile(name) : name, secret);
                            }
                        }
                    }
                    adoption(environment)
                            .adopted()
                            .remarks()
                            .forEach(line -> assertFalse(line.contains("hunter2"), line));
                });
    }

    @Test
    void everyProvidersServerIsAmongThePresets() {
        for (AppProvider provider : AppProvider.ALL) {
            assertTrue(Preset.of(provider.host(null)).isPresent(), provider.name());
            assertTrue(Preset.of(provider.host("eu")).isPresent(), provider.name());
        }
    }

    @Test
    void aLineBreakBehindAPasswordIsNotPartOfIt() {
        Adoption adoption =
                adoption(
                        Map.of(
                                "EMAIL_HOST", "smtp.a.test",
                                "EMAIL_HOST_USER", "me",
                                "EMAIL_HOST_PASSWORD", "pw\n"));

        assertEquals("me:pw@smtp.a.test UNSAID", told(adoption.server()));
    }

    @Test
    void anApisKeyMakesAnEgressOfItsType() {
        PosternConfig config =
                new Loading()
                        .variable("MAILER_DSN", "sendgrid+api://SG.k@default")
                        .adopting()
                        .config();

        EgressConfig.Api adopted = (EgressConfig.Api) config.egress().getLast();
        assertEquals("adopted", adopted.name());
        assertEquals("sendgrid", adopted.type());
        assertEquals("SG.k", adopted.apiKey().reveal());
    }

    @Test
    void whatIsNotAdoptedIsToldWhenTheConfigurationIsLoaded() {
        Loaded.Valid loaded =
                new Loading().variable("MAILER_DSN", "null://null").adopting().valid();

        assertTrue(loaded.remarks().getLast().startsWith("MAILER_DSN does not send by SMTP"));
        assertEquals(List.of(), loaded.config().egress());
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
    void whatIsAdoptedDoesNotShowItsPassword() {
        Loading loading =
                new Loading()
                        .variable("EMAIL_HOST", "smtp.a.test")
                        .variable("EMAIL_HOST_USER", "me")
                        .variable("EMAIL_HOST_PASSWORD", "open-sesame");
        Sources.Adopted adopted = Adoption.of(loading.sources()).adopted();

        assertEquals("open-sesame", adopted.egress().get("password"));
        assertFalse(adopted.toString().contains("open-sesame"), adopted.toString());
        assertTrue(adopted.toString().contains("password"), adopted.toString());
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
                .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1].replace('~', ' ')));
    }

    private static Adoption adoption(Map<String, String> environment) {
        Loading loading = new Loading().file("/run/secrets/smtp", "from-file\n");
        environment.forEach(loading::variable);
        return Adoption.of(loading.sources());
    }

    private static String told(AppServer server) {
        if (server.type() != EgressType.SMTP) {
            return server.type().word()
                    + server.keys().entrySet().stream()
                            .map(key -> " " + key)
                            .collect(Collectors.joining());
        }
        String name = server.keys().get("username");
        String user = name == null ? "" : name + ":" + server.keys().get("password") + "@";
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
    void onlyWhatIsUsedIsNamedAsTheSource() {
        Adoption adoption =
                adoption(
                        environment(
                                "EMAIL_HOST=m.test EMAIL_HOST_USER=d EMAIL_HOST_PASSWORD=p"
                                        + " MAIL_MAILER=smtp MAIL_HOST=m.test MAIL_PORT=587"
                                        + " MAIL_USERNAME=l MAIL_PASSWORD=q"));

        assertEquals(
                "egress adopted comes from EMAIL_HOST, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD,"
                        + " MAIL_HOST, MAIL_PORT, MAIL_MAILER",
                adoption.adopted().remarks().getFirst());
    }

    @Test
    void whatTheAppUsedIsTheFirstCandidate() {
        assertEquals(
                List.of(new SubmissionPort(2465, true), new SubmissionPort(587, false)),
                candidates("SMTP_URL", "smtps://me:word@smtp.a.test:2465").subList(0, 2));
        assertEquals(
                new SubmissionPort(25, false),
                candidates("SMTP_URL", "smtp://me:word@smtp.a.test:25").getFirst());
        assertEquals(
                new SubmissionPort(465, true),
                candidates("SMTP_URL", "smtp://me:word@smtp.a.test:465?encryption=tls").getFirst());
        assertEquals(SubmissionPort.USUAL, candidates("SMTP_HOST", "smtp.a.test"));
    }

    private static List<SubmissionPort> candidates(String variable, String value) {
        PosternConfig config = new Loading().variable(variable, value).adopting().config();
        return ((EgressConfig.Smtp) config.egress().getLast()).smtp().candidates();
    }
}
