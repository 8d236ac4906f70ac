package dev.postern.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// A real OpenSMTPD, on loopback in plain text; what it takes it passes on to a [Sink] at once.
///
/// No TLS, and so no AUTH, which it offers under TLS only: Debian 12's build of it (6.8.0p2 with
/// OpenSSL 3) breaks off every handshake, upstream's issue 1239. The places that are compiled into
/// it, its queue and its control socket, are its own: it runs in a mount namespace.
///
/// It removes Bcc fields by itself.
public final class OpenSmtpd implements NextHop {

    private static final String CONFIGURATION =
            """
            smtp max-message-size "60M"
            listen on 127.0.0.1 port @PORT@ hostname opensmtpd.example.com
            action "sink" relay host "smtp://127.0.0.1:@SINK_PORT@"
            match from any for any action "sink"
            """;

    private static final String SCRIPT =
            """
            set -e
            mount --make-rprivate /
            mkdir -p /var/spool/smtpd
            mount -t tmpfs -o size=256m,mode=711 spool /var/spool/smtpd
            mount -t tmpfs -o size=1m,mode=755 run /run
            exec "$1" -d -f "$2"
            """;

    private final int port;
    private final Sink sink;
    private final Daemon daemon;

    private OpenSmtpd(Path configuration, int port, Sink sink) throws IOException {
        this.port = port;
        this.sink = sink;
        Files.writeString(
                configuration,
                CONFIGURATION
                        .replace("@PORT@", Integer.toString(port))
                        .replace("@SINK_PORT@", Integer.toString(sink.port())));
        this.daemon =
                Daemon.start(
                        Stream.concat(
                                        Access.unshare("--mount").stream(),
                                        Stream.of(
                                                "sh",
                                                "-c",
                                                SCRIPT,
                                                "opensmtpd",
                                                Programs.SMTPD.require().toString(),
                                                configuration.toString()))
                                .toArray(String[]::new));
    }

    /// Starts OpenSMTPD with its configuration in the directory.
    public static OpenSmtpd start(Path directory) throws IOException {
        Access.needsRoot();
        Programs.SMTPD.require();
        Path configuration = directory.resolve("smtpd.conf");
        OpenSmtpd smtpd = new OpenSmtpd(configuration, Ports.free(1).getFirst(), Sink.behind(1));
        Await.until("OpenSMTPD's greeting", () -> smtpd.greetsOrEnded());
        return smtpd;
    }

    private boolean greetsOrEnded() {
        if (!daemon.isAlive()) {
            throw new AssertionError("OpenSMTPD ended: " + daemon.output());
        }
        return Ports.greets(port, "220 ");
    }

    @Override
    public List<Arrival> arrivals() {
        return sink.arrivals();
    }

    @Override
    public String egress() {
        return "  - {name: opensmtpd, type: smtp, host: 127.0.0.1, port: %d, tls: none}\n"
                .formatted(port);
    }

    @Override
    public String trouble() {
        return "\n" + daemon.output();
    }

    @Override
    public void close() {
        daemon.close();
        sink.close();
    }
}
