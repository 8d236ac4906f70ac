package dev.postern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A real Exim 4: submission with STARTTLS and AUTH on one port, implicit TLS and AUTH on another;
/// what it takes it puts into a Maildir, a file a message.
public final class Exim implements NextHop {

    private static final String USER = "Debian-exim";

    private static final String CONFIGURATION =
            """
            primary_hostname = exim.example.com
            exim_path = @HOME@/exim4
            spool_directory = @HOME@/spool
            log_file_path = @HOME@/spool/%slog
            pid_file_path = @HOME@/spool/exim.pid
            local_interfaces = <; [127.0.0.1]:@PORT@ ; [127.0.0.1]:@TLS_PORT@ ; \\
              [127.0.0.1]:@PLAIN_PORT@
            tls_on_connect_ports = @TLS_PORT@
            tls_advertise_hosts = *
            tls_certificate = @CERTIFICATE@
            tls_privatekey = @KEY@
            auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
            message_size_limit = 60M
            smtp_accept_max = 100
            smtp_accept_queue_per_connection = 0
            rfc1413_query_timeout = 0s
            keep_environment =
            log_selector = +received_recipients +smtp_connection +smtp_protocol_error
            acl_smtp_rcpt = check_rcpt
            begin acl
            check_rcpt:
              accept authenticated = *
              accept condition = ${if eq{$received_port}{@PLAIN_PORT@}}
              deny message = log in first
            begin routers
            all:
              driver = accept
              transport = maildir
            begin transports
            maildir:
              driver = appendfile
              directory = @HOME@/mail
              maildir_format
              create_directory
              return_path_add
              envelope_to_add
              use_crlf
              batch_max = 1000
              user = Debian-exim
            begin authenticators
            plain:
              driver = plaintext
              public_name = PLAIN
              server_prompts = :
              server_condition = ${if and{{eq{$auth2}{user}}{eq{$auth3}{secret}}}}
              server_set_id = $auth2
            login:
              driver = plaintext
              public_name = LOGIN
              server_prompts = Username:: : Password::
              server_condition = ${if and{{eq{$auth1}{user}}{eq{$auth2}{secret}}}}
              server_set_id = $auth1
            """;

    private final Path home;
    private final int port;
    private final int tlsPort;
    private final int plainPort;
    private final Path ca;
    private final Daemon daemon;

    private Exim(Path home, List<Integer> ports, Certificates certificates) throws IOException {
        this.home = home;
        this.port = ports.get(0);
        this.tlsPort = ports.get(1);
        this.plainPort = ports.get(2);
        this.ca = certificates.ca();
        Path configuration = home.resolve("exim.conf");
        Files.writeString(
                configuration,
                CONFIGURATION
                        .replace("@HOME@", home.toString())
                        .replace("@PORT@", Integer.toString(port))
                        .replace("@TLS_PORT@", Integer.toString(tlsPort))
                        .replace("@PLAIN_PORT@", Integer.toString(plainPort))
                        .replace("@CERTIFICATE@", certificates.certificate().toString())
                        .replace("@KEY@", certificates.key().toString()));
        this.daemon = Daemon.start(home + "/exim4", "-C", configuration.toString(), "-bdf");
    }

    /// Starts Exim with its files under the directory.
    public static Exim start(Path directory) throws IOException {
        Access.needsRoot();
        Path binary = Programs.EXIM.require();
        Access.passableByAll(directory);
        Path home = Access.directoryOf(USER, directory.resolve("exim"));
        Access.directoryOf(USER, home.resolve("spool"));
        // It runs itself again as its user, who may not reach the place that it was unpacked to.
        Files.copy(binary, home.resolve("exim4"), StandardCopyOption.COPY_ATTRIBUTES);
        Exim exim = new Exim(home, Ports.free(3), Certificates.in(home));
        Await.until("Exim's greeting", () -> exim.greetsOrEnded());
        return exim;
    }

    private boolean greetsOrEnded() {
        if (!daemon.isAlive()) {
            throw new AssertionError("Exim ended: " + daemon.output() + trouble());
        }
        return Ports.greets(port, "220 ");
    }

    @Override
    public List<Arrival> arrivals() {
        Path mail = home.resolve("mail/new");
        if (!Files.isDirectory(mail)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(mail)) {
            return files.sorted().map(Exim::arrival).toList();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// It puts three fields first: Return-path, Envelope-to, Received.
    private static Arrival arrival(Path file) {
        try {
            HeaderSection content = HeaderSection.of(Files.readAllBytes(file));
            String sender = valueOf(content, 0).replaceAll("[<>]", "");
            var recipients =
                    Arrays.stream(valueOf(content, 1).split(",\\s*")).collect(Collectors.toSet());
            HeaderSection bare =
                    content.withoutFirst("Return-path")
                            .withoutFirst("Envelope-to")
                            .withoutFirst("Received");
            return new Arrival(sender, recipients, bare);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static String valueOf(HeaderSection content, int field) {
        return content.fields().get(field).split(":", 2)[1].strip();
    }

    @Override
    public String egress() {
        return """
          - {name: exim, type: smtp, host: localhost, port: %d, tls: required, ca: %s,
             username: user, password: secret}
        """
                .formatted(port, ca);
    }

    /// Returns the port with STARTTLS and AUTH.
    public int submissionPort() {
        return port;
    }

    /// Returns the authority of its certificate, which is for `localhost`.
    public Path ca() {
        return ca;
    }

    /// Returns the port that speaks TLS from the first byte.
    public int tlsPort() {
        return tlsPort;
    }

    /// Returns the port that takes mail without AUTH, also without TLS: a wire tap can read it.
    public int plainPort() {
        return plainPort;
    }

    @Override
    public String trouble() {
        StringBuilder logs = new StringBuilder();
        for (String log : List.of("mainlog", "paniclog", "rejectlog")) {
            Path file = home.resolve("spool").resolve(log);
            try {
                logs.append(
                        Files.exists(file)
                                ? "\n" + Files.readString(file, StandardCharsets.ISO_8859_1)
                                : "");
            } catch (IOException broken) {
                logs.append(broken);
            }
        }
        return logs.toString();
    }

    @Override
    public void close() {
        daemon.close();
    }
}
