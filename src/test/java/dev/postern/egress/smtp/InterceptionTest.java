package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.CommitGate;
import dev.postern.egress.smtp.ServerCheck.Interception;
import dev.postern.outcome.CertificateRefused;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.UpstreamReply;
import dev.postern.testing.Mail;
import dev.postern.testing.ScriptedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Who is taken for a stranger in a server's place, and who is not.
@Timeout(60)
class InterceptionTest {

    private static final String OWN_NAME = "vps-4711.host.example";
    private static final InetAddress FAR = InetAddress.ofLiteral("192.0.2.25");
    private static final String ISSUER = "PKIX path building failed";
    private static final String OTHER_NAME = "No subject alternative DNS name matching";
    private static final String EXPIRED = "validity check failed";

    private static @Nullable UpstreamReply reply(@Nullable String text) {
        return text == null ? null : UpstreamReply.parse(text);
    }

    private static @Nullable String judge(
            String host,
            InetAddress address,
            @Nullable String greeting,
            @Nullable String ehlo,
            List<String> names,
            @Nullable String distrust) {
        Context context =
                Context.ofSmtp(Stage.TLS, host, host + ":587 [192.0.2.25]", Duration.ZERO);
        Verdict doubt = null;
        if (distrust != null) {
            CertificateException cause = new CertificateException(distrust);
            String presented = String.join(", ", names);
            doubt = Trouble.ofFailure(context, new CertificateRefused(presented, names, cause));
        }
        Answer answer = new Answer(reply(greeting), reply(ehlo), names, doubt);
        Verdict verdict = new Interception(host, host, OWN_NAME).verdict(context, address, answer);
        if (verdict == null) {
            return null;
        }
        assertEquals(
                Fault.INTERCEPTION,
                assertInstanceOf(Outcome.Unavailable.class, verdict.outcome()).fault());
        return verdict.outcome().reply();
    }

    @Test
    void theNameAndTheSoftwareOfTheStrangerAreTold() {
        assertEquals(
                "intercepted by server-9.bikiran.net (Exim 4.95), which answers as"
                        + " smtp.gmail.com:587 [192.0.2.25] with a certificate for"
                        + " server-9.bikiran.net; no credentials were sent to it",
                judge(
                        "smtp.gmail.com",
                        FAR,
                        "220-server-9.bikiran.net ESMTP Exim 4.95 #2 Wed, 04 Jan 2023 09:01:33\n"
                                + "220-We do not authorize the use of this system\n"
                                + "220 and/or bulk e-mail.",
                        "250 server-9.bikiran.net Hello",
                        List.of("server-9.bikiran.net"),
                        ISSUER));
    }

    @ParameterizedTest
    @CsvSource({
        "smtp.gmail.com,     vps.example.net, " + ISSUER + ", true",
        "smtp.gmail.com,     smtp.gmail.com, " + ISSUER + ", true",
        "smtp.gmail.com,     vps.example.net, " + OTHER_NAME + ", true",
        "smtp.gmail.com,     vps.example.net, " + EXPIRED + ", true",
        // The provider's own: a clock that is wrong, or the wrong one of its names.
        "smtp.gmail.com,     smtp.gmail.com, " + EXPIRED + ", false",
        "smtp.mail.ovh.net,  ssl0.ovh.net, " + OTHER_NAME + ", false",
        // Shared hosting.
        "mail.customer.example, mail55.lwspanel.com, " + OTHER_NAME + ", false",
        "mail.customer.example, vps.example.net, " + ISSUER + ", false",
        // This machine's own server.
        "mail.customer.example, " + OWN_NAME + ", " + ISSUER + ", true",
        "mail.customer.example, VPS-4711.host.example, " + OTHER_NAME + ", true",
    })
    void aCertificateTells(String host, String name, String distrust, boolean intercepted) {
        assertEquals(intercepted, judge(host, FAR, null, null, List.of(name), distrust) != null);
    }

    @ParameterizedTest
    @CsvSource({
        "smtp.gmail.com,        220 smtp.gmail.com ESMTP x - gsmtp, false",
        "smtp.gmail.com,        220 mx.google.com ESMTP, false",
        "smtp.gmail.com,        220 vps.example.net ESMTP Exim 4.96, true",
        "smtp.office365.com,    220 AM0.outlook.office365.com Microsoft ESMTP MAIL, false",
        "smtp.sendgrid.net,     220 SG ESMTP service ready at geopod-1, false",
        "smtp.mailgun.org,      220 ak47 ESMTP ready, false",
        "smtp.mandrillapp.com,  220 ip-10-0-0-1.ec2.internal ESMTP, false",
        "smtp.gmail.com,        421 4.7.0 [192.0.2.1 15] Try again later, false",
        "mail.customer.example, 220 mail55.lwspanel.com ESMTP, false",
        "mail.customer.example, 220 " + OWN_NAME + " ESMTP Postfix, true",
    })
    void inTheClearTheNamesSpokenTell(String host, String greeting, boolean intercepted) {
        String words = judge(host, FAR, greeting, null, List.of(), null);
        assertEquals(intercepted, words != null, words);
    }

    @Test
    void whoAsksForThisMachineGetsIt() {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        String greeting = "220 " + OWN_NAME + " ESMTP Postfix";
        assertNull(judge("mail.host.example", loopback, greeting, null, List.of(), null));
    }

    @Test
    void nothingSaidIsNoSign() {
        assertNull(judge("smtp.gmail.com", FAR, null, null, List.of(), null));
    }

    private static Outcome.Unavailable send(EgressSetup setup) {
        try (SmtpEgress egress = setup.build()) {
            return assertInstanceOf(
                    Outcome.Unavailable.class,
                    egress.send(Mail.to("b@example.net"), CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue());
        }
    }

    /// Without credentials, so that TLS need not verify: the mail is not given away all the same.
    @ParameterizedTest
    @EnumSource(names = {"OPTIONAL", "NONE"})
    void withoutVerificationTheBannerIsHeeded(Tls tls) throws IOException {
        try (ScriptedServer server = ScriptedServer.start().startTls("stranger")) {
            server.say("GREETING", "220 vps.example.net ESMTP Exim 4.96", "220 x.example.net");
            EgressSetup fixed = EgressSetup.to(server).tls(tls);
            fixed.host = "smtp.gmail.com";
            Outcome.Unavailable refused = send(fixed);
            assertEquals(Fault.INTERCEPTION, refused.fault());
            assertTrue(
                    refused.reply().startsWith("intercepted by vps.example.net (Exim 4.96)"),
                    refused.reply());
            EgressSetup auto = EgressSetup.to(server).auto(server.port()).tls(tls);
            auto.host = "smtp.gmail.com";
            assertEquals(Fault.INTERCEPTION, send(auto).fault());
            assertEquals(0, server.count("MAIL"));
        }
    }

    @Test
    void aStrangerWithoutTlsIsNamedToo() throws IOException {
        try (ScriptedServer server = ScriptedServer.start().offering("AUTH PLAIN")) {
            server.say("GREETING", "220 vps.example.net ESMTP Exim 4.96");
            EgressSetup setup = EgressSetup.to(server).tls(Tls.REQUIRED).login("me", "word");
            setup.host = "smtp.gmail.com";
            Outcome.Unavailable refused = send(setup);
            assertEquals(Fault.INTERCEPTION, refused.fault());
            assertNotNull(refused.reply());
            assertEquals(0, server.count("AUTH"));
        }
    }
}
