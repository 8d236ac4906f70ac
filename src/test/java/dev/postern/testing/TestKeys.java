package dev.postern.testing;

import static java.util.stream.Collectors.joining;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/// The keys under `src/test/resources/tls`, whose README says what each is for.
public final class TestKeys {

    private static final String END_OF_KEY = "-----END PRIVATE KEY-----";

    private TestKeys() {}

    /// Returns the file of the private CA that issued most of them.
    public static Path ca() {
        return Path.of("src/test/resources/tls/ca.pem").toAbsolutePath();
    }

    /// Returns a server's context with this key: `localhost`, `other`, `expired`, `stranger`.
    public static SSLContext server(String name) {
        return server(ca().resolveSibling(name + ".pem"));
    }

    /// Returns a server's context with a key, in PEM, and the certificates behind it in the same
    /// file.
    static SSLContext server(Path file) {
        try {
            String pem = Files.readString(file);
            int end = pem.indexOf(END_OF_KEY) + END_OF_KEY.length();
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(
                    "server", key(pem.substring(0, end)), new char[0], chain(pem.substring(end)));
            KeyManagerFactory keys =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, new char[0]);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static PrivateKey key(String pem) throws GeneralSecurityException {
        String base64 = pem.lines().filter(line -> !line.startsWith("-")).collect(joining());
        byte[] pkcs8 = Base64.getDecoder().decode(base64);
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    private static Certificate[] chain(String pem) throws GeneralSecurityException {
        byte[] octets = pem.strip().getBytes(StandardCharsets.US_ASCII);
        return CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(octets))
                .toArray(Certificate[]::new);
    }
}
