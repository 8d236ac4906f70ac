package dev.postern.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.Preset.SteeringFields;
import dev.postern.config.load.ConfigShow;
import dev.postern.config.load.Loading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is known of providers, and what the configuration makes of it.
class PresetTest {

    private static final Path DOCUMENT = Path.of("docs/providers.md");

    private static EgressConfig.Smtp smtp(String keys) {
        String yaml = "egress:\n  - {name: a, type: smtp, " + keys + "}\n";
        return (EgressConfig.Smtp) new Loading().yaml(yaml).valid().config().egress().getFirst();
    }

    @ParameterizedTest
    @CsvSource({
        "smtp.gmail.com, smtp.gmail.com, true",
        "SMTP.GMAIL.COM., mx.google.com, true",
        "smtp.gmail.com, vps.example.net, false",
        "smtp.gmail.com, notgmail.com, false",
        "smtp.office365.com, AM0PR02CA0001.outlook.office365.com, true",
        "email-smtp.eu-west-1.amazonaws.com, email-smtp.amazonaws.com, true",
        "ex4.mail.ovh.net, ex4.mail.ovh.net, true",
        "mail55.lwspanel.com, mail55.lwspanel.com, true",
    })
    void aProvidersServersAreKnownByTheirNames(String host, String name, boolean own) {
        assertEquals(own, Preset.of(host).orElseThrow().owns(name));
    }

    @ParameterizedTest
    @CsvSource({
        "localhost",
        "smtp.example.org",
        "gmail.com",
        "xsmtp.gmail.com",
        "email-smtp.a.b.amazonaws.com",
        "smtp.gmail.com.example.org"
    })
    void othersAreNot(String host) {
        assertTrue(Preset.of(host).isEmpty());
    }

    @Test
    void everyHostOfTheTableIsItsOwnPresetAndOwnsItself() {
        for (Preset preset : Preset.all()) {
            assertFalse(preset.source().isBlank());
            hosts(preset).stream()
                    .map(host -> host.replace("*", "x1"))
                    .forEach(host -> {
                        assertEquals(preset, Preset.of(host).orElseThrow(), host);
                        assertTrue(preset.owns(host), host);
                    });
        }
    }

    @Test
    void limitsHoldWhereTheUserSetsNone() {
        Common common = smtp("host: smtp.office365.com").common();
        assertEquals(3, common.concurrency());
        assertEquals(new Common.Rate(30, Duration.ofMinutes(1)), common.rate());
        assertEquals(10_000, common.quota().messages());
        Common own =
                smtp("host: smtp.office365.com, concurrency: 8, rate: null, quota: 5/d").common();
        assertEquals(8, own.concurrency());
        assertNull(own.rate());
        assertEquals(5, own.quota().messages());
        assertEquals(8, smtp("host: smtp.example.org").common().concurrency());
    }

    @Test
    void theProvidersAlternatesComeAfterTheUsualPorts() {
        assertEquals(List.of(587, 465, 2525), ports(smtp("host: smtp.gmail.com")));
        EgressConfig.Smtp ses = smtp("host: email-smtp.eu-west-1.amazonaws.com");
        assertEquals(List.of(587, 465, 2525, 2587, 2465), ports(ses));
        assertTrue(ses.smtp().candidates().getLast().implicitTls());
        assertFalse(ses.smtp().candidates().getFirst().implicitTls());
    }

    private static List<Integer> ports(EgressConfig.Smtp egress) {
        return egress.smtp().candidates().stream().map(SubmissionPort::port).toList();
    }

    @Test
    void aFirstCandidateGoesBeforeAllAndStandsOnce() {
        SmtpEgressConfig smtp = smtp("host: smtp.example.org").smtp();
        SubmissionPort known = new SubmissionPort(465, true);
        SubmissionPort other = new SubmissionPort(26, false);
        assertEquals(
                List.of(465, 587, 2525),
                smtp.withFirst(known).candidates().stream().map(SubmissionPort::port).toList());
        assertEquals(other, smtp.withFirst(other).candidates().getFirst());
        assertEquals(4, smtp.withFirst(other).candidates().size());
    }

    @Test
    void whatIsShownNamesThePresetAsSource() {
        String shown =
                ConfigShow.render(
                        new Loading()
                                .variable("POSTERN_EGRESS", "smtp://u:p@smtp.office365.com")
                                .valid());
        assertTrue(
                shown.lines()
                        .anyMatch(line ->
                                line.matches(" *concurrency: 3 +# preset smtp.office365.com")),
                shown);
        assertTrue(
                shown.lines()
                        .anyMatch(line -> line.matches(" *rate: 30/m +# preset .*office365.com")),
                shown);
    }

    /// Rewrites the document with `-Dupdate=docs`.
    @Test
    void theDocumentIsUpToDate() throws IOException {
        String wanted = document();
        if (System.getProperty("update", "").equals("docs")) {
            Files.writeString(DOCUMENT, wanted);
        }
        assertEquals(
                wanted, Files.readString(DOCUMENT), "mvn -q test -Dtest=PresetTest -Dupdate=docs");
    }

    private static String document() {
        List<String> lines = new ArrayList<>();
        lines.add("# Known submission servers");
        lines.add("");
        lines.add("What holds for these hosts where the configuration sets nothing.");
        lines.add(
                "Beside the ports listed, `port: auto` tries "
                        + join(SubmissionPort.USUAL)
                        + " at every host");
        lines.add("(`/tls`: TLS from the first octet). Made from `presets.txt` by PresetTest.");
        lines.add("");
        lines.add("| host | more ports | concurrency | rate | quota | calls itself |");
        lines.add("| --- | --- | --- | --- | --- | --- |");
        for (Preset preset : Preset.all()) {
            lines.add(
                    "| %s | %s | %s | %s | %s | %s |"
                            .formatted(
                                    String.join(", ", hosts(preset)),
                                    join(preset.alternates()),
                                    text(preset.concurrency()),
                                    text(preset.rate()),
                                    text(preset.quota()),
                                    String.join(", ", preset.domains())));
        }
        lines.add("");
        lines.add("# Steering fields");
        lines.add("");
        lines.add("Header fields by which apps steer a provider. They go by its own API and");
        lines.add("servers, and by smtp egresses whose host stands in no table here, since a");
        lines.add("company's relay may pass them on; by every other egress they don't, and the");
        lines.add("attempt's `not-carried` says so.");
        lines.add("That is a change that every fidelity permits.");
        lines.add("");
        lines.add("| provider | its servers | fields |");
        lines.add("| --- | --- | --- |");
        for (SteeringFields.Row row : SteeringFields.all()) {
            lines.add(
                    "| %s | %s | %s |"
                            .formatted(
                                    row.type(),
                                    row.domain().equals("-") ? "" : row.domain(),
                                    String.join(", ", row.fields())));
        }
        return String.join("\n", lines) + "\n";
    }

    @Test
    void theRootsDotMakesNoOtherHost() {
        assertEquals(Set.of("sendgrid", "known"), Preset.words("smtp.sendgrid.net"));
        assertEquals(Set.of("sendgrid", "known"), Preset.words("SMTP.sendgrid.net."));
        assertEquals(Set.of(), Preset.words("sendgrid.net.example.org."));
    }

    private static List<String> hosts(Preset preset) {
        return preset.hosts().stream()
                .map(each -> each.pattern().replace("\\.", ".").replace("[^.]+", "*"))
                .toList();
    }

    private static String join(List<SubmissionPort> ports) {
        return ports.stream().map(SubmissionPort::toString).collect(Collectors.joining(", "));
    }

    private static String text(String known) {
        return known == null ? "" : known;
    }
}
