package dev.postern.egress.smtp;

import dev.postern.egress.NamingTrust;
import dev.postern.outcome.Verdict;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The TLS that a server was seen to speak.
///
/// @param protocol its version: `TLSv1.3`
/// @param chain the certificates that it showed, its own first
/// @param distrust why they don't verify for the name asked, in the words of the trouble table;
///   null when they do
public record TlsSeen(String protocol, List<X509Certificate> chain, @Nullable Verdict distrust) {

    public TlsSeen {
        chain = List.copyOf(chain);
    }

    /// Returns whether the certificate verifies for the name asked.
    public boolean isVerified() {
        return distrust == null;
    }

    /// Returns the names that the server's certificate is for.
    public List<String> names() {
        return chain.isEmpty() ? List.of() : NamingTrust.names(chain.getFirst());
    }

    /// Returns who issued the server's certificate; empty when it showed none.
    public String issuer() {
        return chain.isEmpty() ? "" : NamingTrust.issuer(chain.getFirst());
    }

    /// Returns when the server's certificate expires; null when it showed none.
    public @Nullable Instant expires() {
        return chain.isEmpty() ? null : chain.getFirst().getNotAfter().toInstant();
    }
}
