package dev.postern.egress.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/// Whom we believe: the platform's trust anchors and those of the `ca` file, which is read again
/// when it changes. Thread-safe.
final class TrustAnchors {

    private final @Nullable Path ca;
    private @Nullable SSLContext context;
    private @Nullable FileTime caRead;

    /// @param ca a PEM file of extra trust anchors; null: the platform's only
    TrustAnchors(@Nullable Path ca) {
        this.ca = ca;
    }

    /// Returns the context for a socket.
    ///
    /// @throws IOException when the `ca` file can't be used; the message names it
    synchronized SSLContext context() throws IOException {
        FileTime now = ca == null ? null : changed(ca);
        SSLContext known = context;
        if (known == null || (now != null && !now.equals(caRead))) {
            known = make();
            context = known;
            caRead = now;
        }
        return known;
    }

    private static FileTime changed(Path ca) throws IOException {
        try {
            return Files.getLastModifiedTime(ca);
        } catch (IOException e) {
            throw new IOException("ca file " + ca + " can't be read", e);
        }
    }

    private SSLContext make() throws IOException {
        try {
            SSLContext made = SSLContext.getInstance("TLS");
            made.init(null, trust(), null);
            return made;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java has no TLS", e);
        }
    }

    private TrustManager @Nullable [] trust() throws IOException, GeneralSecurityException {
        if (ca == null) {
            return null;
        }
        KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
        anchors.load(null, null);
        int count = 0;
        for (TrustManager platform : managers(null)) {
            if (platform instanceof X509TrustManager x509) {
                for (X509Certificate anchor : x509.getAcceptedIssuers()) {
                    anchors.setCertificateEntry("platform-" + count++, anchor);
                }
            }
        }
        for (Certificate anchor : read(ca)) {
            anchors.setCertificateEntry("ca-" + count++, anchor);
        }
        return managers(anchors);
    }

    private static Iterable<? extends Certificate> read(Path ca) throws IOException {
        try (InputStream in = Files.newInputStream(ca)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        } catch (IOException | GeneralSecurityException e) {
            throw new IOException("ca file " + ca + " can't be used", e);
        }
    }

    private static TrustManager[] managers(@Nullable KeyStore anchors)
            throws GeneralSecurityException {
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(anchors);
        return factory.getTrustManagers();
    }
}
