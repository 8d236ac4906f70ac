package dev.postern.egress;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.DkimConfig;
import dev.postern.config.EgressConfig;
import dev.postern.dkim.DkimKeys;
import dev.postern.dkim.DkimSigner;
import dev.postern.outcome.Outcome;
import dev.postern.testing.EgressConfigs;
import dev.postern.testing.Mail;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SigningFilterTest {

    private static final String TEXT =
            "X-SMTPAPI: {}\r\nFrom: a@example.org\r\nDate: x\r\nMessage-ID: <x>\r\n\r\nx\r\n";

    private static final DkimConfig KEY = DkimKeys.key("example.org", "s1", DkimKeys.ED25519);

    private volatile DkimSigner signer = new DkimSigner(List.of(KEY), InstantSource.system());
    private final Taking taking = new Taking();

    /// Takes whatever it is given.
    private static final class Taking implements Egress {

        private String text = "";
        private long sizeBytes;

        @Override
        public String name() {
            return "taking";
        }

        @Override
        public Delivery send(OutboundMessage outbound, CommitGate gate) {
            try (InputStream in = outbound.content().open()) {
                text = new String(in.readAllBytes(), US_ASCII);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            sizeBytes = outbound.content().sizeBytes();
            return Delivery.same(
                    outbound.envelope().recipients(), new Outcome.Accepted("ok", null, List.of()));
        }

        @Override
        public Probe probe() {
            return new Probe.Passed("here");
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    private String sent(String url) {
        EgressConfig config = EgressConfigs.configured(url).egress().getFirst();
        try (Egress egress =
                SteeringFilter.of(config, SigningFilter.of(config, taking, () -> signer))) {
            assertEquals("taking", egress.name());
            egress.send(
                    Mail.of("a@example.org", TEXT.getBytes(US_ASCII), false, "b@example.net"),
                    CommitGate.OPEN);
        }
        assertEquals(taking.text.length(), taking.sizeBytes);
        return taking.text;
    }

    @ParameterizedTest
    @CsvSource({
        "smtp://relay.example.net, true, true",
        "smtp://relay.example.net?sign=false, false, false",
        "smtp://email-smtp.eu-west-1.amazonaws.com, true, false",
        "ses://eu-west-1, false, false",
        "ses://eu-west-1?sign=true, true, false",
        "mailgun://key@mg.example.org?sign=true, true, true",
        "sendgrid://key@, false, false"
    })
    void signsWhereItIsSaidAndWhatStays(String url, boolean signs, boolean dated) {
        String sent = sent(url);
        assertEquals(signs, sent.startsWith("DKIM-Signature:"), sent);
        assertEquals(dated, sent.contains("date:date:"), sent);
        assertTrue(sent.endsWith("From: a@example.org\r\nDate: x\r\nMessage-ID: <x>\r\n\r\nx\r\n"));
    }

    /// Steering fields are out before it is signed: they would be missing at the other end.
    @Test
    void signsWhatLeaves() {
        String sent = sent("smtp://smtp.postmarkapp.com");
        assertTrue(sent.startsWith("DKIM-Signature:"), sent);
        assertFalse(sent.contains("SMTPAPI"), sent);
    }

    @Test
    void theKeysOfTheMomentCount() {
        String url = "smtp://relay.example.net";
        assertTrue(sent(url).startsWith("DKIM-Signature:"));
        signer = new DkimSigner(List.of(), InstantSource.system());
        assertEquals(TEXT, sent(url));
    }
}
