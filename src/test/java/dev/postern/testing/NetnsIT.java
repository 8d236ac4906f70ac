package dev.postern.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The lab itself: what its firewall and its routes do to a connection, and that nothing of it
/// remains.
@Timeout(60)
class NetnsIT {

    private static final String HOST = "smtp.provider.example";

    private Lab lab;

    @BeforeEach
    void open(@TempDir Path directory) throws IOException {
        lab = Lab.in(directory, HOST);
        lab.provider(HOST, 587);
    }

    @AfterEach
    void close() {
        if (lab != null) {
            lab.close();
        }
    }

    @Test
    void aProviderIsReachedByBothFamilies() throws IOException {
        assertEquals("220 " + HOST, greeting(lab.four(HOST)));
        assertEquals("220 " + HOST, greeting(lab.six(HOST)));
    }

    @Test
    void theFenceRefusesInTheWaysThatFirewallsHave() throws IOException {
        lab.fence().reset(587);
        assertTrue(trouble().contains("Connection refused"), trouble());
        lab.fence().open();
        lab.fence().prohibit(587);
        assertTrue(trouble().contains("No route to host"), trouble());
        lab.fence().open();
        assertEquals("220 " + HOST, greeting(lab.four(HOST)));
    }

    @Test
    void withoutARouteTheNetworkIsUnreachable() throws IOException {
        lab.machine().configure("route del default");
        assertTrue(trouble().contains("Network is unreachable"), trouble());
    }

    @Test
    void programsInsideKnowTheNames() throws IOException {
        Programs.onPath("getent");
        Commands.Result known =
                Commands.run(
                        new ProcessBuilder(
                                lab.machine().command(List.of("getent", "ahosts", HOST))));
        assertTrue(known.expect(0).output().contains(lab.four(HOST)), known.output());
        assertTrue(known.output().contains(lab.six(HOST)), known.output());
    }

    @Test
    void nothingRemains() throws IOException {
        String name = lab.machine().name();
        Daemon sleeper = Daemon.start(new ProcessBuilder(lab.machine().command(List.of("cat"))));
        assertTrue(Files.exists(Path.of("/etc/netns", name)));
        lab.close();
        sleeper.awaitExit();
        assertFalse(Files.exists(Path.of("/run/netns", name)));
        assertFalse(Files.exists(Path.of("/etc/netns", name)));
    }

    @Test
    void whatAKilledRunLeftIsRemoved() throws IOException {
        Daemon gone = Daemon.start("true");
        gone.awaitExit();
        String stale = "postern-test-" + gone.pid() + "-1";
        Commands.run(ip("add", stale)).expect(0);
        Daemon left = Daemon.start(ip("exec", stale, "cat"));
        Await.until("cat runs", () -> isIn(stale, left));
        Netns.create().close();
        left.awaitExit();
        assertFalse(Files.exists(Path.of("/run/netns", stale)));
    }

    private static ProcessBuilder ip(String... words) {
        return new ProcessBuilder(
                Stream.concat(
                                Stream.of(Programs.IP.require().toString(), "netns"),
                                Stream.of(words))
                        .toList());
    }

    private static boolean isIn(String netns, Daemon daemon) {
        try {
            return Commands.run(ip("pids", netns))
                    .output()
                    .lines()
                    .anyMatch(Long.toString(daemon.pid())::equals);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Test
    void theEximOfARentedServerTellsAllThatWasSaidToIt(@TempDir Path directory) throws IOException {
        VpsExim exim = lab.eximOnMachine(directory);
        lab.fence().redirect(587);
        try (Socket socket = lab.machine().connect(new InetSocketAddress(lab.four(HOST), 587))) {
            String login = Provider.login("user", "secret");
            socket.getOutputStream()
                    .write(
                            ("EHLO me\r\n" + login + "\r\nQUIT\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            Await.until("Exim heard it", () -> exim.heard().toString().contains(login));
        }
    }

    private String trouble() {
        return assertThrows(UncheckedIOException.class, () -> greeting(lab.four(HOST)))
                .getMessage();
    }

    private String greeting(String address) throws IOException {
        try (Socket socket = lab.machine().connect(new InetSocketAddress(address, 587))) {
            byte[] said = socket.getInputStream().readNBytes(4 + HOST.length());
            return new String(said, StandardCharsets.US_ASCII);
        }
    }
}
