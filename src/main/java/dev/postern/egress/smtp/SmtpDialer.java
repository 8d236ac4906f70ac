package dev.postern.egress.smtp;

import dev.postern.config.EgressConfig;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.SubmissionPort;
import dev.postern.egress.EgressView.Way;
import dev.postern.egress.net.TlsTrust;
import dev.postern.egress.smtp.NextHopSocket.Watchdog;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortRace.Candidate;
import dev.postern.egress.smtp.ServerCheck.Interception;
import dev.postern.egress.smtp.SubmissionTransport.Refusal;
import dev.postern.outcome.CertificateRefused;
import dev.postern.outcome.Outcome;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Symptom;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.outcome.Verdict;
import dev.postern.smtp.Extension;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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

        /// Returns a host's addresses, each made with its name, so that nobody looks for one later.
        List<InetAddress> addresses(String host) throws UnknownHostException {
            List<InetAddress> named = new ArrayList<>();
            for (InetAddress address : resolver.resolve(host)) {
                named.add(InetAddress.getByAddress(host, address.getAddress()));
            }
            return named;
        }
    }

    private final SmtpEgressConfig config;
    private final Network network;
    private final Watchdog watchdog;
    private final PortChecker checker;
    private final ServerCheck serverCheck;
    private final PortFinder finder;

    /// @param hostname what we call ourselves where the configuration does not say
    /// @param watchdog looks after all sockets
    SmtpDialer(EgressConfig.Smtp egress, String hostname, Network network, Watchdog watchdog) {
        this.config = egress.smtp();
        this.network = network;
        this.watchdog = watchdog;
        this.checker = PortChecker.of(egress, hostname);
        this.serverCheck = new ServerCheck(egress, hostname);
        this.finder = new PortFinder(egress, network, checker, serverCheck);
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
            ConnectResult dialed = dialOrForget(known, credentials);
            if (!isBlocked(dialed)) {
                return dialed;
            }
        }
        return race(credentials);
    }

    private ConnectResult dialOrForget(Candidate way, @Nullable Credentials credentials) {
        ConnectResult dialed = dial(way, credentials);
        if (isBlocked(dialed)) {
            finder.forget();
        }
        return dialed;
    }

    private ConnectResult race(@Nullable Credentials credentials) {
        try {
            return switch (finder.find()) {
                case PortFinder.Found.At(Candidate way) -> dialOrForget(way, credentials);
                case ConnectResult.Failed failed -> failed;
            };
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            Context context =
                    checker.server.context(
                            Stage.CONNECT, config.host(), checker.limits.connecting());
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
    List<Way> candidates() {
        return finder.views();
    }

    /// Breaks off what is on.
    void close() {
        finder.close();
    }

    private ConnectResult dial(int port, @Nullable Credentials credentials) {
        List<InetAddress> addresses;
        try {
            addresses = network.addresses(config.host());
        } catch (UnknownHostException e) {
            String peer = config.host() + ":" + port;
            Context context =
                    Context.ofSmtp(Stage.DNS, config.host(), peer, checker.limits.talking());
            return new ConnectResult.Failed(Trouble.ofFailure(context, e), Stage.DNS);
        }
        TlsStart opening = TlsStart.of(config.tls(), SubmissionPort.isImplicit(port));
        ConnectResult.Failed last = null;
        for (InetAddress address : addresses) {
            InetSocketAddress place = new InetSocketAddress(address, port);
            ConnectResult dialed = dial(new Candidate(place, opening), credentials);
            if (!(dialed instanceof ConnectResult.Failed failed)
                    || failed.stage() != Stage.CONNECT
                    || Thread.currentThread().isInterrupted()) {
                return dialed;
            }
            last = failed;
        }
        if (last == null) {
            throw new AssertionError("a resolver gives an address or throws");
        }
        return last;
    }

    private ConnectResult dial(Candidate candidate, @Nullable Credentials credentials) {
        InetAddress address = candidate.address().getAddress();
        NextHopSocket socket = new NextHopSocket(serverCheck.mustVerify(address));
        watchdog.watch(socket);
        try {
            SubmissionTransport transport =
                    new SubmissionTransport(checker.server, socket, credentials);
            Refusal refusal =
                    transport.open(candidate.address(), candidate.opening(), checker.limits);
            Context place = transport.context();
            Verdict verdict = verdict(socket, transport, address, refusal);
            if (verdict == null && credentials != null && !offersAuth(transport)) {
                verdict = Trouble.ofFinding(place, Symptom.AUTH_NOT_OFFERED);
            }
            return verdict == null
                    ? new ConnectResult.Connected(
                            new SmtpConnection(transport, socket, place, credentials))
                    : failed(socket, verdict, place.stage());
        } catch (IOException e) {
            String peer = PortChecker.peer(candidate.address());
            Context context =
                    checker.server.context(Stage.GREETING, peer, checker.limits.talking());
            return failed(socket, Trouble.ofFailure(context, e), Stage.GREETING);
        } catch (RuntimeException | Error e) {
            socket.closeQuietly();
            throw e;
        }
    }

    /// Jakarta Mail knows servers that say `AUTH=LOGIN` only.
    private static boolean offersAuth(SubmissionTransport transport) {
        return transport.supportsExtension(Extension.AUTH.keyword())
                || transport.supportsExtension("AUTH=LOGIN");
    }

    /// Judges how the opening ended, and a server that did not prove to be the one asked for.
    ///
    /// @return null when it came all the way, and there is no sign of another server
    private @Nullable Verdict verdict(
            NextHopSocket socket,
            SubmissionTransport transport,
            InetAddress address,
            @Nullable Refusal refusal) {
        Context context = transport.context();
        Verdict trouble = refusal == null ? null : refusal.verdict();
        boolean secured = socket.secured() != null && context.stage() != Stage.TLS;
        if (secured && socket.mustVerify()) {
            return trouble;
        }
        CertificateRefused refused =
                CertificateRefused.in(refusal == null ? null : refusal.broken());
        Answer answer =
                refused == null
                        ? transport.answer(List.of(), null)
                        : transport.answer(refused.names(), trouble);
        Verdict stranger = serverCheck.interception.verdict(context, address, answer);
        return stranger == null ? trouble : stranger;
    }

    private static ConnectResult.Failed failed(NextHopSocket socket, Verdict verdict, Stage stage) {
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
        record Failed(Verdict verdict, Stage stage) implements ConnectResult, PortFinder.Found {}
    }
}
