package dev.postern.egress.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.testing.Ports;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// How far APIs can be reached, and what is seen of them before any log-in.
@Timeout(60)
class EndpointCheckTest {

    @Test
    void anApiIsSeenWithItsTlsAndItsClock() throws IOException {
        try (FakeApi api = tls("localhost", "Sun, 22 Nov 2026 07:00:00 GMT")) {
            EndpointCheck.Seen seen = reach(api.uri().toString()).look();
            assertEquals("", seen.stage());
            assertEquals("TLSv1.3", seen.tls());
            assertEquals(Instant.parse("2026-11-22T07:00:00Z"), seen.date());
            assertEquals("HEAD", api.requests().getFirst().method());
            assertEquals("", api.requests().getFirst().header("Authorization"));
        }
    }

    @Test
    void aClockThatCannotBeReadIsUnknown() throws IOException {
        try (FakeApi api = tls("localhost", "yesterday")) {
            EndpointCheck.Seen seen = reach(api.uri().toString()).look();
            assertEquals("", seen.stage());
            assertNull(seen.date());
        }
    }

    @Test
    void aServerThatNeverEndsItsHeaderIsNotListenedToForEver() throws IOException {
        String endless = "HTTP/1.1 200 X\r\nX: " + "x".repeat(1024 * 1024);
        try (FakeApi api = FakeApi.start(_ -> new FakeApi.Answer.Raw(endless))) {
            EndpointCheck.Seen seen = reach("http://127.0.0.1:" + api.port()).look();
            assertEquals("", seen.stage());
            assertNull(seen.date());
        }
    }

    @Test
    void anotherServersCertificateEndsItInTls() throws IOException {
        try (FakeApi api = tls("other", "")) {
            EndpointCheck.Seen seen = reach(api.uri().toString()).look();
            assertEquals("tls", seen.stage());
            assertEquals("certificate", seen.fault());
            assertEquals(0, api.requests().size(), "nothing is asked of the wrong server");
        }
    }

    @Test
    void theNetworkAndTheProxyAreToldApart() throws IOException {
        int closed = Ports.free(1).getFirst();
        EndpointCheck straight = reach("https://127.0.0.1:" + closed);
        assertEquals("connect", straight.look().stage());
        assertEquals(Optional.empty(), straight.proxy());
        try (FakeApi proxy = FakeApi.start(_ -> FakeApi.said(407, "who are you?"))) {
            Map<String, String> environment =
                    Map.of("HTTPS_PROXY", "http://me:secret@127.0.0.1:" + proxy.port());
            EndpointCheck behind =
                    new EndpointCheck(config("https://api.example.org"), environment::get);
            EndpointCheck.Seen seen = behind.look();
            assertEquals("proxy", seen.stage());
            assertTrue(seen.words().contains("407"), seen.words());
            assertEquals("127.0.0.1:" + proxy.port(), seen.proxy());
        }
    }

    private static EndpointCheck reach(String base) {
        return new EndpointCheck(config(base), _ -> null);
    }

    private static EgressConfig config(String base) {
        Common common =
                OutboundMessages.common(
                        URI.create(base),
                        TestKeys.ca(),
                        Common.Fidelity.BEST_EFFORT,
                        Duration.ofSeconds(30));
        return OutboundMessages.config("resend", common);
    }

    private static FakeApi tls(String key, String date) throws IOException {
        return FakeApi.startTls(
                TestKeys.server(key), _ -> new FakeApi.Answer.Said(200, Map.of("Date", date), ""));
    }
}
