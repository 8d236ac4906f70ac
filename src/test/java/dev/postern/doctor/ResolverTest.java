package dev.postern.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.doctor.Network.DnsResult;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Names that are found, and why the others are not: a name server is played on the loopback.
@Timeout(60)
class ResolverTest {

    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(50);
    private static final int SILENT = -1;

    @TempDir private Path directory;
    private DatagramSocket server;

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    @Test
    void aNameWithAddressesIsFoundInBothFamilies() throws IOException {
        InetAddress[] all = {
            InetAddress.ofLiteral("2001:db8::7"),
            InetAddress.ofLiteral("198.51.100.7"),
            InetAddress.ofLiteral("198.51.100.8")
        };
        DnsResult looked = new Resolver(_ -> all, List.of(), LONG, LONG).lookUp("mail.example.org");
        if (!(looked instanceof DnsResult.Found found)) {
            throw new AssertionError(looked.toString());
        }
        assertEquals("198.51.100.7, 2001:db8:0:0:0:0:0:7 and 1 more", found.inWords());
    }

    @Test
    void theNameServersAnswerTellsWhyThereIsNone() throws IOException {
        assertTrue(why(3, 0).startsWith("NXDOMAIN, says 127.0.0.1"));
        assertTrue(why(2, 0).startsWith("SERVFAIL"));
        assertTrue(why(0, 0).startsWith("no address, says"));
        assertTrue(why(0, 1).startsWith("no answer by this machine's resolver, though 127.0.0.1"));
        assertEquals("no answer from 127.0.0.1 (refused)", why(5, 0));
    }

    @Test
    void nobodyAnswers() throws IOException {
        assertEquals("no answer from 127.0.0.1", why(SILENT, 0));
        assertEquals(
                "no name server in /etc/resolv.conf",
                missing(new Resolver(ResolverTest::unknown, List.of(), LONG, SHORT)));
    }

    @Test
    void aResolverThatHangsIsNotWaitedFor() throws IOException {
        CountDownLatch never = new CountDownLatch(1);
        Resolver names =
                new Resolver(
                        host -> {
                            try {
                                never.await();
                            } catch (InterruptedException _) {
                                Thread.currentThread().interrupt();
                            }
                            return unknown(host);
                        },
                        List.of(serving(2, 0)),
                        SHORT,
                        LONG);
        assertEquals("SERVFAIL, says 127.0.0.1", missing(names));
        never.countDown();
    }

    @Test
    void theNameServersAreThoseOfResolvConf() throws IOException {
        Path file =
                Files.writeString(
                        directory.resolve("resolv.conf"),
                        "# x\nsearch example.org\nnameserver 192.0.2.53\nnameserver  2001:db8::53\n"
                                + "nameserver nonsense\n");
        List<InetSocketAddress> servers = Resolver.servers(file);
        assertEquals(2, servers.size());
        assertEquals("192.0.2.53", servers.getFirst().getAddress().getHostAddress());
        assertEquals(List.of(), Resolver.servers(directory.resolve("missing")));
    }

    private String why(int code, int answers) throws IOException {
        return missing(
                new Resolver(
                        ResolverTest::unknown,
                        List.of(serving(code, answers)),
                        LONG,
                        code == SILENT ? SHORT : LONG));
    }

    private static String missing(Resolver names) {
        if (names.lookUp("mail.example.org") instanceof DnsResult.Missing(String why)) {
            return why;
        }
        throw new AssertionError("found");
    }

    private static InetAddress[] unknown(String host) throws UnknownHostException {
        throw new UnknownHostException(host);
    }

    /// Starts a name server that answers every question in one way.
    private InetSocketAddress serving(int code, int answers) throws IOException {
        stop();
        DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        server = socket;
        Thread.ofVirtual()
                .start(() -> {
                    DatagramPacket packet = new DatagramPacket(new byte[512], 512);
                    try {
                        while (true) {
                            socket.receive(packet);
                            byte[] octets = packet.getData();
                            octets[2] |= (byte) 0x80;
                            octets[3] = (byte) code;
                            octets[7] = (byte) answers;
                            if (code != SILENT) {
                                socket.send(packet);
                            }
                        }
                    } catch (IOException _) {
                        // Closed by the test.
                    }
                });
        return new InetSocketAddress(socket.getLocalAddress(), socket.getLocalPort());
    }
}
