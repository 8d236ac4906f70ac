package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.CommitGate;
import dev.postern.egress.Egress;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.testing.Commands;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// To whom the key is told: to the server whose name is verified, through the proxy too.
class HttpTlsTest {

    private static final Logger QUIET = Logger.getLogger(HttpEgress.class.getName());

    static {
        QUIET.setLevel(Level.OFF);
    }

    private static final String PASSWORD = "changeit";
    private static final String NAME = "api.example.test";

    @TempDir Path dir;

    /// Makes a key with a certificate for these names, and returns the file with the certificate.
    private Path certificate(String file, String names) throws Exception {
        return certificate(file, "CN=test", "SAN=" + names);
    }

    private Path certificate(String file, String subject, String extension) throws Exception {
        Path store = dir.resolve(file + ".p12");
        Path pem = dir.resolve(file + ".pem");
        keytool(
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                subject,
                "-ext",
                extension,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD);
        keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                "server",
                "-keystore",
                store.toString(),
                "-storepass",
                PASSWORD,
                "-file",
                pem.toString());
        return pem;
    }

    private static void keytool(String... arguments) throws Exception {
        List<String> command = new java.util.ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        Commands.run(new ProcessBuilder(command)).expect(0);
    }

    private SSLContext context(String file) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(dir.resolve(file + ".p12"))) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    private static Outcome send(URI endpoint, Path ca, UnaryOperator<String> environment) {
        Common base = OutboundMessages.common(endpoint);
        Common common =
                new Common(
                        base.name(),
                        endpoint,
                        ca,
                        2,
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        Duration.ofSeconds(20),
                        List.of(),
                        null,
                        null,
                        base.whenLimited(),
                        base.fidelity(),
                        base.sign());
        try (Egress egress =
                HttpEgresses.of(OutboundMessages.config("postmark", common), environment)) {
            return egress.send(
                            OutboundMessages.of(
                                    "From: a@example.org\r\nSubject: hi\r\n\r\nText.\r\n",
                                    "b@example.net"),
                            CommitGate.OPEN)
                    .outcomes()
                    .firstEntry()
                    .getValue();
        }
    }

    @Test
    void aPrivateCaIsTrustedWhereItIsNamed() throws Exception {
        Path ca = certificate("good", "ip:127.0.0.1");
        try (FakeApi api =
                FakeApi.startTls(context("good"), _ -> OutboundMessages.acceptance("postmark"))) {
            assertInstanceOf(Outcome.Accepted.class, send(api.uri(), ca, _ -> null));
            Outcome.Unavailable unknown =
                    assertInstanceOf(Outcome.Unavailable.class, send(api.uri(), null, _ -> null));
            assertEquals(Fault.CERTIFICATE, unknown.fault(), unknown.reply());
            assertEquals(1, api.requests().size());
        }
    }

    @Test
    void aCertificateForAnotherNameIsRefused() throws Exception {
        Path ca = certificate("other", "dns:elsewhere.example.test");
        try (FakeApi api =
                FakeApi.startTls(context("other"), _ -> OutboundMessages.acceptance("postmark"))) {
            Outcome.Unavailable refused =
                    assertInstanceOf(Outcome.Unavailable.class, send(api.uri(), ca, _ -> null));
            assertEquals(Fault.CERTIFICATE, refused.fault(), refused.reply());
            assertEquals(List.of(), api.requests());
        }
    }

    /// Java by itself takes the common name where no alternative name is one of a host.
    @ParameterizedTest
    @ValueSource(strings = {"BC=ca:false", "SAN=email:me@example.org", "SAN=ip:127.0.0.1"})
    void aCommonNameNeverCounts(String extension) throws Exception {
        Path ca = certificate("common", "CN=" + NAME, extension);
        try (FakeApi api =
                        FakeApi.startTls(
                                context("common"), _ -> OutboundMessages.acceptance("postmark"));
                ServerSocket proxy = proxy(api.port(), new CopyOnWriteArrayList<>())) {
            Map<String, String> environment =
                    Map.of("https_proxy", "http://127.0.0.1:" + proxy.getLocalPort());
            Outcome.Unavailable refused =
                    assertInstanceOf(
                            Outcome.Unavailable.class,
                            send(URI.create("https://" + NAME), ca, environment::get));
            assertEquals(Fault.CERTIFICATE, refused.fault(), refused.reply());
            assertTrue(
                    refused.reply().contains(NAME + " has no subjectAltName for a host"),
                    refused.reply());
            assertEquals(List.of(), api.requests());
        }
    }

    @Test
    void theProxySeesTheNameAndItsOwnLogInOnly() throws Exception {
        Path ca = certificate("named", "dns:" + NAME);
        List<String> seen = new CopyOnWriteArrayList<>();
        try (FakeApi api =
                        FakeApi.startTls(
                                context("named"), _ -> OutboundMessages.acceptance("postmark"));
                ServerSocket proxy = proxy(api.port(), seen)) {
            Map<String, String> environment =
                    Map.of(
                            "https_proxy",
                            "http://user:p%40ss@127.0.0.1:" + proxy.getLocalPort(),
                            "NO_PROXY",
                            "localhost,.example.com");
            Outcome outcome = send(URI.create("https://" + NAME), ca, environment::get);
            assertInstanceOf(Outcome.Accepted.class, outcome, outcome.reply());
            assertEquals(NAME, api.requests().getFirst().header("host"));
        }
        String head = seen.getFirst();
        assertTrue(head.startsWith("CONNECT " + NAME + ":443 HTTP/1.1\r\n"), head);
        assertTrue(head.contains("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n"), head);
        assertFalse(head.contains(OutboundMessages.KEY), head);
    }

    /// A proxy's answer is read like a server's, and nothing of the tunnel with it.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200\r\n\r\n",
                "HTTP/1.0 200 Connection established\nVia: it\n\n",
                "http/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
            })
    void aTunnelBeginsBehindAny2xx(String answer) throws Exception {
        Path ca = certificate("named", "dns:" + NAME);
        try (FakeApi api =
                        FakeApi.startTls(
                                context("named"), _ -> OutboundMessages.acceptance("postmark"));
                ServerSocket proxy = proxy(api.port(), answer, new CopyOnWriteArrayList<>())) {
            Map<String, String> environment =
                    Map.of("HTTPS_PROXY", "http://127.0.0.1:" + proxy.getLocalPort());
            Outcome outcome = send(URI.create("https://" + NAME), ca, environment::get);
            assertInstanceOf(Outcome.Accepted.class, outcome, outcome.reply());
        }
    }

    @Test
    void aProxyThatRefusesIsSaid() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (ServerSocket proxy = proxy(-1, "HTTP/1.1 407 Log in\r\n\r\n", seen)) {
            String address = "127.0.0.1:" + proxy.getLocalPort();
            Map<String, String> environment = Map.of("HTTPS_PROXY", "user:secret@" + address);
            Outcome.Unavailable refused =
                    assertInstanceOf(
                            Outcome.Unavailable.class,
                            send(URI.create("https://" + NAME), null, environment::get));
            assertEquals(Fault.NETWORK, refused.fault());
            assertTrue(refused.reply().contains("407"), refused.reply());
            assertFalse(refused.reply().contains("secret"), refused.reply());
        }
    }

    private static ServerSocket proxy(int target, List<String> seen) throws IOException {
        return proxy(target, "HTTP/1.1 200 OK\r\n\r\n", seen);
    }

    /// A proxy that answers so, and tunnels all to one port, if it has one.
    private static ServerSocket proxy(int target, String answer, List<String> seen)
            throws IOException {
        ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> tunnelAll(listening, target, answer, seen));
        return listening;
    }

    private static void tunnelAll(
            ServerSocket listening, int target, String answer, List<String> seen) {
        while (!listening.isClosed()) {
            try {
                Socket client = listening.accept();
                Thread.ofVirtual().start(() -> tunnel(client, target, answer, seen));
            } catch (IOException _) {
                return;
            }
        }
    }

    private static void tunnel(Socket client, int target, String answer, List<String> seen) {
        try (client) {
            StringBuilder head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) client.getInputStream().read());
            }
            seen.add(head.toString());
            client.getOutputStream().write(answer.getBytes(ISO_8859_1));
            if (target < 0) {
                return;
            }
            try (Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
                Thread back = Thread.ofVirtual().start(() -> pour(server, client));
                pour(client, server);
                server.shutdownOutput();
                back.join();
            }
        } catch (IOException | InterruptedException _) {
            // One side went away, which ends the tunnel.
            return;
        }
    }

    private static void pour(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
        } catch (IOException _) {
            return;
        }
    }
}
