package dev.postern.egress;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// Lets every handshake pass and remembers what a judge says of the certificate: to look who
/// answers, never to send anything. For one handshake.
public final class WitnessTrust extends OpportunisticTrust {

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

    /// Returns the context for the handshake.
    public SSLContext context() {
        return TlsTrust.contextOf(this);
    }

    /// Returns what was shown, the server's own first.
    public X509Certificate[] chain() {
        return chain.clone();
    }

    /// Returns why the certificate does not verify for the name; null when it does.
    public @Nullable CertificateException objection() {
        return objection;
    }
}
