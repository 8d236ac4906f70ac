package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/// A client that sends any octets and reads replies line by line.
final class Client implements AutoCloseable {

    /// A reply that takes longer is a failure.
    private static final int ANSWER_AT_MOST_MILLIS = 20_000;

    private Socket socket;
    private InputStream in;
    private OutputStream out;

    Client(InetSocketAddress address) throws IOException {
        this(address, "127.0.0.1");
    }

    /// Connects from an address of this machine.
    Client(InetSocketAddress address, String from) throws IOException {
        boolean ipv4 = address.getAddress() instanceof Inet4Address;
        socket =
                new Socket(
                        address.getAddress(),
                        address.getPort(),
                        ipv4 ? InetAddress.ofLiteral(from) : null,
                        0);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(ANSWER_AT_MOST_MILLIS);
        streams();
    }

    private void streams() throws IOException {
        in = new BufferedInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /// Sends octets, one a character.
    Client send(String octets) throws IOException {
        out.write(octets.getBytes(ISO_8859_1));
        out.flush();
        return this;
    }

    Client send(byte[] octets, int from, int to) throws IOException {
        out.write(octets, from, to - from);
        out.flush();
        return this;
    }

    /// Sends lines in one write.
    Client say(String... lines) throws IOException {
        return send(String.join("\r\n", lines) + "\r\n");
    }

    /// Reads one line without its CRLF; null at the end of the connection.
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int octet = in.read();
        while (octet >= 0) {
            if (octet == '\n') {
                String text = line.toString(ISO_8859_1);
                if (!text.endsWith("\r")) {
                    throw new IOException("a bare LF behind " + text);
                }
                return text.substring(0, text.length() - 1);
            }
            line.write(octet);
            octet = in.read();
        }
        return line.size() == 0 ? null : line.toString(ISO_8859_1);
    }

    /// Reads a whole reply and returns its last line.
    String reply() throws IOException {
        String line = line();
        while (line != null && line.length() > 3 && line.charAt(3) == '-') {
            line = line();
        }
        return line;
    }

    /// Says a line and returns the last line of the reply.
    String ask(String line) throws IOException {
        return say(line).reply();
    }

    /// Reads everything up to the end of the connection; a reset counts as one.
    List<String> rest() {
        List<String> lines = new ArrayList<>();
        try {
            String line = line();
            while (line != null) {
                lines.add(line);
                line = line();
            }
        } catch (java.net.SocketException _) {
            // The server closed with octets of ours unread.
            return lines;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return lines;
    }

    /// Does the client's side of a TLS handshake, trusting anyone.
    SSLSession startTls() throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new Trusting()}, null);
            SSLSocket secure =
                    (SSLSocket)
                            context.getSocketFactory()
                                    .createSocket(
                                            socket,
                                            socket.getInetAddress().getHostAddress(),
                                            socket.getPort(),
                                            true);
            secure.startHandshake();
            socket = secure;
            streams();
            return secure.getSession();
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    /// Ends our side.
    void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    Socket socket() {
        return socket;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
