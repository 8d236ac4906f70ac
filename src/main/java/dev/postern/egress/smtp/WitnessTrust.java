package dev.postern.egress.smtp;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import org.jspecify.annotations.Nullable;

/// Lets every handshake pass and remembers what a judge says of the certificate: to look who
/// answers, never to send anything. For one handshake.
final class WitnessTrust extends OpportunisticTrust {

    private final NamingTrust judge;
    private volatile X509Certificate[] chain = {};
    private volatile @Nullable CertificateException objection;

    /// @param judge who verifies chain and name
    WitnessTrust(NamingTrust judge) {
        this.judge = judge;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] shown, String authType, Socket socket) {
        chain = shown.clone();
        try {
            judge.checkServerTrusted(shown, authType, socket);
        } catch (CertificateException e) {
            objection = e;
        }
    }

    /// Returns what was shown, the server's own first.
    X509Certificate[] chain() {
        return chain.clone();
    }

    /// Returns why the certificate does not verify for the name; null when it does.
    @Nullable CertificateException objection() {
        return objection;
    }
}
