package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig.Common;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SmtpEgressConfig.Tls;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.CandidateView;
import dev.postern.egress.TlsTrust;
import dev.postern.egress.smtp.NextHopSocket.Watchdog;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortRace.Candidate;
import dev.postern.egress.smtp.ServerCheck.Interception;
import dev.postern.outcome.CertificateRefused;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.Extension;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Makes connections to the configured server: look-up, TCP, TLS, greeting, EHLO, STARTTLS, AUTH.
///
/// **Contract.** Credentials are sent only after TLS whose certificate verified for the configured
/// name; clear text to a loopback address is the one exception. All addresses of the host are
/// tried, in order; with `port: auto` it goes the way that a race found ([PortFinder]), and races
/// anew when that way does not work any more.
///
/// **Diagnostics.** Trouble is a [ConnectResult.Failed] with the words of the trouble table, never
/// an exception.
///
/// See also: [SubmissionTransport] (what Jakarta Mail does), [TlsTrust] (whom we believe),
/// [Interception] (who else may answer).
final class SmtpDialer {

    /// Turns a name into addresses.
    @FunctionalInterface
    interface Resolver {
        InetAddress[] resolve(String host) throws UnknownHostException;
    }

    /// The world outside, as tests may replace it.
    ///
    /// @param resolver DNS
    /// @param stagger between the starts of a race (RFC 8305 §8)
    record Network(Resolver resolver, Duration stagger) {
        static final Network REAL = new Network(InetAddress::getAllByName, Duration.ofMillis(250));
    }

    /// Where Jakarta Mail logs what is said to the server: under its own name, and under the
    /// package of whoever extends its classes, which is this one. Our own lines go elsewhere (see
    /// [SmtpEgress]). Held, because loggers that nobody holds forget their level.
    private static final List<Logger> JAKARTA_MAIL =
            List.of(
                    Logger.getLogger("org.eclipse.angus.mail"),
                    Logger.getLogger("jakarta.mail"),
                    Logger.getLogger(SmtpDialer.class.getPackageName()));

    static {
        JAKARTA_MAIL.forEach(logger -> logger.setLevel(Level.OFF));
    }

    private final SmtpEgressConfig config;
    private final Duration connectLimit;
    private final Duration commandLimit;
    private final String ehloName;
    private final Resolver resolver;
    private final ServerCheck screening;
    private final PortFinder finder;
    private final Watchdog watchdog;
    private final String tlsName;
    private final TlsSockets tls;
    private final Session session;

    /// @param hostname what we call ourselves where the configuration does not say
    /// @param watchdog looks after all sockets; those of connections are forgotten by their owner
    SmtpDialer(
            Common common,
            SmtpEgressConfig config,
            String hostname,
            Network network,
            Watchdog watchdog) {
        this.config = config;
        this.connectLimit = common.connectTimeout();
        this.commandLimit = common.commandTimeout();
        String configuredEhlo = config.ehloName();
        this.ehloName = configuredEhlo == null ? hostname : configuredEhlo;
        this.resolver = network.resolver();
        this.watchdog = watchdog;
        String configuredName = config.tlsName();
        String name = configuredName == null ? config.host() : configuredName;
        this.tlsName = PortChecker.withoutRootDot(name);
        TlsTrust trust = new TlsTrust(common.ca());
        this.tls = new TlsSockets(trust, tlsName);
        this.screening = ServerCheck.of(config, hostname);
        PortChecker reach = new PortChecker(tlsName, trust, ehloName, connectLimit, commandLimit);
        this.finder = new PortFinder(common, config, network, reach, screening);
        Properties properties = new Properties();
        properties.put("mail.smtp.ssl.socketFactory", tls);
        properties.put("mail.smtp.ssl.protocols", String.join(" ", TlsSockets.PROTOCOLS));
        properties.put("mail.smtp.auth.mechanisms", "PLAIN LOGIN");
        this.session = Session.getInstance(properties);
    }

    /// Makes a connection and logs in.
    ///
    /// @param credentials null: without log-in
    ConnectResult dial(@Nullable Credentials credentials) {
        if (config.port().isPresent()) {
            return dial(config.port().getAsInt(), credentials);
        }
        Candidate known = finder.remembered();
        if (known != null) {
            ConnectResult dialed = dial(known, credentials);
            if (!isBlocked(dialed)) {
                return dialed;
            }
            finder.forget();
        }
        return race(credentials);
    }

