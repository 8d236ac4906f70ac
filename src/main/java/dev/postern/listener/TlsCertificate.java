package dev.postern.listener;

import dev.postern.config.PemKey;
import dev.postern.config.SmtpConfig;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The certificate for STARTTLS (RFC 3207), read again when its files change.
///
/// *Diagnostics.* At start a broken file is an `IOException` that names it. Later it is logged once
/// as an error, and the certificate that worked stays.
final class TlsCertificate {

    /// How often the files are looked at. Secrets mounted by Kubernetes change by a switched link,
    /// which a watch on the directory does not tell reliably.
    static final Duration LOOK_EVERY = Duration.ofSeconds(10);

    /// How long a handshake may take.
    static final Duration HANDSHAKE_AT_MOST = Duration.ofSeconds(30);

    /// Agreements that are kept so that clients of TLS 1.2 need not agree anew; Java would keep
    /// 20,480 for a day.
    private static final int SESSIONS_AT_MOST = 256;

    private static final Duration SESSION_AT_MOST = Duration.ofHours(1);

    private static final Logger log = LoggerFactory.getLogger(TlsCertificate.class);

    private final Path certificateFile;
    private final Path keyFile;
    private volatile Loaded loaded;
    private List<Object> seen;
    private String trouble = "";

    private TlsCertificate(Path certificateFile, Path keyFile) throws IOException {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.seen = stamps();
        this.loaded = load();
    }

    private record Loaded(SslContext context, Instant expires) {}

    /// Returns what tells that the files are others than before.
    private List<Object> stamps() throws IOException {
        List<Object> stamps = new ArrayList<>();
        for (Path file : List.of(certificateFile, keyFile)) {
            stamps.add(Files.getLastModifiedTime(file));
            stamps.add(Files.size(file));
        }
        return stamps;
    }

    /// Loads the certificate; empty when none is configured.
    ///
    /// @throws Listener.UnusableCertificate when it can't be read or used; the message names the
    ///   file
    static Optional<TlsCertificate> of(SmtpConfig.Tls config) throws Listener.UnusableCertificate {
        Path certificate = config.certificate();
        Path key = config.key();
        if (certificate == null || key == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(new TlsCertificate(certificate, key));
        } catch (IOException e) {
            throw new Listener.UnusableCertificate(
                    "smtp.tls: " + certificate + ", " + key + ": " + words(e), e);
        }
    }

    /// A file system's exception has the path alone as its message.
    private static String words(IOException trouble) {
        return trouble instanceof FileSystemException
                ? trouble.toString()
                : String.valueOf(trouble.getMessage());
    }

    /// Returns a handler that does the server's side of a handshake.
    SslHandler newHandler(ByteBufAllocator allocator) {
        SslHandler handler = loaded.context().newHandler(allocator);
        handler.setHandshakeTimeoutMillis(HANDSHAKE_AT_MOST.toMillis());
        return handler;
    }

    /// Returns when the certificate ends.
    Instant expires() {
        return loaded.expires();
    }

    /// Looks whether the files changed, and loads them if so. Blocks.
    synchronized void look() {
        try {
            List<Object> now = stamps();
            if (now.equals(seen)) {
                return;
            }
            seen = now;
            loaded = load();
            trouble = "";
            log.atInfo()
                    .addKeyValue("file", certificateFile)
                    .addKeyValue("expires", loaded.expires())
                    .log("certificate loaded again");
        } catch (IOException e) {
            if (!trouble.equals(e.toString())) {
                trouble = e.toString();
                log.atError()
                        .addKeyValue("file", certificateFile)
                        .addKeyValue("why", trouble)
                        .log("the new certificate can't be used; the old one stays");
            }
        }
    }

    private Loaded load() throws IOException {
        try {
            X509Certificate[] chain = chain();
            PrivateKey key = PemKey.read(keyFile);
            if (!PemKey.matches(key, chain[0].getPublicKey())) {
                throw new GeneralSecurityException("the key is not the certificate's");
            }
            SslContext context =
                    SslContextBuilder.forServer(key, chain)
                            .sslProvider(SslProvider.JDK)
                            .protocols("TLSv1.3", "TLSv1.2")
                            .sessionCacheSize(SESSIONS_AT_MOST)
                            .sessionTimeout(SESSION_AT_MOST.toSeconds())
                            .build();
            return new Loaded(context, chain[0].getNotAfter().toInstant());
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private X509Certificate[] chain() throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(certificateFile)) {
            X509Certificate[] chain =
                    CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
                            .map(X509Certificate.class::cast)
                            .toArray(X509Certificate[]::new);
            if (chain.length == 0) {
                throw new GeneralSecurityException("no certificate in " + certificateFile);
            }
            return chain;
        }
    }
}
