package dev.postern.outcome;

import java.security.cert.CertificateException;

/// A certificate that did not verify, with what it says of itself, so that the words about it can
/// name the server that really answered.
public final class CertificateRefused extends CertificateException {

    private static final long serialVersionUID = 1L;

    private final String presented;

    /// @param presented the names and the issuer of the certificate: `vps.example.net (issued by
    ///   R3)`
    /// @param cause why it was refused
    public CertificateRefused(String presented, CertificateException cause) {
        super(cause.getMessage(), cause);
        this.presented = presented;
    }

    /// Returns the names and the issuer.
    public String presented() {
        return presented;
    }
}
