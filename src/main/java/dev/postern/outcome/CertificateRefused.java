package dev.postern.outcome;

import java.security.cert.CertificateException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A certificate that did not verify, with what it says of itself, so that the words about it can
/// name the server that really answered.
public final class CertificateRefused extends CertificateException {

    private static final long serialVersionUID = 1L;

    private final String presented;
    private final String[] names;

    /// @param presented the names and the issuer of the certificate: `vps.example.net (issued by
    ///   R3)`
    /// @param names the names alone
    /// @param cause why it was refused
    public CertificateRefused(String presented, List<String> names, CertificateException cause) {
        super(cause.getMessage(), cause);
        this.presented = presented;
        this.names = names.toArray(String[]::new);
    }

    /// Returns the refusal that caused a failure; null when none did.
    public static @Nullable CertificateRefused in(@Nullable Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof CertificateRefused refused) {
                return refused;
            }
        }
        return null;
    }

    /// Returns the names and the issuer.
    public String presented() {
        return presented;
    }

    /// Returns the names that it is for.
    public List<String> names() {
        return List.of(names);
    }
}
