package dev.postern.testing;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;

/// A certificate authority of the test's own and a certificate by it.
///
/// @param ca the authority's certificate, PEM
/// @param certificate the server's certificate, PEM
/// @param key the server's private key, PEM, readable by whoever the servers become
public record Certificates(Path ca, Path certificate, Path key) {

    private static final String PASSWORD = "not-secret";
    private static final String EXTENSIONS =
            """
            [ca]
            basicConstraints=critical,CA:TRUE
            keyUsage=keyCertSign
            [server]
            basicConstraints=CA:FALSE
            @NAMES@
            """;

    /// Makes them in the directory, for this machine.
    public static Certificates in(Path directory) throws IOException {
        return withExtension(directory, "subjectAltName=DNS:localhost,IP:127.0.0.1");
    }

    /// Makes them in the directory, for servers of these names.
    public static Certificates in(Path directory, List<String> names) throws IOException {
        String all = names.stream().map("DNS:"::concat).collect(joining(","));
        return withExtension(directory, "subjectAltName=" + all);
    }

    /// Makes them in the directory, for a server whose common name is `localhost`.
    ///
    /// @param extension a line for openssl, `subjectAltName=email:me@example.org`; empty: none
    public static Certificates withExtension(Path directory, String extension) throws IOException {
        Path extensions = directory.resolve("extensions.cnf");
        Files.writeString(extensions, EXTENSIONS.replace("@NAMES@", extension));
        makeKey(directory, "ca", "/CN=Test authority");
        makeKey(directory, "server", "/CN=localhost");
        String sections = extensions.toString();
        openssl(
                directory,
                "x509 -req -in ca.csr -signkey ca.key -days 2 -out ca.pem"
                        + " -extensions ca -extfile "
                        + sections);
        openssl(
                directory,
                "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial"
                        + " -days 2 -out server.pem -extensions server -extfile "
                        + sections);
        Path key = directory.resolve("server.key");
        Access.openToAll(key);
        return new Certificates(directory.resolve("ca.pem"), directory.resolve("server.pem"), key);
    }

    /// Returns the context of a server that shows the certificate.
    public SSLContext server() throws IOException {
        Path both = key.resolveSibling("server-both.pem");
        Files.writeString(both, Files.readString(key) + Files.readString(certificate));
        return TestKeys.server(both);
    }

    /// Returns options for a Java that trusts the authority, and no other.
    ///
    /// @param directory where the file is written that they name
    public String javaOptions(Path directory) throws IOException {
        Path store = directory.resolve("trust.p12");
        try (InputStream pem = Files.newInputStream(ca);
                OutputStream out = Files.newOutputStream(store)) {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
            trusted.store(out, PASSWORD.toCharArray());
        } catch (GeneralSecurityException broken) {
            throw new AssertionError(broken);
        }
        return "-Djavax.net.ssl.trustStore=%s -Djavax.net.ssl.trustStorePassword=%s"
                .formatted(store, PASSWORD);
    }

    private static void makeKey(Path directory, String name, String subject) throws IOException {
        openssl(
                directory,
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "
                        + name
                        + ".key -out "
                        + name
                        + ".csr -subj",
                subject);
    }

    private static void openssl(Path directory, String arguments, String... more)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(Programs.OPENSSL.require().toString()));
        command.addAll(List.of(arguments.split(" ")));
        command.addAll(List.of(more));
        Commands.run(new ProcessBuilder(command).directory(directory.toFile())).expect(0);
    }
}
