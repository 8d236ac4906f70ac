package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/// A provider's server, played on the loopback: it records what it is asked and answers as it is
/// told, also in ways that no server should.
public final class FakeApi implements AutoCloseable {

    private static final int BODY_KEPT_BYTES = 96 * 1024 * 1024;

    private final ServerSocket listening;
    private final Function<Request, Answer> script;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final boolean tls;
    private final SSLContext laidOver;
    private volatile long keptBytes = BODY_KEPT_BYTES;

    /// What was asked.
    ///
    /// @param raw the body, an octet a character
    public record Request(
            String method, String path, Map<String, String> headers, String raw, long length) {

        public String text() {
            return new String(raw.getBytes(ISO_8859_1), UTF_8);
        }

        public String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }
    }

    /// What is answered.
    public sealed interface Answer {

        /// An HTTP answer.
        record Said(int status, Map<String, String> headers, String body) implements Answer {

            /// Returns the whole answer.
            public String asHttp() {
                StringBuilder answer = new StringBuilder("HTTP/1.1 " + status + " X\r\n");
                headers.forEach((name, value) -> answer.append(name + ": " + value + "\r\n"));
                int length = body.getBytes(UTF_8).length;
                return answer.append("Content-Length: " + length + "\r\n\r\n" + body).toString();
            }
        }

        /// These octets, whatever they are, and the end of the connection.
        record Raw(String octets) implements Answer {}

        /// These octets, whatever they are; the connection stays.
        record Open(String octets) implements Answer {}

        /// The connection is closed.
        record Closed() implements Answer {}

        /// Nothing ever comes.
        record Silence() implements Answer {}
    }

    public static Answer said(int status, String body) {
        return new Answer.Said(status, Map.of("Content-Type", "application/json"), body);
    }

    private FakeApi(ServerSocket listening, boolean tls, Function<Request, Answer> script) {
        this(listening, tls, null, script);
    }

    private FakeApi(
            ServerSocket listening,
            boolean tls,
            SSLContext laidOver,
            Function<Request, Answer> script) {
        this.listening = listening;
        this.tls = tls;
        this.laidOver = laidOver;
        this.script = script;
        Thread.ofVirtual().start(this::accept);
    }

    public static FakeApi start(Function<Request, Answer> script) throws IOException {
        return new FakeApi(
                new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), false, script);
    }

    public static FakeApi startTls(SSLContext context, Function<Request, Answer> script)
            throws IOException {
        return new FakeApi(
                context.getServerSocketFactory()
                        .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
                true,
                script);
    }

    /// Starts it on a socket that listens anywhere and knows nothing of TLS; it is closed with
    /// this.
    public static FakeApi serveTls(
            ServerSocket listening, SSLContext context, Function<Request, Answer> script) {
        return new FakeApi(listening, true, context, script);
    }

    /// Counts bodies from now on without keeping them.
    public FakeApi forgettingBodies() {
        return keepingBodiesUpTo(0);
    }

    /// Keeps no larger bodies than that from now on.
    public FakeApi keepingBodiesUpTo(long bytes) {
        keptBytes = bytes;
        return this;
    }

    public URI uri() {
        return URI.create((tls ? "https" : "http") + "://127.0.0.1:" + port());
    }

    public int port() {
        return listening.getLocalPort();
    }

    public List<Request> requests() {
        return List.copyOf(requests);
    }

    public int connectionCount() {
        return connections.get();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                open.add(socket);
                // Else the two writes of an answer wait for each other.
                socket.setTcpNoDelay(true);
                connections.incrementAndGet();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                return;
            }
        }
    }

    private Socket secure(Socket socket) throws IOException {
        if (laidOver == null) {
            return socket;
        }
        SSLSocket secured =
                (SSLSocket)
                        laidOver.getSocketFactory()
                                .createSocket(socket, "client", socket.getPort(), true);
        secured.setUseClientMode(false);
        return secured;
    }

    private void serve(Socket accepted) {
        try (Socket socket = secure(accepted)) {
            InputStream in = new BufferedInputStream(socket.getInputStream(), 64 * 1024);
            Request request = read(in);
            while (request != null) {
                requests.add(request);
                if (!answer(script.apply(request), socket)) {
                    return;
                }
                request = read(in);
            }
        } catch (IOException _) {
            // The client went away, which some tests want.
            return;
        } finally {
            open.remove(accepted);
        }
    }

    private static boolean answer(Answer answer, Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        switch (answer) {
            case Answer.Said said -> {
                out.write(said.asHttp().getBytes(UTF_8));
                return true;
            }
            case Answer.Raw raw -> {
                out.write(raw.octets().getBytes(ISO_8859_1));
                return false;
            }
            case Answer.Open open -> {
                out.write(open.octets().getBytes(ISO_8859_1));
                return true;
            }
            case Answer.Closed _ -> {
                return false;
            }
            case Answer.Silence _ -> {
                // Until the client gives up.
                socket.getInputStream().read();
                return false;
            }
        }
    }

    private Request read(InputStream in) throws IOException {
        String first = line(in);
        if (first.isEmpty()) {
            return null;
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        long length = Long.parseLong(headers.getOrDefault("content-length", "0"));
        String body = body(in, length);
        String[] words = first.split(" ");
        return new Request(words[0], words[1], Collections.unmodifiableMap(headers), body, length);
    }

    private String body(InputStream in, long length) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] buffer = new byte[64 * 1024];
        long left = length;
        while (left > 0) {
            int some = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (some < 0) {
                throw new IOException("the request broke off");
            }
            left -= some;
            if (length <= keptBytes) {
                body.write(buffer, 0, some);
            }
        }
        return body.toString(ISO_8859_1);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int octet = in.read();
        while (octet >= 0 && octet != '\n') {
            line.append((char) octet);
            octet = in.read();
        }
        return line.toString().stripTrailing();
    }

    @Override
    public void close() throws IOException {
        listening.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
