package dev.postern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.doctor.EgressReport;
import dev.postern.doctor.EgressReport.Step;
import dev.postern.doctor.EgressReport.StepEnd;
import dev.postern.doctor.EgressReport.StepKind;
import dev.postern.doctor.EgressReport.Works;
import dev.postern.doctor.Report;
import dev.postern.doctor.Report.Finding;
import dev.postern.doctor.ReportJson;
import dev.postern.doctor.Reports;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The diagnosis as people and machines read it.
class DoctorTextTest {

    private static final String LONG_WORDS =
            "535 5.7.8 Username and Password not accepted. For more information, go to the page"
                    + " about it";

    private static final EgressReport GMAIL =
            new EgressReport(
                    "gmail",
                    "smtp",
                    "smtp.gmail.com",
                    Works.NO,
                    LONG_WORDS,
                    List.of(
                            new Step(
                                    StepKind.TCP,
                                    "587 IPv4",
                                    StepEnd.OK,
                                    "open 192.0.2.1",
                                    Duration.ofMillis(40)),
                            new Step(
                                    StepKind.AUTH,
                                    "log-in",
                                    StepEnd.FAILED,
                                    LONG_WORDS,
                                    Duration.ofMillis(1234))),
                    List.of(new Finding("gmail-app-password", "Gmail refuses it", "make another")));

    @Test
    void aTableForPeople() {
        assertEquals(
                """
                platform a plain host, Debian GNU/Linux 12, no container, as root

                gmail (smtp, smtp.gmail.com)  does not work
                  tcp       587 IPv4  ok       0.04 s  open 192.0.2.1
                  auth      log-in    failed   1.23 s  535 5.7.8 Username and
                                                       Password not accepted. For
                                                       more information, go to the
                                                       page about it
                  => Gmail refuses it
                     do: make another

                verdict  mail cannot leave: gmail does not work
                examined in 1.5 s
                """,
                text(Reports.of(List.of(GMAIL), List.of()), 66, false));
    }

    @ParameterizedTest
    @ValueSource(ints = {60, 80, 100, 200})
    void noLineIsWiderThanItMayBe(int width) {
        text(Reports.of(List.of(GMAIL), List.of()), width, false)
                .lines()
                .forEach(line -> assertTrue(line.length() <= width, line));
    }

    @Test
    void colourIsForTerminalsAndWhatComesFromAfarCannotBringAny() {
        Report report = Reports.of(List.of(GMAIL), List.of());
        assertTrue(text(report, 80, true).contains("\u001b[31mfailed\u001b[0m"));
        EgressReport hostile =
                new EgressReport(
                        "x",
                        "smtp",
                        "h\u001b[2Jost",
                        Works.NO,
                        "",
                        List.of(),
                        List.of(new Finding("f", "says \u001b[31mred", "\u0007 bell")));
        String printed = text(Reports.of(List.of(hostile), List.of()), 80, false);
        assertFalse(printed.contains("\u001b") || printed.contains("\u0007"), printed);
    }

    @Test
    void wellKnownWaysTakeALineEach() {
        EgressReport open =
                new EgressReport(
                        "api.resend.com",
                        "resend",
                        "api.resend.com",
                        Works.YES,
                        "open: 443",
                        List.of(),
                        List.of());
        String printed = text(Reports.of(List.of(), List.of(GMAIL, open)), 100, false);
        assertTrue(printed.contains("  SMTP   smtp.gmail.com  closed  535 5.7.8"), printed);
        assertTrue(printed.contains("  HTTPS  api.resend.com  open    443\n"), printed);
        assertTrue(printed.contains("  => Gmail refuses it"), printed);
        assertTrue(printed.contains("next     "), printed);
    }

    @Test
    void machinesGetOneLine() {
        String json = ReportJson.of(Reports.of(List.of(GMAIL), List.of()));
        assertEquals(1, json.lines().count());
        assertTrue(json.contains("\"works\":\"no\""), json);
        assertTrue(
                json.contains(
                        "{\"step\":\"tcp\",\"target\":\"587 IPv4\",\"result\":\"ok\","
                                + "\"detail\":\"open 192.0.2.1\",\"seconds\":0.04}"),
                json);
    }

    private static String text(Report report, int width, boolean colours) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, UTF_8);
        Terminal terminal = new Terminal(InputStream.nullInputStream(), stream, stream);
        new DoctorText(terminal, width, colours).print(report);
        return out.toString(UTF_8);
    }
}
