package dev.postern.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/// The `ca` file of an egress: certificates in PEM (RFC 7468 §5), with any text between them.
public final class CaFile {

    private static final String BEGIN = "-----BEGIN CERTIFICATE-----";

    private CaFile() {}

    /// Returns the certificates of a file, at least one.
    ///
    /// @throws CertificateException when it is not PEM, or has a certificate that is none
    /// @throws IOException when it can't be read
    public static List<X509Certificate> read(Path file) throws IOException, CertificateException {
        return parse(Files.readString(file));
    }

    /// Returns the certificates of a text, at least one.
    public static List<X509Certificate> parse(String text) throws CertificateException {
        if (!text.contains(BEGIN)) {
            throw new CertificateException("has no certificate in PEM: " + BEGIN);
        }
        List<X509Certificate> found =
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(new ByteArrayInputStream(text.getBytes(UTF_8)))
                        .stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        if (found.isEmpty()) {
            throw new CertificateException("has no certificate that can be read");
        }
        return found;
    }
}
