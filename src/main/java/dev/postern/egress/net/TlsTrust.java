package dev.postern.egress.net;

import dev.postern.config.CaFile;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/// Whom we believe: the platform's trust anchors and those of the `ca` file, which is read again
/// when it changes. Thread-safe.
public final class TlsTrust {

    private final @Nullable Path ca;
    private @Nullable NamingTrust judge;
    private @Nullable SSLContext verifying;
    private @Nullable SSLContext lenient;
    private @Nullable FileTime caRead;

    /// @param ca a PEM file of extra trust anchors; null: the platform's only
    public TlsTrust(@Nullable Path ca) {
        this.ca = ca;
    }

    /// The file of trust anchors can't be used.
    public static final class CaUnreadableException extends IOException {
        private static final long serialVersionUID = 1L;

        CaUnreadableException(Path ca, Exception cause) {
            super(ca + ": " + cause.getMessage(), cause);
        }
    }

    /// Returns the context for a socket.
    ///
    /// @param mustVerify false: any certificate is good enough (opportunistic security, RFC 7435
    ///   §3), for `tls: optional`, where clear text would do as well
    /// @throws CaUnreadableException when the `ca` file can't be used
    public synchronized SSLContext context(boolean mustVerify) throws IOException {
        if (!mustVerify) {
            lenient = lenient == null ? contextOf(new Lenient()) : lenient;
            return lenient;
        }
        NamingTrust now = judge();
        SSLContext known = verifying;
        if (known == null) {
            known = contextOf(now);
            verifying = known;
        }
        return known;
    }

    /// Returns who lets any certificate pass and says what it is worth.
    ///
    /// @throws CaUnreadableException when the `ca` file can't be used
    public Witness witness() throws IOException {
        return new Witness(judge());
    }

    private synchronized NamingTrust judge() throws IOException {
        FileTime now = caChanged();
        NamingTrust known = judge;
        if (known == null || (now != null && !now.equals(caRead))) {
            known = new NamingTrust(platformAndCa());
            judge = known;
            verifying = null;
            caRead = now;
        }
        return known;
    }

    private @Nullable FileTime caChanged() throws IOException {
        if (ca == null) {
            return null;
        }
        try {
            return Files.getLastModifiedTime(ca);
        } catch (IOException e) {
            throw new CaUnreadableException(ca, e);
        }
    }

    static SSLContext contextOf(TrustManager trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    private X509ExtendedTrustManager platformAndCa() throws IOException {
        try {
            X509ExtendedTrustManager platform = trust(null);
            if (ca == null) {
                return platform;
            }
            KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
            anchors.load(null, null);
            int count = 0;
            for (X509Certificate anchor : platform.getAcceptedIssuers()) {
                anchors.setCertificateEntry("platform-" + count++, anchor);
            }
            for (X509Certificate anchor : readCa(ca)) {
                anchors.setCertificateEntry("ca-" + count++, anchor);
            }
            return trust(anchors);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the platform's trust anchors can't be used", e);
        }
    }

    private static List<X509Certificate> readCa(Path ca) throws IOException {
        try {
            return CaFile.read(ca);
        } catch (IOException | CertificateException e) {
            throw new CaUnreadableException(ca, e);
        }
    }

    private static X509ExtendedTrustManager trust(@Nullable KeyStore anchors)
            throws GeneralSecurityException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(anchors);
        for (TrustManager manager : factory.getTrustManagers()) {
            if (manager instanceof X509ExtendedTrustManager extended) {
                return extended;
            }
        }
        throw new GeneralSecurityException("no X.509 trust manager");
    }

    /// Judges servers over sockets, and nobody otherwise.
    abstract static class ServerTrust extends X509ExtendedTrustManager {

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType)
                throws CertificateException {
            throw new CertificateException("without a socket nobody is judged");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            checkServerTrusted(chain, authType);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType)
                throws CertificateException {
            throw new CertificateException("clients are not judged");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, authType);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, authType);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /// Takes any certificate: for `tls: optional` without credentials (or to loopback), where the
    /// alternative is clear text (RFC 7435 §3). Never used where credentials would leave the
    /// machine.
    private static final class Lenient extends ServerTrust {

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}
    }

    /// Lets every handshake pass and remembers what a judge says of the certificate: to look who
    /// answers, never to send anything. For one handshake.
    public static final class Witness extends ServerTrust {

        private final NamingTrust judge;
        private volatile X509Certificate[] chain = {};
        private volatile @Nullable CertificateException objection;

        /// @param judge who verifies chain and name
        private Witness(NamingTrust judge) {
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
            return contextOf(this);
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
}
