package dev.postern.egress.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.http.HttpDialer.StageFailure;
import dev.postern.egress.net.TlsTrust;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
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

    private static final int HEAD_LIMIT_OCTETS = 16 * 1024;

    private final String type;
    private final ApiEndpoint endpoint;
    private final ProxySettings proxies;
    private final HttpDialer dialer;
    private final Duration connectLimit;
    private final Duration dialogLimit;

    /// What was seen.
    ///
    /// @param proxy the proxy that it went through, without its log-in; null: straight
    /// @param stage the word of the stage that failed: `connect`, `proxy`, `tls`, `answer`…; empty
    ///   when an answer came
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

    /// @param type the egress's type, for the words about trouble
    /// @param environment gives a variable's value, for the proxy
    /// @throws IllegalArgumentException when the base address is neither https nor http of the
    ///   loopback
    public EndpointCheck(
            String type,
            URI base,
            @Nullable Path ca,
            UnaryOperator<@Nullable String> environment,
            Duration connectLimit,
            Duration dialogLimit) {
        this.type = type;
        this.endpoint = ApiEndpoint.of(base);
        this.proxies = new ProxySettings(environment);
        this.connectLimit = connectLimit;
        this.dialogLimit = dialogLimit;
        this.dialer =
                new HttpDialer(endpoint, proxies, new TlsTrust(ca), connectLimit, dialogLimit);
    }

    /// Returns tries as an egress would make them.
    ///
    /// @throws IllegalArgumentException when the configuration is not of an HTTPS egress
    public static EndpointCheck of(
            EgressConfig egress, UnaryOperator<@Nullable String> environment) {
        Common common = egress.common();
        return new EndpointCheck(
                egress.type(),
                HttpEgresses.base(egress),
                common.ca(),
                environment,
                common.connectTimeout(),
                common.commandTimeout());
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
            return Optional.ofNullable(proxies.proxyFor(endpoint.host(), endpoint.port()))
                    .map(ProxySettings.Proxy::toString);
        } catch (IllegalArgumentException _) {
            // The try itself says so.
            return Optional.empty();
        }
    }

    /// Tries.
    public Seen look() {
        String version = "";
        String proxy = proxy().orElse(null);
        try (Socket socket = dialer.dial(_ -> {})) {
            if (socket instanceof SSLSocket tls) {
                version = tls.getSession().getProtocol();
            }
            return new Seen(proxy, "", "", "", version, date(socket));
        } catch (StageFailure failure) {
            return failed(proxy, failure.stage(), failure.failure(), version);
        } catch (IOException e) {
            return failed(proxy, Stage.REQUEST, e, version);
        }
    }

    private Seen failed(@Nullable String proxy, Stage stage, Exception failure, String version) {
        Duration limit = stage == Stage.CONNECT ? connectLimit : dialogLimit;
        Context context = Context.ofApi(type, stage, endpoint.authority(), limit);
        Outcome outcome = Trouble.ofFailure(context, failure).outcome();
        String fault =
                outcome instanceof Outcome.Unavailable unavailable
                        ? unavailable.fault().word()
                        : "network";
        return new Seen(proxy, stage.word(), fault, outcome.reply(), version, null);
    }

    /// Returns the server's `Date` (RFC 9110 §6.6.1); null without.
    private @Nullable Instant date(Socket socket) throws IOException {
        String head =
                "HEAD / HTTP/1.1\r\nHost: "
                        + endpoint.authority()
                        + "\r\nUser-Agent: postern\r\nConnection: close\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(US_ASCII));
        InputStream in = new BufferedInputStream(socket.getInputStream());
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < HEAD_LIMIT_OCTETS; i++) {
            int octet = in.read();
            if (octet < 0) {
                return null;
            }
            line.append((char) octet);
            if (octet == '\n') {
                String text = line.toString().strip();
                if (text.isEmpty()) {
                    return null;
                }
                if (text.regionMatches(true, 0, "date:", 0, "date:".length())) {
                    return parsed(text.substring("date:".length()).strip());
                }
                line.setLength(0);
            }
        }
        return null;
    }

    private static @Nullable Instant parsed(String date) {
        try {
            return ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        } catch (DateTimeException _) {
            // A server may say what it likes; its clock is then unknown.
            return null;
        }
    }
}
