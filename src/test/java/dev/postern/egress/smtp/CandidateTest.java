package dev.postern.egress.smtp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.smtp.PortRace.Candidate;
import java.net.InetAddress;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// In which order the ways to a server are tried.
class CandidateTest {

    private static List<String> order(Tls tls, String... addresses) {
        SmtpEgressConfig config =
                new SmtpEgressConfig(
                        "h",
                        OptionalInt.empty(),
                        tls,
                        null,
                        null,
                        null,
                        null,
                        SubmissionPort.USUAL);
        List<InetAddress> resolved = Stream.of(addresses).map(InetAddress::ofLiteral).toList();
        return Candidate.of(config, resolved).stream()
                .map(each -> each.number() + " " + each.port() + " " + each.opening().word())
                .toList();
    }

    @Test
    void everyPortIsTriedAtTheFirstAddressOfEachFamilyBeforeTheOthers() {
        assertEquals(
                List.of(
                        "192.0.2.1 587 starttls",
                        "2001:db8:0:0:0:0:0:1 587 starttls",
                        "192.0.2.1 465 implicit",
                        "2001:db8:0:0:0:0:0:1 465 implicit",
                        "192.0.2.1 2525 starttls",
                        "2001:db8:0:0:0:0:0:1 2525 starttls",
                        "192.0.2.2 587 starttls",
                        "192.0.2.3 587 starttls",
                        "192.0.2.2 465 implicit",
                        "192.0.2.3 465 implicit",
                        "192.0.2.2 2525 starttls",
                        "192.0.2.3 2525 starttls"),
                order(
                        Tls.REQUIRED,
                        "192.0.2.1",
                        "192.0.2.2",
                        "192.0.2.3",
                        "192.0.2.4",
                        "2001:db8::1"));
    }

    @Test
    void tlsDecidesHowPortsAreOpened() {
        assertEquals(
                List.of(
                        "192.0.2.1 587 starttls where offered",
                        "192.0.2.1 465 implicit",
                        "192.0.2.1 2525 starttls where offered"),
                order(Tls.OPTIONAL, "192.0.2.1"));
        assertEquals(
                List.of("192.0.2.1 587 none", "192.0.2.1 465 none", "192.0.2.1 2525 none"),
                order(Tls.NONE, "192.0.2.1"));
        assertEquals(
                List.of(
                        "192.0.2.1 587 implicit",
                        "192.0.2.1 465 implicit",
                        "192.0.2.1 2525 implicit"),
                order(Tls.IMPLICIT, "192.0.2.1"));
    }
}
