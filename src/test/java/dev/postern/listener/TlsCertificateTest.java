package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PemKey;
import dev.postern.config.SmtpConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Certificates and keys: every form that OpenSSL writes, errors, and files that change.
class TlsCertificateTest {

    @TempDir Path home;

    private int step;

    private static SmtpConfig.Tls tls(Path certificate, Path key) {
        return new SmtpConfig.Tls(certificate, key, false);
    }

    @ParameterizedTest
    @CsvSource({
        "listener-chain.pem, listener-pkcs8.pem",
        "listener-chain.pem, listener-pkcs1.pem",
        "listener-ec-chain.pem, listener-sec1.pem",
        "listener-ed25519-chain.pem, listener-ed25519.pem",
    })
    void takesEveryFormOfKey(String certificate, String key) throws IOException {
        try (Door door = new Door()) {
            door.set("tls.certificate", certificate).set("tls.key", key).open();
            try (Client client = new Client(door.address())) {
                client.reply();
                client.ask("EHLO x");
                assertEquals("220 2.0.0 Ready to start TLS", client.ask("STARTTLS"));
                SSLSession session = client.startTls();
                assertEquals("TLSv1.3", session.getProtocol());
                assertEquals("250 LIMITS RCPTMAX=1000", client.ask("EHLO x"));
            }
            Instant expires = door.listener().status().certificateExpiry();
            assertTrue(expires.isAfter(Instant.parse("2050-01-01T00:00:00Z")));
        }
    }

    @Test
    void noCertificateIsNoTls() throws IOException {
        assertEquals(Optional.empty(), TlsCertificate.of(new SmtpConfig.Tls(null, null, false)));
    }

    @ParameterizedTest
    @CsvSource({
        "listener-chain.pem, listener-encrypted.pem, is encrypted",
        "listener-chain.pem, listener-sec1.pem, the key is not the certificate's",
        "listener-chain.pem, listener-chain.pem, no PRIVATE KEY in",
        "listener-pkcs8.pem, listener-pkcs8.pem, listener-pkcs8.pem",
        "/nowhere/chain.pem, listener-pkcs8.pem, /nowhere/chain.pem",
    })
    void saysWhatIsWrongWithTheFiles(String certificate, String key, String words) {
        IOException trouble =
                assertThrows(
                        IOException.class,
                        () -> TlsCertificate.of(tls(Door.file(certificate), Door.file(key))));
        assertTrue(trouble.toString().contains(words), trouble.toString());
    }

    @Test
    void garbageInAPemBlockIsSaid() throws IOException {
        Path key = home.resolve("key.pem");
        Files.writeString(
                key, "-----BEGIN EC PRIVATE KEY-----\nMAMCAQE=\n-----END EC PRIVATE KEY-----\n");
        assertThrows(GeneralSecurityException.class, () -> PemKey.read(key));
    }

    @Test
    void newFilesAreUsedAndBrokenOnesAreNot() throws IOException {
        Path certificate = home.resolve("chain.pem");
        Path key = home.resolve("key.pem");
        put("listener-chain.pem", certificate);
        put("listener-pkcs8.pem", key);
        TlsCertificate startTls = TlsCertificate.of(tls(certificate, key)).orElseThrow();
        Instant first = startTls.expires();

        // The certificate is replaced before its key: half a change is not used.
        put("listener-ec-chain.pem", certificate);
        startTls.look();
        assertEquals(first, startTls.expires());

        put("listener-sec1.pem", key);
        startTls.look();
        Instant second = startTls.expires();
        assertNotEquals(first, second);

        Files.writeString(certificate, "no certificate at all");
        startTls.look();
        Files.delete(certificate);
        startTls.look();
        assertEquals(second, startTls.expires());

        put("listener-chain.pem", certificate);
        put("listener-pkcs8.pem", key);
        startTls.look();
        assertEquals(first, startTls.expires());
    }

    private void put(String resource, Path file) throws IOException {
        Files.copy(Door.file(resource), file, StandardCopyOption.REPLACE_EXISTING);
        // File systems' clocks are coarse; each replacement is later here.
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000L + 1000L * step++));
    }
}
