package dev.postern.admin;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.postern.config.HostPort;
import dev.postern.reception.Rejection;
import dev.postern.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whoever sends a request at once is served, whatever a crowd of others does.
class CrowdTest {

    private static final String TOKEN = "correct horse";
    private static final String STATUS = "/api/v1/status";

    private final Stage stage = new Stage();
    private final List<Socket> crowd = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Socket one : crowd) {
            one.close();
        }
        stage.close();
    }

    private Socket enter(HostPort address, String octets) throws IOException {
        Socket one = new Socket(InetAddress.getLoopbackAddress(), address.port());
        crowd.add(one);
        one.getOutputStream().write(octets.getBytes(US_ASCII));
        return one;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "G",
                "GET /health/live HTTP/1.1\r\nHost: h\r\n",
                "POST /health/live HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n"
            })
    void whoeverSendsARequestIsServedAmongThoseWhoDoNot(String octets) throws IOException {
        HostPort health = stage.health();
        for (int i = 0; i < 200; i++) {
            enter(health, octets);
            if (i % 20 == 0) {
                assertEquals(200, live(health));
            }
        }
        assertEquals(200, live(health));
    }

    private static int live(HostPort health) {
        try {
            return Raw.request(health, "GET", "/health/live").send().status();
        } catch (RuntimeException closed) {
            return 0;
        }
    }

    @Test
    void whoeverSendsARequestIsServedAmongThoseWhoTakeNoAnswer() throws IOException {
        HostPort health = stage.health();
        String scrape = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
        for (int i = 0; i < ConnectionSlots.SLOTS; i++) {
            Socket deaf = new Socket();
            crowd.add(deaf);
            deaf.setReceiveBufferSize(1);
            deaf.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), health.port()));
            Thread.ofVirtual().start(() -> write(deaf, scrape.repeat(10_000)));
        }

        Await.until("an answer", () -> live(health) == 200);
    }

    private static void write(Socket socket, String octets) {
        try {
            socket.getOutputStream().write(octets.getBytes(US_ASCII));
        } catch (IOException closed) {
            // Which is to be expected.
        }
    }

    /// Handlers of the admin socket that compute without end leave the health socket its share.
    @Test
    void theAdminSocketCannotUseUpWhatHealthIsAnsweredFrom() throws Exception {
        HostPort health = stage.health();
        CountDownLatch working = new CountDownLatch(40);
        CountDownLatch enough = new CountDownLatch(1);
        AtomicInteger sum = new AtomicInteger();
        stage.submission =
                (_, _, _) -> {
                    working.countDown();
                    while (enough.getCount() > 0) {
                        sum.incrementAndGet();
                    }
                    return Stage.refused("550 5.1.1 no", Rejection.ADDRESS);
                };
        String post =
                "POST /api/v1/messages?from=a@x.example&to=b@x.example HTTP/1.1\r\n"
                        + "Host: localhost\r\nContent-Type: message/rfc822\r\n"
                        + "Content-Length: 1\r\n\r\nx";
        for (int i = 0; i < 40; i++) {
            enter(stage.admin(), post);
        }
        try {
            working.await();
            for (int i = 0; i < 5; i++) {
                assertEquals(200, live(health));
            }
        } finally {
            enough.countDown();
        }
    }

    /// Who tries tokens waits; who has it does not.
    @Test
    void aWrongTokenWaitsAndARightOneDoesNot() throws Exception {
        HostPort admin = stage.admin(TOKEN);
        List<CompletableFuture<Integer>> wrong = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            wrong.add(
                    CompletableFuture.supplyAsync(
                            () -> ask(admin, "Bearer wrong"), Thread::startVirtualThread));
        }
        CompletableFuture.anyOf(wrong.toArray(CompletableFuture[]::new)).get(20, TimeUnit.SECONDS);

        assertEquals(200, ask(admin, "Bearer " + TOKEN));
        assertEquals(401, ask(admin, "Basic d3Jvbmc="), "no attempt at the token");
        assertFalse(wrong.stream().allMatch(CompletableFuture::isDone), "the last ones wait");
    }

    /// Answers that are held back are no slots that others need.
    @Test
    void thoseWhoTryTokensKeepNobodyOut() throws Exception {
        HostPort admin = stage.admin(TOKEN);
        String wrong =
                "GET " + STATUS + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n";
        for (int i = 0; i < 300; i++) {
            enter(admin, wrong);
        }

        Await.until("an answer", () -> ask(admin, "Bearer " + TOKEN) == 200);
    }

    private static int ask(HostPort admin, String authorization) {
        try {
            return Raw.request(admin, "GET", STATUS)
                    .header("Authorization", authorization)
                    .send()
                    .status();
        } catch (RuntimeException closed) {
            return 0;
        }
    }
}
