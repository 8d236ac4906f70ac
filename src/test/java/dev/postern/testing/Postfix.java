package dev.postern.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A real Postfix, a private instance: implicit TLS and AUTH by Cyrus SASL on one port, STARTTLS
/// and AUTH on another; what it takes it passes on to a [Sink] at once.
public final class Postfix implements NextHop {

    private static final String MAIN =
            """
            compatibility_level = 3.6
            queue_directory = @HOME@/queue
            data_directory = @HOME@/data
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            meta_directory = /etc/postfix
            shlib_directory = /usr/lib/postfix
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = postfix.example.com
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            mydestination =
            mynetworks =
            # nothing is rewritten or dropped: the test looks at the bytes
            local_header_rewrite_clients =
            message_drop_headers =
            smtp_line_length_limit = 0
            alias_maps =
            alias_database =
            relayhost = [127.0.0.1]:@SINK_PORT@
            smtp_tls_security_level = none
            disable_dns_lookups = yes
            smtpd_relay_restrictions = permit_sasl_authenticated, reject
            smtpd_sasl_auth_enable = yes
            smtpd_sasl_path = smtpd
            smtpd_sasl_local_domain = postfix.example.com
            cyrus_sasl_config_path = @HOME@/etc/sasl
            smtpd_tls_auth_only = yes
            smtpd_tls_cert_file = @CERTIFICATE@
            smtpd_tls_key_file = @KEY@
            message_size_limit = 60000000
            mailbox_size_limit = 0
            maillog_file = @HOME@/maillog
            maillog_file_prefixes = @HOME@
            """;

    private static final String MASTER =
            """
            127.0.0.1:@TLS_PORT@ inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
            127.0.0.1:@PORT@ inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
            127.0.0.1:@PLAIN_PORT@ inet n - n - - smtpd -o smtpd_tls_security_level=none
              -o smtpd_sasl_auth_enable=no -o smtpd_relay_restrictions=permit_mynetworks,reject
              -o mynetworks=127.0.0.0/8 -o smtpd_forbid_bare_newline=no
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            pickup unix n - n 60 1 pickup
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            proxymap unix - - n - - proxymap
            smtp unix - - n - - smtp
            relay unix - - n - - smtp
            error unix - - n - - error
            retry unix - - n - - error
            anvil unix - - n - 1 anvil
            scache unix - - n - 1 scache
            postlog unix-dgram n - n - 1 postlogd
            """;

    private static final String SASL =
            """
            pwcheck_method: auxprop
            auxprop_plugin: sasldb
            sasldb_path: @HOME@/sasldb
            mech_list: PLAIN LOGIN
            """;

    private final Path home;
    private final Sink sink;
    private final Path ca;
    private final int port;
    private final int tlsPort;
    private final int plainPort;
    private final Daemon daemon;

    private Postfix(Path home, List<Integer> ports, Certificates certificates, Sink sink)
            throws IOException {
        this.home = home;
        this.sink = sink;
        this.ca = certificates.ca();
        this.port = ports.get(0);
        this.tlsPort = ports.get(1);
        this.plainPort = ports.get(2);
        write("etc/main.cf", MAIN, certificates);
        write("etc/master.cf", MASTER, certificates);
        write("etc/sasl/smtpd.conf", SASL, certificates);
        this.daemon = Daemon.start(postfix("start-fg"));
    }

    /// Starts Postfix with its files under the directory.
    public static Postfix start(Path directory) throws IOException {
        Access.needsRoot();
        Programs.POSTFIX.require();
        Programs.SASLPASSWD.require();
        Access.passableByAll(directory);
        Path home = Files.createDirectories(directory.resolve("postfix"));
        Access.passableByAll(home);
        Files.createDirectories(home.resolve("queue"));
        Files.createDirectories(home.resolve("etc/sasl"));
        Access.directoryOf("postfix", home.resolve("data"));
        addUser(home);
        Postfix postfix = new Postfix(home, Ports.free(3), Certificates.in(home), Sink.behind(1));
        Await.until("Postfix's greeting", () -> postfix.greetsOrEnded());
        return postfix;
    }

    private static void addUser(Path home) throws IOException {
        Path passwords = home.resolve("sasldb");
        Commands.run(
                        new ProcessBuilder(
                                Programs.SASLPASSWD.require().toString(),
                                "-p",
                                "-c",
                                "-f",
                                passwords.toString(),
                                "-u",
                                "postfix.example.com",
                                "user"),
                        "secret".getBytes(StandardCharsets.US_ASCII))
                .expect(0);
        Access.openToAll(passwords);
    }

    private void write(String file, String text, Certificates certificates) throws IOException {
        Files.writeString(
                home.resolve(file),
                text.replace("@HOME@", home.toString())
                        .replace("@PORT@", Integer.toString(port))
                        .replace("@TLS_PORT@", Integer.toString(tlsPort))
                        .replace("@PLAIN_PORT@", Integer.toString(plainPort))
                        .replace("@SINK_PORT@", Integer.toString(sink.port()))
                        .replace("@CERTIFICATE@", certificates.certificate().toString())
                        .replace("@KEY@", certificates.key().toString()));
    }

    private String[] postfix(String command) {
        String etc = home.resolve("etc").toString();
        return new String[] {Programs.POSTFIX.require().toString(), "-c", etc, command};
    }

    private boolean greetsOrEnded() {
        if (!daemon.isAlive()) {
            throw new AssertionError("Postfix ended: " + daemon.output() + trouble());
        }
        return Ports.greets(port, "220 ");
    }

    @Override
    public List<Arrival> arrivals() {
        return sink.arrivals();
    }

    @Override
    public String egress() {
        return """
          - {name: postfix, type: smtp, host: localhost, port: %d, tls: implicit, ca: %s,
             username: user, password: secret}
        """
                .formatted(tlsPort, ca);
    }

    /// Returns the port that offers STARTTLS.
    public int startTlsPort() {
        return port;
    }

    /// Returns the port that takes mail without TLS and AUTH, so that a wire tap can read it, and
    /// with bare newlines as line ends, as Postfix always did before 2024.
    public int plainPort() {
        return plainPort;
    }

    @Override
    public String trouble() {
        try {
            Path log = home.resolve("maillog");
            return Files.exists(log) ? "\n" + Files.readString(log) : "";
        } catch (IOException broken) {
            return broken.toString();
        }
    }

    /// The control script's child ends its own children when it is told so.
    @Override
    public void close() {
        daemon.close();
        sink.close();
    }
}
