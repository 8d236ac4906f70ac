package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.egress.TlsTrust;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Looks how far a submission server can be reached, and who answers there.
///
/// **Purpose.** One try at one address: TCP, greeting, EHLO, STARTTLS, TLS, EHLO. Both the race of
/// `port: auto` and the diagnosis are made of such tries.
///
/// **Contract.** [#to] blocks for at most the two limits; an interrupt of a virtual thread breaks
/// it off. It has no credentials and sends no mail. A certificate that does not verify is noted and
/// the conversation goes on, so that the server can say its name.
///
/// **Diagnostics.** All trouble is in the result. It logs nothing.
///
/// Thread-safe.
public final class PortChecker {

    private final String tlsName;
    private final String ehloName;
    private final TlsSockets tls;
    private final Duration connectLimit;
    private final Duration dialogLimit;

    /// How the connection is to be secured.
    public enum TlsStart {
        /// TLS from the first octet (RFC 8314 §3.3).
        IMPLICIT_TLS,
        /// STARTTLS, which must be offered (RFC 3207).
        STARTTLS,
        /// STARTTLS where it is offered.
        STARTTLS_IF_OFFERED,
        CLEAR_TEXT;

        /// Returns it for people: `implicit`.
        public String word() {
            return switch (this) {
                case IMPLICIT_TLS -> "implicit";
                case STARTTLS -> "starttls";
                case STARTTLS_IF_OFFERED -> "starttls where offered";
                case CLEAR_TEXT -> "none";
            };
        }
    }

    /// @param tlsName the name that the certificate must be for
    /// @param ca a PEM file of extra trust anchors; null: the platform's only
    /// @param ehloName what we call ourselves
    /// @param connectLimit for the TCP connection
    /// @param dialogLimit for all that follows
    public PortChecker(
            String tlsName,
            @Nullable Path ca,
            String ehloName,
            Duration connectLimit,
            Duration dialogLimit) {
        this(tlsName, new TlsTrust(ca), ehloName, connectLimit, dialogLimit);
    }

    PortChecker(
            String tlsName,
            TlsTrust trust,
            String ehloName,
            Duration connectLimit,
            Duration dialogLimit) {
        this.tlsName = withoutRootDot(tlsName);
        this.ehloName = ehloName;
        this.tls = new TlsSockets(trust, this.tlsName);
        this.connectLimit = connectLimit;
        this.dialogLimit = dialogLimit;
    }

    /// Returns tries as an egress would make them.
    ///
    /// @param hostname what we call ourselves where the configuration does not say
    public static PortChecker of(EgressConfig.Smtp egress, String hostname) {
        Common common = egress.common();
        SmtpEgressConfig smtp = egress.smtp();
        String name = smtp.tlsName();
        String ehloName = smtp.ehloName();
        return new PortChecker(
                name == null ? smtp.host() : name,
                common.ca(),
                ehloName == null ? hostname : ehloName,
                common.connectTimeout(),
                common.commandTimeout());
    }

    /// A name that is spelled out to the root is the same name, but no certificate is for it in
    /// that form.
    static String withoutRootDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    /// Returns whom we speak to, for people: `smtp.example.org:587 [192.0.2.1]`.
    static String peer(InetSocketAddress address) {
        String number = address.getAddress().getHostAddress();
        String host = address.getHostString();
        String shown = host.contains(":") ? "[" + host + "]" : host;
        return shown + ":" + address.getPort() + (number.equals(host) ? "" : " [" + number + "]");
    }

    /// Tries to reach a server.
    ///
    /// @param address resolved; its host name, if it has one, is what people read
    public PortCheck to(InetSocketAddress address, TlsStart opening) {
        return to(address, opening, connectLimit, dialogLimit);
    }

    /// The same with shorter limits.
    ///
    /// @param address resolved
    /// @param connecting the limit of the TCP connection
    /// @param talking the limit of all that follows
    public PortCheck to(
            InetSocketAddress address, TlsStart opening, Duration connecting, Duration talking) {
        return new PortCheckDialog(address, opening, tls, tlsName, ehloName, connecting, talking)
                .run();
    }
}
