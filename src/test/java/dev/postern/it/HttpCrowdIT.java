package dev.postern.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.postern.testing.Commands;
import dev.postern.testing.EndpointFile;
import dev.postern.testing.Postern;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The ports that may be open to a whole cluster, and a crowd that only takes places there. An
/// orchestrator gives an answer a second, and then ends the pod.
class HttpCrowdIT {

    private static final int ANSWER_MILLIS = 1000;
    private static final Duration SIEGE = Duration.ofSeconds(12);
    private static final int DRIP_SECONDS = 5;
    private static final int CROWD_STEP = 20;
    private static final int FEW_CARRIERS = 16;
    private static final int PATIENCE_MILLIS = 20_000;

    @TempDir Path directory;
    private Postern postern;
    private final List<Socket> crowd = new ArrayList<>();
    private final ScheduledExecutorService drip = Executors.newSingleThreadScheduledExecutor();

    @BeforeEach
    void start() throws IOException {
        postern = Postern.in(directory).start();
    }

    @AfterEach
    void stop() throws IOException {
        drip.shutdownNow();
        for (Socket one : crowd) {
            one.close();
        }
        if (postern != null) {
            postern.close();
        }
    }

    /// @param octets what each of the crowd sends, an octet at a time
    @ParameterizedTest
    @CsvSource({
        "health, 80, GET /health/live HTTP/1.1",
        "health, 200, ''",
        "admin, 200, ''",
        "admin, 200, GET / HTTP/1.1"
    })
    void healthIsAnsweredWithinASecond(String socket, int size, String octets) throws Exception {
        int health = postern.port(EndpointFile.HEALTH);
        int admin = postern.port(EndpointFile.ADMIN);
        int besieged = socket.equals("health") ? health : admin;
        drip.scheduleAtFixedRate(new Drip(octets), 0, DRIP_SECONDS, TimeUnit.SECONDS);
        long end = System.nanoTime() + SIEGE.toNanos();
        while (System.nanoTime() < end) {
            if (crowd.size() < size) {
                enter(besieged, CROWD_STEP);
            }
            assertEquals(200, ask(health, "/health/live"));
            assertEquals(200, ask(admin, "/api/v1/status"));
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private void enter(int port, int several) throws IOException {
        synchronized (crowd) {
            for (int i = 0; i < several; i++) {
                crowd.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }
        }
    }

    /// Lets each of the crowd send its next octet.
    private final class Drip implements Runnable {
        private final byte[] octets;
        private int next;

        Drip(String octets) {
            this.octets = octets.getBytes(US_ASCII);
        }

        @Override
        public void run() {
            if (next == octets.length) {
                return;
            }
            synchronized (crowd) {
                for (Socket one : crowd) {
                    try {
                        one.getOutputStream().write(octets[next]);
                    } catch (IOException gone) {
                        // It had to go.
                    }
                }
            }
            next++;
        }
    }

    /// Asks as an orchestrator does: by a new connection, with a second for all of it.
    private static int ask(int port, String path) throws IOException {
        try (Socket probe = new Socket()) {
            probe.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port), ANSWER_MILLIS);
            probe.setSoTimeout(ANSWER_MILLIS);
            String request =
                    "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .formatted(path);
            probe.getOutputStream().write(request.getBytes(US_ASCII));
            String status = new String(probe.getInputStream().readNBytes(12), US_ASCII);
            return status.isEmpty() ? 0 : Integer.parseInt(status.substring(9));
        }
    }

    @Test
    void whoNeverEndsAHeadIsSentAway() throws Exception {
        for (String name : List.of(EndpointFile.HEALTH, EndpointFile.ADMIN)) {
            try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), postern.port(name))) {
                slow.setSoTimeout(PATIENCE_MILLIS);
                slow.getOutputStream().write("GET / HTTP/1.1\r\nHost".getBytes(US_ASCII));
                assertEquals(-1, slow.getInputStream().read(), name);
            }
        }
        assertEquals(200, ask(postern.port(EndpointFile.HEALTH), "/health/live"));
    }

    /// A few virtual threads that compute must not keep all others from a carrier.
    @Test
    void thereAreMoreCarriersThanAFewThatComputeTake() throws Exception {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        assumeTrue(Files.isExecutable(jcmd), "a JDK runs the tests");

        String scheduler =
                Commands.run(
                                new ProcessBuilder(
                                        jcmd.toString(),
                                        String.valueOf(postern.pid()),
                                        "Thread.vthread_scheduler"))
                        .output();

        Matcher parallelism = Pattern.compile("parallelism = (\\d+)").matcher(scheduler);
        assertTrue(parallelism.find(), scheduler);
        assertTrue(Integer.parseInt(parallelism.group(1)) >= FEW_CARRIERS, scheduler);
    }
}
