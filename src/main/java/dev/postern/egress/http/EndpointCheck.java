package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.http.HttpDialer.StageFailure;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.RetryAfter;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/// Looks how far an API can be reached, and what the server says before any log-in.
///
/// **Purpose.** One try: name, TCP or the proxy's tunnel, TLS verified for the name, and a `HEAD /`
/// whose only use is the server's clock.
///
/// **Contract.** [#look] blocks for at most the limits; an interrupt of a virtual thread breaks it
/// off. It has no credentials but the proxy's own, and sends no mail.
///
/// **Diagnostics.** All trouble is in the result. It logs nothing. Thread-safe.
public final class EndpointCheck {

    private final EgressConfig egress;
    private final ApiEndpoint endpoint;
    private final HttpDialer dialer;

    /// What was seen.
    ///
    /// @param proxy the proxy that it went through, without its log-in; null: straight
    /// @param stage the word of the stage that failed: `dns`, `connect`, `proxy`, `tls`; empty when
    ///   the server was reached
    /// @param fault the kind of trouble; empty without
    /// @param words what went wrong; empty without
    /// @param tls the TLS version; empty where none was laid
    /// @param date the server's clock; null when it did not tell
    public record Seen(
            @Nullable String proxy,
            String stage,
            String fault,
            String words,
            String tls,
            @Nullable Instant date) {}

    /// @param environment gives a variable's value, for the proxy
    /// @throws IllegalArgumentException when the configuration is not of an HTTPS egress, or the
    ///   base address is neither https nor http of the loopback
    public EndpointCheck(EgressConfig egress, UnaryOperator<@Nullable String> environment) {
        this.egress = egress;
        this.endpoint = HttpEgresses.endpoint(egress);
        this.dialer = new HttpDialer(egress.common(), endpoint, environment);
    }

    /// Returns the host's name or address.
    public String host() {
        return endpoint.host();
    }

    /// Returns the port.
    public int port() {
        return endpoint.port();
    }

    /// Returns the proxy that calls go through, without its log-in; empty when they go straight or
    /// the variable can't be understood.
    public Optional<String> proxy() {
        try {
            return Optional.ofNullable(dialer.proxy()).map(ProxySettings.Proxy::toString);
        } catch (StageFailure _) {
            // The try itself says so.
            return Optional.empty();
        }
    }

    /// Tries.
    public Seen look() {
        String proxy = proxy().orElse(null);
        Socket socket;
        try {
            socket = dialer.dial(_ -> {});
        } catch (StageFailure e) {
            Common common = egress.common();
            Duration limit =
                    e.stage == Stage.CONNECT ? common.connectTimeout() : common.commandTimeout();
            Context context = Context.ofApi(egress.type(), e.stage, endpoint.authority(), limit);
            Outcome outcome = Trouble.ofFailure(context, e.failure).outcome();
            Fault fault = outcome instanceof Outcome.Unavailable it ? it.fault() : Fault.NETWORK;
            return new Seen(proxy, e.stage.word(), fault.word(), outcome.reply(), "", null);
        }
        String version = socket instanceof SSLSocket tls ? tls.getSession().getProtocol() : "";
        return new Seen(proxy, "", "", "", version, date(socket));
    }

    /// Returns the server's `Date` (RFC 9110 §6.6.1); null without. It may say what it likes, or
    /// nothing; its clock is then unknown.
    private @Nullable Instant date(Socket socket) {
        String head =
                "HEAD / HTTP/1.1\r\nHost: "
                        + endpoint.authority()
                        + "\r\nUser-Agent: postern\r\nConnection: close\r\n\r\n";
        try (socket) {
            socket.getOutputStream().write(head.getBytes(US_ASCII));
            InputStream in = new BufferedInputStream(socket.getInputStream());
            List<String> dates = new AnswerReader(in).readHead().values("date");
            return dates.isEmpty() ? null : RetryAfter.dated(dates.getFirst());
        } catch (IOException _) {
            return null;
        }
    }
}
