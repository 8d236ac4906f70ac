package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.HostPort;
import dev.postern.egress.http.AnswerReader.AnswerHead;
import dev.postern.egress.http.AnswerReader.NotHttp;
import dev.postern.egress.net.TlsTrust;
import dev.postern.outcome.Stage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/// Makes connections to one endpoint: by name, through the proxy where there is one, with TLS that
/// is verified for the endpoint's name before anything is said.
final class HttpDialer {

    private final Common common;
    private final ApiEndpoint endpoint;
    private final ProxySettings proxies;
    private final TlsTrust trust;

    /// @param environment gives a variable's value, for the proxy
    HttpDialer(Common common, ApiEndpoint endpoint, UnaryOperator<@Nullable String> environment) {
        this.common = common;
        this.endpoint = endpoint;
        this.proxies = new ProxySettings(environment);
        this.trust = new TlsTrust(common.ca());
    }

    /// Returns a fresh connection.
    ///
    /// @param opened is told of each socket right when it is made, so that it can be closed from
    ///   outside
    /// @throws StageFailure that says how far it came
    Socket dial(Consumer<Socket> opened) throws StageFailure {
        ProxySettings.Proxy proxy = proxy();
        HostPort hop =
                proxy == null ? new HostPort(endpoint.host(), endpoint.port()) : proxy.address();
        Socket socket = connect(hop, opened);
        Stage stage = Stage.CONNECT;
        try {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(Math.toIntExact(common.commandTimeout().toMillis()));
            if (proxy != null) {
                stage = Stage.PROXY;
                tunnel(socket, proxy);
            }
            stage = Stage.TLS;
            return endpoint.tls() ? secure(socket) : socket;
        } catch (IOException e) {
            close(socket);
            throw new StageFailure(stage, e);
        }
    }

    /// Returns the proxy that calls go through; null when they go straight.
    ///
    /// @throws StageFailure when the variable can't be understood
    ProxySettings.@Nullable Proxy proxy() throws StageFailure {
        try {
            return proxies.proxyFor(endpoint.host(), endpoint.port());
        } catch (IllegalArgumentException e) {
            throw new StageFailure(Stage.PROXY, e);
        }
    }

    private Socket connect(HostPort hop, Consumer<Socket> opened) throws StageFailure {
        IOException last = new IOException("no address for " + hop.host());
        for (InetAddress address : lookUp(hop.host())) {
            Socket socket = new Socket();
            opened.accept(socket);
            try {
                socket.connect(
                        new InetSocketAddress(address, hop.port()),
                        Math.toIntExact(common.connectTimeout().toMillis()));
                return socket;
            } catch (IOException e) {
                close(socket);
                e.addSuppressed(last);
                last = e;
            }
            if (Thread.currentThread().isInterrupted()) {
                break;
            }
        }
        throw new StageFailure(Stage.CONNECT, last);
    }

    private static InetAddress[] lookUp(String host) throws StageFailure {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            throw new StageFailure(Stage.DNS, e);
        }
    }

    /// Asks for a tunnel (RFC 9110 §9.3.6).
    private void tunnel(Socket socket, ProxySettings.Proxy proxy) throws IOException {
        HostPort target = new HostPort(endpoint.host(), endpoint.port());
        String login =
                proxy.authorization() == null
                        ? ""
                        : "Proxy-Authorization: " + proxy.authorization() + "\r\n";
        String head = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + login;
        try {
            socket.getOutputStream().write((head + "\r\n").getBytes(US_ASCII));
            // Not through a buffer, since what follows belongs to the tunnel.
            AnswerHead answer = new AnswerReader(socket.getInputStream()).readHead();
            if (answer.status() / 100 != 2) {
                throw new IOException("proxy " + proxy + " answered: " + answer.statusLine());
            }
        } catch (NotHttp e) {
            throw new IOException("proxy " + proxy + ": " + e.getMessage(), e);
        }
    }

    private Socket secure(Socket socket) throws IOException {
        SSLSocket tls =
                (SSLSocket)
                        trust.context(true)
                                .getSocketFactory()
                                .createSocket(socket, endpoint.host(), endpoint.port(), true);
        SSLParameters parameters = tls.getSSLParameters();
        // The name is verified too, not the chain alone (RFC 9110 §4.3.4).
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        tls.setSSLParameters(parameters);
        tls.startHandshake();
        return tls;
    }

    static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException _) {
            // It is thrown away; there is nobody to tell.
        }
    }

    /// A failure before the request, with where it happened.
    static final class StageFailure extends IOException {

        private static final long serialVersionUID = 1L;

        final Stage stage;
        final Exception failure;

        StageFailure(Stage stage, Exception failure) {
            super(failure);
            this.stage = stage;
            this.failure = failure;
        }
    }
}
