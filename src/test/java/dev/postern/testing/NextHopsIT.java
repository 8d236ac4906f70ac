package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// That the next hops are what the other tests take them for: they ask for AUTH under TLS, and show
/// exactly what they took.
class NextHopsIT {

    private static final String SENDER = "a@example.org";
    private static final String CONTENT =
            """
            From: a@example.org\r
            Bcc: c@example.net\r
            Message-ID: <1@example.org>\r
            Date: Sun, 22 Nov 2026 12:00:00 +0000\r
            Subject:  odd   \t spaces\r
            X-Folded: one\r
             \ttwo\r
            \r
            ..\r
            .dot\r
            \303\274 eight bits, and a long line: \
            """
                    + "x".repeat(990)
                    + "\r\n";

    @Test
    void eximTakesMailByStartTlsAndAuth(@TempDir Path directory) throws IOException {
        try (Exim exim = Exim.start(directory)) {
            int port = Integer.parseInt(exim.egress().replaceAll("(?s).*port: (\\d+).*", "$1"));
            assertNotEquals(0, swaks(port, "--tls").status(), "without AUTH");
            assertNotEquals(0, swaks(port, "--auth-user", "user").status(), "without TLS");
            swaks(port, authenticated("--tls")).expect(0);
            assertTaken(exim, HeaderSection.of(CONTENT));
        }
    }

    @Test
    void postfixTakesMailByImplicitTlsAndAuth(@TempDir Path directory) throws IOException {
        try (Postfix postfix = Postfix.start(directory)) {
            int port = Integer.parseInt(postfix.egress().replaceAll("(?s).*port: (\\d+).*", "$1"));
            assertNotEquals(0, swaks(port, "--tlsc").status(), "without AUTH");
            swaks(port, authenticated("--tlsc")).expect(0);
            assertTaken(postfix, HeaderSection.of(CONTENT));
        }
    }

    @Test
    void openSmtpdTakesMail(@TempDir Path directory) throws IOException {
        try (OpenSmtpd smtpd = OpenSmtpd.start(directory)) {
            int port = Integer.parseInt(smtpd.egress().replaceAll("(?s).*port: (\\d+).*", "$1"));
            swaks(port).expect(0);
            assertTaken(smtpd, HeaderSection.of(CONTENT).without("Bcc"));
        }
    }

    private static void assertTaken(NextHop hop, HeaderSection content) {
        Arrival arrival = hop.await(SENDER);
        assertEquals(Set.of("b@example.net", "c@example.net"), arrival.recipients());
        assertEquals(content, arrival.content());
        assertEquals(1, hop.arrivals().size());
    }

    private static String[] authenticated(String tls) {
        return new String[] {
            tls, "--auth", "PLAIN", "--auth-user", "user", "--auth-password", "secret"
        };
    }

    private static Commands.Result swaks(int port, String... more) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Programs.SWAKS.require().toString(),
                                "--server",
                                "localhost:" + port,
                                "--from",
                                SENDER,
                                "--to",
                                "b@example.net,c@example.net",
                                "--no-data-fixup",
                                "--data",
                                "-"));
        command.addAll(List.of(more));
        String stuffed = CONTENT.replace("\r\n.", "\r\n..") + ".";
        return Commands.run(
                new ProcessBuilder(command), stuffed.getBytes(StandardCharsets.ISO_8859_1));
    }
}
