package dev.postern.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/// The Exim of a rented server, as its hoster set it up: it listens on all mail ports, offers
/// STARTTLS with the server's own certificate, wants a log-in that nobody has, and takes no mail.
/// With a firewall that hands it all mail connections it answers in every provider's place.
///
/// It runs with debugging on, so that all that was ever said to it is known.
public final class VpsExim implements AutoCloseable {

    /// What it is called.
    public static final String HOST = "vps-3f2a1c.example";

    private static final String USER = "Debian-exim";

    private static final String CONFIGURATION =
            """
            primary_hostname = @HOST@
            exim_path = @HOME@/exim4
            spool_directory = @HOME@/spool
            log_file_path = @HOME@/spool/%slog
            pid_file_path = @HOME@/spool/exim.pid
            local_interfaces = <; 0.0.0.0 ; ::0
            daemon_smtp_ports = 25 : 465 : 587
            tls_on_connect_ports = 465
            tls_advertise_hosts = *
            tls_certificate = @CERTIFICATE@
            tls_privatekey = @KEY@
            smtp_accept_max = 200
            smtp_accept_queue_per_connection = 0
            rfc1413_query_timeout = 0s
            keep_environment =
            log_selector = +smtp_connection +smtp_no_mail +tls_sni
            acl_smtp_rcpt = refuse
            begin acl
            refuse:
              deny message = relay not permitted
            begin authenticators
            plain:
              driver = plaintext
              public_name = PLAIN
              server_prompts = :
              server_condition = false
            login:
              driver = plaintext
              public_name = LOGIN
              server_prompts = Username:: : Password::
              server_condition = false
            """;

    private final Path log;
    private final Daemon daemon;

    private VpsExim(Path home, Netns netns, Certificates certificates) throws IOException {
        this.log = home.resolve("spool/mainlog");
        Path configuration = home.resolve("exim.conf");
        Files.writeString(
                configuration,
                CONFIGURATION
                        .replace("@HOST@", HOST)
                        .replace("@HOME@", home.toString())
                        .replace("@CERTIFICATE@", certificates.certificate().toString())
                        .replace("@KEY@", certificates.key().toString()));
        List<String> command =
                List.of(
                        home.resolve("exim4").toString(),
                        "-C",
                        configuration.toString(),
                        "-d-all+receive+auth",
                        "-bdf");
        this.daemon = Daemon.start(new ProcessBuilder(netns.command(command)));
    }

    /// Starts it on a machine.
    static VpsExim start(Path directory, Netns machine) throws IOException {
        Path binary = Programs.EXIM.require();
        Access.passableByAll(directory);
        Path home = Access.directoryOf(USER, directory.resolve("vps"));
        Access.directoryOf(USER, home.resolve("spool"));
        // It runs itself again as its user, who may not reach the place that it was unpacked to.
        Files.copy(binary, home.resolve("exim4"), StandardCopyOption.COPY_ATTRIBUTES);
        Certificates own = Certificates.in(home, List.of(HOST));
        VpsExim exim = new VpsExim(home, machine, own);
        Await.until("Exim's greeting", () -> exim.greetsOrEnded(machine.passage(25)));
        return exim;
    }

    private boolean greetsOrEnded(int port) {
        if (!daemon.isAlive()) {
            throw new AssertionError("Exim ended: " + daemon.output());
        }
        return Ports.greets(port, "220 " + HOST + " ESMTP Exim 4");
    }

    /// Returns all that was said to it and that it did, line by line.
    public List<String> heard() {
        return daemon.lines();
    }

    /// Returns its log of connections.
    public String log() throws IOException {
        return Files.exists(log) ? Files.readString(log, StandardCharsets.ISO_8859_1) : "";
    }

    @Override
    public void close() {
        daemon.close();
    }
}