    private ConnectResult race(@Nullable Credentials credentials) {
        try {
            return switch (finder.find()) {
                case PortFinder.Found.At(Candidate candidate) -> {
                    ConnectResult dialed = dial(candidate, credentials);
                    if (isBlocked(dialed)) {
                        finder.forget();
                    }
                    yield dialed;
                }
                case PortFinder.Found.Nowhere(Verdict verdict, Stage stage) ->
                        new ConnectResult.Failed(verdict, stage);
            };
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            Context context = Context.ofSmtp(Stage.CONNECT, tlsName, config.host(), connectLimit);
            Verdict verdict = Trouble.ofFinding(context, Symptom.BROKEN_OFF, "interrupted");
            return new ConnectResult.Failed(verdict, Stage.CONNECT);
        }
    }

    /// Returns whether this way to the server does not work any more: another may. What the server
    /// itself replied says nothing about the way.
    private static boolean isBlocked(ConnectResult dialed) {
        return dialed instanceof ConnectResult.Failed failed
                && !Thread.currentThread().isInterrupted()
                && failed.verdict().outcome() instanceof Outcome.Unavailable unavailable
                && switch (unavailable.fault()) {
                    case NETWORK, TIMEOUT, TLS, CERTIFICATE, INTERCEPTION -> true;
                    case CREDENTIALS, ACCOUNT, QUOTA, SERVICE -> false;
                };
    }

    /// Returns what came of each way to the server that was raced last.
    List<CandidateView> candidates() {
        return finder.views();
    }

    /// Breaks off what is on.
    void close() {
        finder.close();
    }

    private ConnectResult dial(Candidate candidate, @Nullable Credentials credentials) {
        return dial(candidate.address(), candidate.opening(), credentials);
    }

    private ConnectResult dial(int port, @Nullable Credentials credentials) {
        Context context =
                Context.ofSmtp(Stage.DNS, tlsName, config.host() + ":" + port, commandLimit);
        InetAddress[] addresses;
        try {
            addresses = resolver.resolve(config.host());
        } catch (UnknownHostException e) {
            Context named = Context.ofSmtp(Stage.DNS, config.host(), context.peer(), commandLimit);
            return new ConnectResult.Failed(Trouble.ofFailure(named, e), Stage.DNS);
        }
        ConnectResult.Failed last = null;
        for (InetAddress address : addresses) {
            ConnectResult dialed = dial(named(address, port), opening(port), credentials);
            if (!(dialed instanceof ConnectResult.Failed failed)
                    || failed.stage() != Stage.CONNECT) {
                return dialed;
            }
            last = failed;
        }
        if (last == null) {
            throw new AssertionError("a resolver gives an address or throws");
        }
        return last;
    }

    /// An address made with its name needs no reverse look-up later on.
    private InetSocketAddress named(InetAddress address, int port) {
        try {
            InetAddress named = InetAddress.getByAddress(config.host(), address.getAddress());
            return new InetSocketAddress(named, port);
        } catch (UnknownHostException e) {
            throw new AssertionError("the octets of an address are an address", e);
        }
    }

    private TlsStart opening(int port) {
        return Candidate.opening(config.tls(), SubmissionPort.isImplicit(port));
    }

    private ConnectResult dial(
            InetSocketAddress address, TlsStart opening, @Nullable Credentials credentials) {
        Context context =
                Context.ofSmtp(Stage.CONNECT, tlsName, PortChecker.peer(address), connectLimit);
        NextHopSocket socket = new NextHopSocket(screening.mustVerify(address.getAddress()));
        watchdog.watch(socket);
        try {
            socket.setTcpNoDelay(true);
            socket.allow(commandLimit);
            socket.connect(address, Math.toIntExact(connectLimit.toMillis()));
        } catch (IOException e) {
            return failed(socket, Trouble.ofFailure(context, e), Stage.CONNECT);
        }
        return open(socket, opening == TlsStart.IMPLICIT_TLS, context, credentials);
    }

