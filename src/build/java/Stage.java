import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/// The other side of a [Rehearsal]: a mail server and a provider's API, both over TLS on free ports
/// of loopback, that accept whatever comes.
final class Stage implements AutoCloseable {

    private static final char[] PASSWORD = "rehearsal".toCharArray();
    private static final int BACKLOG = 16;

    private static final String GREETING =
            "250-stage.example.org\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE 50000000\r\n"
                    + "250-ENHANCEDSTATUSCODES\r\n250 AUTH PLAIN LOGIN\r\n";

    /// Mailgun's words, to a message and to a probe.
    private static final String TAKEN = "{\"id\": \"<1@example.net>\", \"message\": \"Queued\"}";

    private static final String REFUSED = "{\"message\": \"to parameter is missing\"}";

    private final Semaphore messages = new Semaphore(0);
    private final Path certificate;
    private final SSLServerSocket mail;
    private final HttpsServer http;

    private Stage(Path certificate, SSLContext tls) throws IOException {
        this.certificate = certificate;
        InetAddress loopback = InetAddress.getByName("127.0.0.1");
        this.mail =
                (SSLServerSocket)
                        tls.getServerSocketFactory().createServerSocket(0, BACKLOG, loopback);
        this.http = HttpsServer.create(new InetSocketAddress(loopback, 0), BACKLOG);
        http.setHttpsConfigurator(new HttpsConfigurator(tls));
        http.createContext("/", this::take);
        http.start();
        Thread.ofPlatform().daemon().start(this::accept);
    }

    /// Opens both, with a certificate that is made for them in the directory.
    static Stage open(Path directory) throws IOException, InterruptedException {
        Path store = directory.resolve("keys.p12");
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        String line =
                "-genkeypair -alias stage -keyalg EC -dname CN=stage -ext san=ip:127.0.0.1"
                        + " -validity 2 -storetype PKCS12 -storepass rehearsal -keystore keys.p12";
        List<String> command = new ArrayList<>(List.of(line.split(" ")));
        command.addFirst(keytool.toString());
        Process making =
                new ProcessBuilder(command)
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("keytool").toFile())
                        .start();
        if (making.waitFor() != 0) {
            throw new IOException(
                    "keytool failed: " + Files.readString(directory.resolve("keytool")));
        }
        try {
            return new Stage(directory.resolve("stage.pem"), tls(store, directory));
        } catch (GeneralSecurityException trouble) {
            throw new IOException("no TLS for the rehearsal: " + trouble, trouble);
        }
    }

    private static SSLContext tls(Path store, Path directory)
            throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
        String encoded =
                Base64.getMimeEncoder().encodeToString(keys.getCertificate("stage").getEncoded());
        Files.writeString(
                directory.resolve("stage.pem"),
                "-----BEGIN CERTIFICATE-----\n" + encoded + "\n-----END CERTIFICATE-----\n");
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(keys, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return context;
    }

    Path certificate() {
        return certificate;
    }

    int mailPort() {
        return mail.getLocalPort();
    }

    int httpPort() {
        return http.getAddress().getPort();
    }

    /// Returns whether so many messages came, however they came, within the time.
    boolean awaitMessages(int count, Duration patience) throws InterruptedException {
        return messages.tryAcquire(count, patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            boolean message =
                    new String(exchange.getRequestBody().readAllBytes(), ISO_8859_1)
                            .contains("name=\"message\"");
            byte[] answer = (message ? TAKEN : REFUSED).getBytes(US_ASCII);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(message ? 200 : 400, answer.length);
            exchange.getResponseBody().write(answer);
            if (message) {
                messages.release();
            }
        }
    }

    private void accept() {
        while (!mail.isClosed()) {
            try {
                Socket socket = mail.accept();
                Thread.ofPlatform().daemon().start(() -> converse(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    /// A client that breaks off is none of the rehearsal's business: it waits for the mail.
    private void converse(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            out.write("220 stage.example.org ESMTP\r\n".getBytes(US_ASCII));
            for (String line = line(in); line != null; line = line(in)) {
                out.write(reply(line, in, out).getBytes(US_ASCII));
            }
        } catch (IOException broken) {
            System.err.println("rehearsal: a session broke off: " + broken.getMessage());
        }
    }

    private String reply(String line, InputStream in, OutputStream out) throws IOException {
        String verb = line.split(" ", 2)[0].toUpperCase(Locale.ROOT);
        return switch (verb) {
            case "EHLO" -> GREETING;
            case "AUTH" -> "235 2.7.0 welcome\r\n";
            case "DATA" -> {
                out.write("354 go on\r\n".getBytes(US_ASCII));
                String content = line(in);
                while (content != null && !content.equals(".")) {
                    content = line(in);
                }
                messages.release();
                yield "250 2.0.0 taken\r\n";
            }
            case "QUIT" -> "221 2.0.0 bye\r\n";
            default -> "250 2.0.0 ok\r\n";
        };
    }

    /// Returns the next line without its end, or nothing at the end of the stream.
    static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int octet = in.read(); octet >= 0; octet = in.read()) {
            if (octet == '\n') {
                return line.toString(ISO_8859_1).strip();
            }
            line.write(octet);
        }
        return line.size() == 0 ? null : line.toString(ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        mail.close();
        http.stop(0);
    }
}
