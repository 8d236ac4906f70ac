package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Probe;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Certificates;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who gets the credentials: only a server whose certificate verified for the configured name.
@Timeout(60)
class TlsTest {

    private ScriptedServer server;

    @BeforeEach
    void start() throws IOException {
        server = ScriptedServer.start().offering("AUTH PLAIN LOGIN");
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    private static Outcome send(EgressSetup setup) {
        try (SmtpEgress egress = setup.build()) {
            return egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                    .outcomes()
                    .firstEntry()
                    .getValue();
        }
    }

    private EgressSetup loggingIn(Tls mode) {
        return EgressSetup.to(server).tls(mode).login("user", "word");
    }

    private void assertRefused(Fault fault, String words, Outcome outcome) {
        Outcome.Unavailable refused = assertInstanceOf(Outcome.Unavailable.class, outcome);
        assertEquals(words, refused.reply().replace("" + server.port(), "PORT"));
        assertEquals(fault, refused.fault());
        assertEquals(0, server.count("AUTH"), "no credentials were sent");
        assertEquals(0, server.messages().size());
    }

    private void serve(Tls mode, String key) {
        if (mode == Tls.IMPLICIT) {
            server.implicitTls(key);
        } else {
            server.startTls(key);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"REQUIRED", "IMPLICIT"})
    void aCertificateForAnotherNameIsRefused(Tls mode) {
        serve(mode, "other");
        assertRefused(
                Fault.CERTIFICATE,
                "certificate of localhost:PORT [127.0.0.1] is for vps-4711.other.example,"
                        + " mail.other.example (issued by Postern Test CA), not for localhost:"
                        + " set host or tls-name",
                send(loggingIn(mode)));
    }

    @ParameterizedTest
    @EnumSource(names = {"REQUIRED", "IMPLICIT"})
    void anotherServerInAProvidersPlaceIsAnInterception(Tls mode) {
        serve(mode, "other");
        EgressSetup setup = loggingIn(mode);
        setup.host = "smtp.gmail.com";
        assertRefused(
                Fault.INTERCEPTION,
                "intercepted by "
                        + (mode == Tls.IMPLICIT ? "vps-4711.other.example" : "scripted.example")
                        + ", which answers as smtp.gmail.com:PORT [127.0.0.1] with a certificate"
                        + " for vps-4711.other.example, mail.other.example; no credentials were"
                        + " sent to it",
                send(setup));
    }

    @ParameterizedTest
    @EnumSource(names = {"REQUIRED", "IMPLICIT"})
    void anExpiredCertificateIsRefused(Tls mode) {
        serve(mode, "expired");
        assertRefused(
                Fault.CERTIFICATE,
                "certificate of localhost:PORT [127.0.0.1] is expired or not yet valid:"
                        + " localhost (issued by Postern Test CA)",
                send(loggingIn(mode)));
    }

    @ParameterizedTest
    @EnumSource(names = {"REQUIRED", "IMPLICIT"})
    void aCertificateOfNobodyWeKnowIsRefused(Tls mode) {
        serve(mode, "stranger");
        assertRefused(
                Fault.CERTIFICATE,
                "certificate of localhost:PORT [127.0.0.1] is from an unknown issuer:"
                        + " Stranger (issued by Stranger)",
                send(loggingIn(mode)));
    }

    /// Java by itself takes the common name where no alternative name is one of a host.
    @ParameterizedTest
    @ValueSource(
            strings = {"", "subjectAltName=email:me@example.org", "subjectAltName=IP:127.0.0.1"})
    void aCommonNameNeverCounts(String extension, @TempDir Path folder) throws IOException {
        Certificates certificates = Certificates.withExtension(folder, extension);
        for (Tls mode : List.of(Tls.REQUIRED, Tls.IMPLICIT)) {
            try (ScriptedServer own = ScriptedServer.start().offering("AUTH PLAIN LOGIN")) {
                if (mode == Tls.IMPLICIT) {
                    own.implicitTls(certificates.server());
                } else {
                    own.startTls(certificates.server());
                }
                EgressSetup setup = EgressSetup.to(own).tls(mode).login("user", "word");
                setup.ca = certificates.ca();
                Outcome.Unavailable refused =
                        assertInstanceOf(Outcome.Unavailable.class, send(setup));
                assertEquals(Fault.CERTIFICATE, refused.fault());
                assertTrue(
                        refused.reply().contains("[127.0.0.1] has no subjectAltName for a host"),
                        refused.reply());
                assertEquals(0, own.count("AUTH"), "no credentials were sent");
            }
        }
    }

    @Test
    void aPrivateCaIsTrustedOnlyWhenConfigured() {
        server.startTls("localhost");
        EgressSetup setup = loggingIn(Tls.REQUIRED);
        assertInstanceOf(Outcome.Accepted.class, send(setup));
        setup.ca = null;
        Outcome.Unavailable refused = assertInstanceOf(Outcome.Unavailable.class, send(setup));
        assertEquals(Fault.CERTIFICATE, refused.fault());
    }

    @Test
    void theNameToVerifyCanBeConfigured() {
        server.startTls("other");
        EgressSetup setup = loggingIn(Tls.REQUIRED);
        setup.tlsName = "mail.other.example";
        assertInstanceOf(Outcome.Accepted.class, send(setup));
    }

    @Test
    void anAddressCanBeTheNameToVerify() {
        server.startTls("localhost");
        EgressSetup setup = loggingIn(Tls.REQUIRED);
        setup.host = "127.0.0.1";
        assertInstanceOf(Outcome.Accepted.class, send(setup));
    }

    @Test
    void theFileOfTrustAnchorsIsReadAgainWhenItChanges(@TempDir Path folder) throws IOException {
        server.startTls("localhost");
        Path ca = folder.resolve("ca.pem");
        EgressSetup setup = loggingIn(Tls.REQUIRED);
        setup.ca = ca;
        try (SmtpEgress egress = setup.build()) {
            Probe.Failed missing = assertInstanceOf(Probe.Failed.class, egress.probe());
            assertEquals(Fault.CERTIFICATE, missing.trouble().fault());
            Files.writeString(ca, "nonsense");
            assertInstanceOf(Probe.Failed.class, egress.probe());
            Files.copy(TestKeys.ca(), ca, StandardCopyOption.REPLACE_EXISTING);
            Files.setLastModifiedTime(ca, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
            assertInstanceOf(Probe.Passed.class, egress.probe());
        }
    }

    @Test
    void requiredTlsThatIsNotOfferedIsRefused() {
        assertRefused(
                Fault.TLS,
                "STARTTLS is not offered by localhost:PORT [127.0.0.1], and tls is required",
                send(loggingIn(Tls.REQUIRED)));
    }

    @Test
    void implicitTlsOnAPlainPortIsRefused() {
        assertRefused(
                Fault.TLS,
                "localhost:PORT [127.0.0.1] does not speak TLS on this port",
                send(loggingIn(Tls.IMPLICIT)));
    }

    @Test
    void noAuthOfferedWithCredentialsConfiguredIsRefused() {
        server.startTls("localhost").offering("SIZE");
        assertRefused(
                Fault.CREDENTIALS,
                "AUTH is not offered by localhost:PORT [127.0.0.1], though credentials are"
                        + " configured",
                send(loggingIn(Tls.REQUIRED)));
    }

    @Test
    void onlyMechanismsThatWeDontKnowIsRefused() {
        server.startTls("localhost").offering("AUTH XOAUTH2 CRAM-MD5");
        assertRefused(
                Fault.CREDENTIALS,
                "localhost:PORT [127.0.0.1] offers neither AUTH PLAIN nor AUTH LOGIN, only AUTH"
                        + " XOAUTH2 CRAM-MD5",
                send(loggingIn(Tls.REQUIRED)));
    }

    @Test
    void offersInClearTextDontCountInsideTls() {
        server.startTls("localhost").say("EHLO", "250-a\n250-STARTTLS\n250 AUTH PLAIN", "250 b");
        assertRefused(
                Fault.CREDENTIALS,
                "AUTH is not offered by localhost:PORT [127.0.0.1], though credentials are"
                        + " configured",
                send(loggingIn(Tls.REQUIRED)));
    }

    @Test
    void aSecondEhloThatFailsEndsIt() {
        server.startTls("localhost").say("EHLO", "250-a\n250-STARTTLS\n250 AUTH PLAIN", "451 no");
        assertRefused(Fault.SERVICE, "451 no", send(loggingIn(Tls.REQUIRED)));
    }

    @Test
    void optionalTlsTakesAnyCertificateAndGoesWithoutIfNoneIsOffered() {
        server.startTls("stranger");
        assertInstanceOf(Outcome.Accepted.class, send(EgressSetup.to(server).tls(Tls.OPTIONAL)));
        assertEquals(1, server.count("STARTTLS"));
    }

    @Test
    void noneNeverStartsTls() {
        server.startTls("stranger");
        assertInstanceOf(Outcome.Accepted.class, send(EgressSetup.to(server).tls(Tls.NONE)));
        assertEquals(0, server.count("STARTTLS"));
    }

    @Test
    void clearTextToLoopbackMayCarryCredentials() {
        assertInstanceOf(Outcome.Accepted.class, send(loggingIn(Tls.NONE)));
        assertEquals(1, server.count("AUTH PLAIN"));
    }

    @Test
    void refusedCredentialsAreNotInTheWords() {
        server.startTls("localhost").say("AUTH", "535 5.7.8 Authentication failed");
        Outcome.Unavailable refused =
                assertInstanceOf(Outcome.Unavailable.class, send(loggingIn(Tls.REQUIRED)));
        assertEquals(Fault.CREDENTIALS, refused.fault());
        assertFalse(refused.toString().contains("word"));
        assertTrue(refused.reply().startsWith("535 5.7.8"));
    }
}
