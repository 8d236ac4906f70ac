package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where calls go: the provider's host, that of its region, or what is configured.
class ApiEndpointTest {

    @Test
    void theVersionMayStandInTheBaseAddress() {
        assertEquals("/v3/mail/send", path("https://api.eu.sendgrid.com"));
        assertEquals("/v3/mail/send", path("https://api.eu.sendgrid.com/"));
        assertEquals("/v3/mail/send", path("https://api.eu.sendgrid.com/v3"));
        assertEquals("/v3/mail/send", path("https://api.eu.sendgrid.com/v3/"));
        assertEquals("/gate/v3/mail/send", path("http://127.0.0.1:8005/gate"));
        assertEquals("/gate/v3/mail/send", path("http://127.0.0.1:8005/gate/v3"));
        assertEquals("/v/v3/mail/send", path("http://127.0.0.1:8005/v"));
    }

    private static String path(String base) {
        return ApiEndpoint.of(URI.create(base)).pathOf("/v3/mail/send");
    }

    @Test
    void clearTextIsForLoopback() {
        for (String good :
                List.of(
                        "http://127.0.0.1:1",
                        "http://localhost:1",
                        "http://[::1]:1",
                        "https://a.b")) {
            assertTrue(ApiEndpoint.of(URI.create(good)).port() > 0);
        }
        for (String bad : List.of("http://api.example.org", "ftp://127.0.0.1", "https:///x")) {
            assertThrows(
                    IllegalArgumentException.class, () -> ApiEndpoint.of(URI.create(bad)), bad);
        }
    }

    /// What the proxy is asked for; nobody runs it.
    @ParameterizedTest
    @CsvSource({
        "sendgrid, api.sendgrid.com",
        "mailgun, api.mailgun.net",
        "resend, api.resend.com",
        "brevo, api.brevo.com",
        "postmark, api.postmarkapp.com",
        "ses, email.eu-west-1.amazonaws.com"
    })
    void theUsualHost(String type, String host) throws Exception {
        assertAsks(host, OutboundMessages.config(type, OutboundMessages.common(null)));
    }

    @ParameterizedTest
    @CsvSource({
        "us-gov-west-1, email.us-gov-west-1.amazonaws.com",
        "cn-north-1, email.cn-north-1.amazonaws.com.cn"
    })
    void theHostOfARegion(String region, String host) throws Exception {
        EgressConfig.Ses usual =
                (EgressConfig.Ses) OutboundMessages.config("ses", OutboundMessages.common(null));
        assertAsks(
                host,
                new EgressConfig.Ses(
                        usual.common(), region, usual.accessKeyId(), usual.secretAccessKey()));
    }

    @Test
    void aConfiguredHost() throws Exception {
        URI endpoint = URI.create("https://api.eu.mailgun.net");
        assertAsks(
                "api.eu.mailgun.net",
                OutboundMessages.config("mailgun", OutboundMessages.common(endpoint)));
    }

    private static void assertAsks(String host, EgressConfig config) throws Exception {
        int port;
        try (ServerSocket once = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = once.getLocalPort();
        }
        Map<String, String> environment = Map.of("HTTPS_PROXY", "http://127.0.0.1:" + port);
        try (Egress egress = HttpEgresses.of(config, environment::get)) {
            Outcome outcome =
                    egress.send(
                                    OutboundMessages.of(
                                            "From: a@example.org\r\n\r\nx\r\n", "b@example.net"),
                                    CommitGate.OPEN)
                            .outcomes()
                            .firstEntry()
                            .getValue();
            assertTrue(outcome.reply().contains(host), outcome.reply());
        }
    }
}
