package dev.postern.egress.smtp;

import dev.postern.egress.net.TlsTrust;
import dev.postern.mail.ALabels;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// Lays TLS over sockets that are connected: at once for implicit TLS, and for Jakarta Mail's
/// STARTTLS, which asks its socket factory for it. The name to verify is the configured one,
/// whatever Jakarta Mail says.
final class TlsSockets extends SSLSocketFactory {

    /// TLS 1.0 and 1.1 are out of use (RFC 8996).
    static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

    /// Checks the server's name as RFC 9525 says; Jakarta Mail uses the same.
    private static final String IDENTIFICATION = "LDAPS";

    private static final Pattern HOST_NAME = Pattern.compile("[A-Za-z0-9.-]+");

    private static final Pattern IP_LITERAL = Pattern.compile("[0-9.]+|.*:.*");

    private final TlsTrust trust;
    private final String name;

    /// @param trust whom to believe
    /// @param name the name that certificates must be for
    TlsSockets(TlsTrust trust, String name) {
        this.trust = trust;
        this.name = name;
    }

    /// Lays TLS over `socket` and shakes hands.
    void secure(NextHopSocket socket) throws IOException {
        lay(socket).startHandshake();
    }

    @Override
    public Socket createSocket(Socket socket, String host, int port, boolean autoClose)
            throws IOException {
        if (socket instanceof NextHopSocket nextHop) {
            return lay(nextHop);
        }
        throw new AssertionError("Jakarta Mail was given a socket of ours");
    }

    private SSLSocket lay(NextHopSocket socket) throws IOException {
        SSLSocketFactory factory = socket.context(trust).getSocketFactory();
        SSLSocket tls = (SSLSocket) factory.createSocket(socket, name, socket.getPort(), true);
        tls.setEnabledProtocols(PROTOCOLS);
        SSLParameters parameters = tls.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm(IDENTIFICATION);
        String host = ALabels.domain(name).orElse(name);
        // Names with an underscore, as container networks have them, can't be said in SNI (RFC 6066
        // §3).
        if (!IP_LITERAL.matcher(name).matches() && HOST_NAME.matcher(host).matches()) {
            parameters.setServerNames(List.of(new SNIHostName(host)));
        }
        tls.setSSLParameters(parameters);
        socket.secureWith(tls);
        return tls;
    }

    @Override
    public String[] getDefaultCipherSuites() {
        return new String[0];
    }

    @Override
    public String[] getSupportedCipherSuites() {
        return new String[0];
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        throw unconnected();
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort)
            throws IOException {
        throw unconnected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        throw unconnected();
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
            throws IOException {
        throw unconnected();
    }

    private static IOException unconnected() {
        return new IOException("TLS is laid over connected sockets only");
    }
}
