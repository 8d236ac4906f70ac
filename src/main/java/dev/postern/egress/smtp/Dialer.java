package dev.postern.egress.smtp;

import dev.postern.config.EgressCommon;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.egress.TlsTrust;
import dev.postern.outcome.Scene;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.Extension;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Makes connections to the configured server: look-up, TCP, TLS, greeting, EHLO, STARTTLS, AUTH.
///
/// **Contract.** Credentials are sent only after TLS whose certificate verified for the configured
/// name; clear text to a loopback address is the one exception. All addresses of the host are
/// tried, and with `port: auto` all candidate ports, in order; the port that worked last goes
/// first.
///
/// **Diagnostics.** Trouble is a [Dialed.Failed] with the words of the trouble table, never an
/// exception.
///
/// See also: [SubmissionTransport] (what Jakarta Mail does), [TlsTrust] (whom we believe).
final class Dialer {

    /// Turns a name into addresses.
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /// The world outside, as tests may replace it.
    ///
    /// @param resolver DNS
    /// @param candidates the ports of `port: auto`, in order
    record Network(Resolver resolver, List<Integer> candidates) {
        static final Network REAL = new Network(InetAddress::getAllByName, List.of(587, 465, 2525));
    }

    private static final Set<Integer> IMPLICIT_TLS_PORTS = Set.of(465, 2465, 8465);

    /// Where Jakarta Mail logs what is said to the server: under its own name, and under the
    /// package of whoever extends its classes, which is this one. Our own lines go elsewhere (see
    /// [SmtpEgress]). Held, because loggers that nobody holds forget their level.
    private static final List<Logger> JAKARTA_MAIL =
            List.of(
                    Logger.getLogger("org.eclipse.angus.mail"),
                    Logger.getLogger("jakarta.mail"),
                    Logger.getLogger(Dialer.class.getPackageName()));

    static {
        JAKARTA_MAIL.forEach(logger -> logger.setLevel(Level.OFF));
    }

    private final SmtpEgressConfig config;
    private final Duration connectLimit;
    private final Duration commandLimit;
    private final String ehloName;
    private final Network network;
    private final Watchdog watchdog;
    private final String tlsName;
    private final TlsSockets tls;
    private final Session session;
    private volatile int lastPort;

    /// @param ehloName what we call ourselves
    /// @param watchdog looks after all sockets; those of connections are forgotten by their owner
    Dialer(
            EgressCommon common,
            SmtpEgressConfig config,
            String ehloName,
            Network network,
            Watchdog watchdog) {
        this.config = config;
        this.connectLimit = common.connectTimeout();
        this.commandLimit = common.commandTimeout();
        this.ehloName = ehloName;
        this.network = network;
        this.watchdog = watchdog;
        String configuredName = config.tlsName();
        this.tlsName = withoutRootDot(configuredName == null ? config.host() : configuredName);
        this.tls = new TlsSockets(new TlsTrust(common.ca()), tlsName);
        Properties properties = new Properties();
        properties.put("mail.smtp.ssl.socketFactory", tls);
        properties.put("mail.smtp.ssl.protocols", String.join(" ", TlsSockets.PROTOCOLS));
        properties.put("mail.smtp.auth.mechanisms", "PLAIN LOGIN");
        this.session = Session.getInstance(properties);
    }

    /// Makes a connection and logs in.
    ///
    /// @param credentials null: without log-in
    Dialed dial(@Nullable Credentials credentials) {
        List<Dialed.Failed> failures = new ArrayList<>();
        for (int port : ports()) {
            switch (dial(port, credentials)) {
                case Dialed.Connected connected -> {
                    lastPort = port;
                    return connected;
                }
                case Dialed.Failed failed -> failures.add(failed);
            }
        }
        return furthest(failures);
    }

    private List<Integer> ports() {
        if (config.port().isPresent()) {
            return List.of(config.port().getAsInt());
        }
        List<Integer> ports = new ArrayList<>(network.candidates());
        if (ports.remove(Integer.valueOf(lastPort))) {
            ports.addFirst(lastPort);
        }
        return ports;
    }

    /// The port that let us come furthest tells most about what is wrong.
    private static Dialed.Failed furthest(List<Dialed.Failed> failures) {
        Dialed.Failed furthest = failures.getFirst();
        for (Dialed.Failed failed : failures) {
            if (failed.stage().compareTo(furthest.stage()) > 0) {
                furthest = failed;
            }
        }
        return furthest;
    }

    private Dialed dial(int port, @Nullable Credentials credentials) {
        Scene scene = Scene.ofSmtp(Stage.DNS, tlsName, config.host() + ":" + port, commandLimit);
        InetAddress[] addresses;
        try {
            addresses = network.resolver().resolve(config.host());
        } catch (UnknownHostException e) {
            Scene named = Scene.ofSmtp(Stage.DNS, config.host(), scene.peer(), commandLimit);
            return new Dialed.Failed(Trouble.ofFailure(named, e), Stage.DNS);
        }
        Dialed.Failed last = null;
        for (InetAddress address : addresses) {
            Dialed dialed = dial(address, port, credentials);
            if (!(dialed instanceof Dialed.Failed failed) || failed.stage() != Stage.CONNECT) {
                return dialed;
            }
            last = failed;
        }
        if (last == null) {
            throw new AssertionError("a resolver gives an address or throws");
        }
        return last;
    }