    private ConnectResult open(
            NextHopSocket socket,
            boolean implicit,
            Context context,
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
            Context opened = context.at(Stage.AUTH, commandLimit);
            Verdict stranger = stranger(socket, transport, opened, null, null);
            if (stranger != null) {
                return failed(socket, stranger, Stage.AUTH);
            }
            if (credentials != null && !offersAuth(transport)) {
                Verdict verdict = Trouble.ofFinding(opened, Symptom.AUTH_NOT_OFFERED);
                return failed(socket, verdict, Stage.AUTH);
            }
            return new ConnectResult.Connected(
                    new SmtpConnection(transport, socket, opened, credentials));
        } catch (IOException e) {
            Context place = context.at(stage, commandLimit);
            Verdict verdict = Trouble.ofFailure(place, e);
            Verdict stranger = stranger(socket, transport, place, verdict, e);
            return failed(socket, stranger == null ? verdict : stranger, stage);
        } catch (MessagingException e) {
            return refused(socket, transport, context, e);
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
    private ConnectResult.Failed refused(
            NextHopSocket socket,
            SubmissionTransport transport,
            Context context,
            MessagingException e) {
        Stage stage = transport.stage();
        IOException broken = broken(e);
        if (broken != null && stage == Stage.STARTTLS && transport.isReady()) {
            stage = Stage.TLS;
        }
        Context place = context.at(stage, commandLimit);
        String message = String.valueOf(e.getMessage());
        Verdict verdict;
        if (broken != null) {
            verdict = Trouble.ofFailure(place, socket.named(broken));
        } else if (message.startsWith("STARTTLS is required")) {
            stage = Stage.STARTTLS;
            verdict = Trouble.ofFinding(place.at(stage, commandLimit), Symptom.TLS_NOT_OFFERED);
        } else if (message.equals(SubmissionTransport.EHLO_NEEDED)) {
            verdict = PortCheckDialog.ehloNeeded(place, transport.lastReply());
        } else if (message.startsWith("No authentication mechanisms")) {
            Answer answer = transport.answer(List.of(), null);
            verdict =
                    Trouble.ofFinding(place, Symptom.AUTH_NO_MECHANISM, answer.mechanismsInWords());
        } else {
            verdict = Trouble.ofReply(place, transport.lastReply());
        }
        Verdict stranger = stranger(socket, transport, place, verdict, e);
        return failed(socket, stranger == null ? verdict : stranger, stage);
    }

    /// Judges a server that did not prove to be the one asked for.
    ///
    /// @param trouble what was found until now
    /// @return null when it did prove it, or there is no sign of another
    private @Nullable Verdict stranger(
            NextHopSocket socket,
            SubmissionTransport transport,
            Context context,
            @Nullable Verdict trouble,
            @Nullable Throwable failure) {
        boolean secured = socket.secured() != null && context.stage() != Stage.TLS;
        if (secured && socket.mustVerify()) {
            return null;
        }
        CertificateRefused refused = CertificateRefused.in(failure);
        Answer answer =
                refused == null
                        ? transport.answer(List.of(), null)
                        : transport.answer(refused.names(), trouble);
        return screening.interception(context, socket.getInetAddress(), answer);
    }

    private static @Nullable IOException broken(Throwable e) {
        for (Throwable at = e; at != null; at = at.getCause()) {
            if (at instanceof IOException broken) {
                return broken;
            }
        }
        return null;
    }

    private ConnectResult.Failed failed(NextHopSocket socket, Verdict verdict, Stage stage) {
        watchdog.forget(socket);
        socket.closeQuietly();
        return new ConnectResult.Failed(verdict, stage);
    }

    /// A user name and password as they were when a connection was made. Never printed.
    ///
    /// @param username the user name
    /// @param password the password in clear
    record Credentials(String username, String password) {

        @Override
        public String toString() {
            return "Credentials[…]";
        }
    }

    /// What dialing brought.
    sealed interface ConnectResult {

        /// A session that mail can be sent over.
        record Connected(SmtpConnection connection) implements ConnectResult {}

        /// None; the outcome is always `unavailable`.
        ///
        /// @param stage how far it came
        record Failed(Verdict verdict, Stage stage) implements ConnectResult {}
    }
}
