package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.net.TlsTrust;
import dev.postern.egress.net.TlsTrust.Witness;
import dev.postern.egress.smtp.PortCheck.TlsSeen;
import dev.postern.egress.smtp.SubmissionTransport.Refusal;
import dev.postern.egress.smtp.SubmissionTransport.Server;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
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

    final Server server;
    final TryLimits limits;

    /// How long two stretches of a try may take.
    ///
    /// @param connecting the TCP connection
    /// @param talking all that follows
    public record TryLimits(Duration connecting, Duration talking) {}

    /// How the connection is to be secured.
    public enum TlsStart {
        /// TLS from the first octet (RFC 8314 §3.3).
        IMPLICIT_TLS,
        /// STARTTLS, which must be offered (RFC 3207).
        STARTTLS,
        /// STARTTLS where it is offered.
        STARTTLS_IF_OFFERED,
        CLEAR_TEXT;

        /// Returns how a port is opened.
        ///
        /// @param implicit whether TLS starts with the first octet there, unless `tls` says
        ///   otherwise
        public static TlsStart of(Tls tls, boolean implicit) {
            return switch (tls) {
                case IMPLICIT -> IMPLICIT_TLS;
                case REQUIRED -> implicit ? IMPLICIT_TLS : STARTTLS;
                case OPTIONAL -> implicit ? IMPLICIT_TLS : STARTTLS_IF_OFFERED;
                case NONE -> CLEAR_TEXT;
            };
        }

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
    public PortChecker(String tlsName, @Nullable Path ca, String ehloName, TryLimits limits) {
        this.server = new Server(withoutRootDot(tlsName), new TlsTrust(ca), ehloName);
        this.limits = limits;
    }

    /// Returns tries as an egress would make them.
    ///
    /// @param hostname what we call ourselves where the configuration does not say
    public static PortChecker of(EgressConfig.Smtp egress, String hostname) {
        Common common = egress.common();
        SmtpEgressConfig smtp = egress.smtp();
        String ehloName = smtp.ehloName();
        return new PortChecker(
                tlsName(smtp),
                common.ca(),
                ehloName == null ? hostname : ehloName,
                new TryLimits(common.connectTimeout(), common.commandTimeout()));
    }

    /// Returns the name that the server's certificate must be for.
    static String tlsName(SmtpEgressConfig smtp) {
        String name = smtp.tlsName();
        return withoutRootDot(name == null ? smtp.host() : name);
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
        return to(address, opening, limits);
    }

    /// The same with shorter limits.
    public PortCheck to(InetSocketAddress address, TlsStart opening, TryLimits shorter) {
        NextHopSocket socket = NextHopSocket.toLook();
        SubmissionTransport transport = new SubmissionTransport(server, socket, null);
        try {
            Refusal refusal = transport.open(address, opening, shorter);
            TlsSeen tls = tls(socket, transport.context());
            return new PortCheck(
                    address,
                    opening,
                    transport.context().stage(),
                    refusal == null ? null : verdict(refusal, transport.context()),
                    tls == null
                            ? transport.answer(List.of(), null)
                            : transport.answer(tls.names(), tls.distrust()),
                    tls,
                    transport.took());
        } finally {
            socket.closeQuietly();
        }
    }

    private static Verdict verdict(Refusal refusal, Context context) {
        return refusal.broken() != null && Thread.currentThread().isInterrupted()
                ? Trouble.ofFinding(context, Symptom.BROKEN_OFF, "interrupted")
                : refusal.verdict();
    }

    private static @Nullable TlsSeen tls(NextHopSocket socket, Context context) {
        SSLSocket secured = socket.secured();
        Witness witness = socket.witness();
        if (secured == null || witness == null || context.stage() == Stage.TLS) {
            return null;
        }
        CertificateException objection = witness.objection();
        Context place = context.at(Stage.TLS, context.limit());
        Verdict distrust = objection == null ? null : Trouble.ofFailure(place, refusal(objection));
        return new TlsSeen(secured.getSession().getProtocol(), List.of(witness.chain()), distrust);
    }

    /// Returns the exception that a handshake which verifies would have ended with.
    private static IOException refusal(CertificateException objection) {
        IOException refused = new SSLHandshakeException(objection.getMessage());
        refused.initCause(objection);
        return refused;
    }
}
