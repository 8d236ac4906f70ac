package dev.postern.egress.smtp;

import dev.postern.egress.net.NamingTrust;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.UpstreamReply;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How far a try at a server came, and what was seen on the way ([PortChecker]). A server that came
/// all the way may still show a certificate for somebody else: see [#tls].
///
/// @param address where it went
/// @param opening how it was to be secured
/// @param stage the last stage: [Stage#AUTH] when everything before the log-in was done
/// @param trouble why it went no further, in the words of the trouble table; null when it came all
///   the way
/// @param answer what the server said of itself, inside TLS where there is TLS
/// @param tls the TLS that it spoke; null when none was laid
/// @param took how long each stage took
public record PortCheck(
        InetSocketAddress address,
        PortChecker.TlsStart opening,
        Stage stage,
        @Nullable Verdict trouble,
        Answer answer,
        @Nullable TlsSeen tls,
        Map<Stage, Duration> took) {

    /// How a try ended.
    public enum End {
        /// It came all the way.
        REACHED,
        /// The connection was refused (RST).
        REFUSED,
        /// Nothing came back to the connection: packets are dropped.
        DROPPED,
        /// No route: `Network is unreachable`.
        NO_NETWORK,
        /// `No route to host`, as rejecting firewalls say.
        NO_ROUTE,
        /// This machine forbids it.
        FORBIDDEN,
        /// Connected, and then silence.
        SILENT,
        RESET,
        /// The server ended the connection in the orderly way.
        CLOSED,
        /// The server said no.
        NEGATIVE,
        /// Something that is no SMTP.
        GARBLED,
        /// No agreement on TLS; not the certificate's fault.
        TLS_FAILED,
        /// STARTTLS was wanted and is not offered.
        NO_STARTTLS,
        /// We broke it off.
        BROKEN_OFF,
        OTHER
    }

    /// Returns how it ended.
    public End end() {
        if (trouble == null) {
            return End.REACHED;
        }
        return switch (trouble.symptom()) {
            case CONNECT_REFUSED -> End.REFUSED;
            case CONNECT_TIMEOUT -> End.DROPPED;
            case CONNECT_NO_NETWORK -> End.NO_NETWORK;
            case CONNECT_NO_ROUTE -> End.NO_ROUTE;
            case CONNECT_FORBIDDEN -> End.FORBIDDEN;
            case GREETING_TIMEOUT, TLS_TIMEOUT, TIMEOUT -> End.SILENT;
            case RESET -> End.RESET;
            case CLOSED, GREETING_CLOSED, TLS_ENDED -> End.CLOSED;
            case GARBLED -> End.GARBLED;
            case TLS_PLAIN, TLS_VERSION, TLS_OTHER, STARTTLS_REFUSED -> End.TLS_FAILED;
            case TLS_NOT_OFFERED -> End.NO_STARTTLS;
            case BROKEN_OFF -> End.BROKEN_OFF;
            default -> {
                UpstreamReply last = answer.ehlo() == null ? answer.greeting() : answer.ehlo();
                yield last instanceof UpstreamReply.Answered ? End.NEGATIVE : End.OTHER;
            }
        };
    }

    /// The TLS that a server was seen to speak.
    ///
    /// @param protocol its version: `TLSv1.3`
    /// @param chain the certificates that it showed, its own first
    /// @param distrust why they don't verify for the name asked, in the words of the trouble table;
    ///   null when they do
    public record TlsSeen(
            String protocol, List<X509Certificate> chain, @Nullable Verdict distrust) {

        /// Returns whether the certificate verifies for the name asked.
        public boolean isVerified() {
            return distrust == null;
        }

        /// Returns the names that the server's certificate is for.
        public List<String> names() {
            return chain.isEmpty() ? List.of() : NamingTrust.names(chain.getFirst());
        }

        /// Returns when the server's certificate expires; null when it showed none.
        public @Nullable Instant expires() {
            return chain.isEmpty() ? null : chain.getFirst().getNotAfter().toInstant();
        }
    }
}