    private Dialed dial(InetAddress address, int port, @Nullable Credentials credentials) {
        boolean implicit = isImplicit(port);
        boolean mustVerify = mustVerify(address, credentials);
        String number = address.getHostAddress();
        String host = config.host().contains(":") ? "[" + config.host() + "]" : config.host();
        String peer = host + ":" + port + (number.equals(config.host()) ? "" : " [" + number + "]");
        Scene scene = Scene.ofSmtp(Stage.CONNECT, tlsName, peer, connectLimit);
        NextHopSocket socket = new NextHopSocket(mustVerify);
        watchdog.watch(socket);
        try {
            // An address made with its name needs no reverse look-up later on.
            InetAddress named = InetAddress.getByAddress(config.host(), address.getAddress());
            socket.setTcpNoDelay(true);
            socket.allow(commandLimit);
            socket.connect(
                    new InetSocketAddress(named, port), Math.toIntExact(connectLimit.toMillis()));
        } catch (IOException e) {
            return failed(socket, Trouble.ofFailure(scene, e), Stage.CONNECT);
        }
        return open(socket, implicit, scene, credentials);
    }

    /// A name that is spelled out to the root is the same name, but no certificate is for it in
    /// that form.
    private static String withoutRootDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private boolean isImplicit(int port) {
        return switch (config.tls()) {
            case IMPLICIT -> true;
            case REQUIRED, OPTIONAL -> IMPLICIT_TLS_PORTS.contains(port);
            case NONE -> false;
        };
    }

    private boolean mustVerify(InetAddress address, @Nullable Credentials credentials) {
        return switch (config.tls()) {
            case REQUIRED, IMPLICIT -> true;
            case OPTIONAL, NONE -> credentials != null && !address.isLoopbackAddress();
        };
    }

    private Dialed open(
            NextHopSocket socket,
            boolean implicit,
            Scene scene,
            @Nullable Credentials credentials) {
        SubmissionTransport transport =
                new SubmissionTransport(session, ehloName, socket, credentials);
        transport.setStartTLS(config.tls() != Tls.NONE);
        transport.setRequireStartTLS(socket.mustVerify());
        Stage stage = Stage.TLS;
        try {
            if (implicit) {
                tls.secure(socket);
            }
            stage = Stage.GREETING;
            transport.open();
            Scene opened = scene.at(Stage.AUTH, commandLimit);
            if (credentials != null && !offersAuth(transport)) {
                Verdict verdict = Trouble.ofFinding(opened, "AUTH not offered");
                return failed(socket, verdict, Stage.AUTH);
            }
            return new Dialed.Connected(new Connection(transport, socket, opened, credentials));
        } catch (IOException e) {
            Verdict verdict = Trouble.ofFailure(scene.at(stage, commandLimit), e);
            return failed(socket, verdict, stage);
        } catch (MessagingException e) {
            return refused(socket, transport, scene, e);
        } catch (RuntimeException | Error e) {
            watchdog.forget(socket);
            socket.closeQuietly();
            throw e;
        }
    }

    /// Jakarta Mail knows servers that say `AUTH=LOGIN` only.
    private static boolean offersAuth(SubmissionTransport transport) {
        return transport.supportsExtension(Extension.AUTH.keyword())
                || transport.supportsExtension("AUTH=LOGIN");
    }

    /// Jakarta Mail's exceptions say little; the stage, the network's exception inside, and the
    /// last reply say what happened.
    private Dialed.Failed refused(
            NextHopSocket socket,
            SubmissionTransport transport,
            Scene scene,
            MessagingException e) {
        Stage stage = transport.stage();
        IOException broken = broken(e);
        if (broken != null && stage == Stage.STARTTLS && transport.getLastReturnCode() == 220) {
            stage = Stage.TLS;
        }
        Scene place = scene.at(stage, commandLimit);
        String message = String.valueOf(e.getMessage());
        Verdict verdict;
        if (broken != null) {
            verdict = Trouble.ofFailure(place, socket.named(broken));
        } else if (message.startsWith("STARTTLS is required")) {
            stage = Stage.STARTTLS;
            verdict = Trouble.ofFinding(place.at(stage, commandLimit), "STARTTLS not offered");
        } else if (message.startsWith("No authentication mechanisms")) {
            verdict = Trouble.ofFinding(place, message);
        } else {
            verdict = Trouble.ofReply(place, transport.lastReply());
        }
        return failed(socket, verdict, stage);
    }

    private static @Nullable IOException broken(Throwable e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof IOException broken) {
                return broken;
            }
        }
        return null;
    }

    private Dialed.Failed failed(NextHopSocket socket, Verdict verdict, Stage stage) {
        watchdog.forget(socket);
        socket.closeQuietly();
        return new Dialed.Failed(verdict, stage);
    }
}
