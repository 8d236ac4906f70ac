package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.CommitGate;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Exim;
import dev.postern.testing.Mail;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The story that the project began with: a real Exim with a certificate of its own answers for
/// smtp.gmail.com.
@Timeout(120)
class InterceptionIT {

    @TempDir Path folder;

    private static EgressSetup towards(Exim exim) {
        EgressSetup setup = EgressSetup.to(1).tls(Tls.REQUIRED).login("user", "secret");
        setup.host = "smtp.gmail.com";
        setup.candidates =
                List.of(
                        new SubmissionPort(exim.submissionPort(), false),
                        new SubmissionPort(exim.tlsPort(), true));
        setup.port = OptionalInt.empty();
        return setup;
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

    @Test
    void theEximThatAnswersForGmailIsNamedAndNeverSeesAuth() throws IOException {
        try (Exim exim = Exim.start(folder)) {
            Outcome.Unavailable raced = send(towards(exim));
            EgressSetup fixed = towards(exim);
            fixed.port = OptionalInt.of(exim.submissionPort());
            Outcome.Unavailable dialed = send(fixed);
            for (Outcome.Unavailable refused : List.of(raced, dialed)) {
                assertEquals(Fault.INTERCEPTION, refused.fault());
                assertTrue(
                        refused.reply()
                                .matches("(?s)intercepted by exim\\.example\\.com \\(Exim 4\\..*"),
                        refused.reply());
            }
            String log = exim.trouble();
            assertTrue(log.contains("exim"), "the log is there: " + log);
            assertFalse(log.contains("authenticator"), log);
            assertEquals(List.of(), exim.arrivals());
            assertTrue(logAfterAWrongPassword(exim).contains("authenticator failed"));
        }
    }

    /// Returns the log once AUTH was said indeed, to the host that the certificate is for.
    private String logAfterAWrongPassword(Exim exim) {
        EgressSetup setup = towards(exim).login("user", "wrong");
        setup.host = "localhost";
        setup.ca = folder.resolve("exim/ca.pem");
        assertEquals(Fault.CREDENTIALS, send(setup).fault());
        return exim.trouble();
    }
}
