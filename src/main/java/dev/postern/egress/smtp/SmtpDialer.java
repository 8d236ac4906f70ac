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
import dev.postern.egress.smtp.SubmissionTransport.Server;
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
    private final Duration connectLimit;
    private final Duration commandLimit;
    private final Network network;
    private final Watchdog watchdog;
    private final Server server;
    private final ServerCheck screening;
    private final PortFinder finder;

    /// @param hostname what we call ourselves where the configuration does not say
    /// @param watchdog looks after all sockets
    SmtpDialer(EgressConfig.Smtp egress, String hostname, Network network, Watchdog watchdog) {
        this.config = egress.smtp();
        this.connectLimit = egress.common().connectTimeout();
        this.commandLimit = egress.common().commandTimeout();
        this.network = network;
        this.watchdog = watchdog;
        PortChecker checker = PortChecker.of(egress, hostname);
        this.server = checker.server();
        this.screening = ServerCheck.of(egress, hostname);
        this.finder = new PortFinder(egress, network, checker, screening);
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
            Context context = server.context(Stage.CONNECT, config.host(), connectLimit);
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
            Context context =
                    Context.ofSmtp(
                            Stage.DNS, config.host(), config.host() + ":" + port, commandLimit);
            return new ConnectResult.Failed(Trouble.ofFailure(context, e), Stage.DNS);
        }
        TlsStart opening = TlsStart.of(config.tls(), SubmissionPort.isImplicit(port));
        ConnectResult.Failed last = null;
        for (InetAddress address : addresses) {
            InetSocketAddress place = new InetSocketAddress(address, port);
            ConnectResult dialed = dial(new Candidate(place, opening), credentials);
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

    private ConnectResult dial(Candidate candidate, @Nullable Credentials credentials) {
        InetSocketAddress address = candidate.address();
        Context context = server.context(Stage.CONNECT, PortChecker.peer(address), connectLimit);
        NextHopSocket socket = new NextHopSocket(screening.mustVerify(address.getAddress()));
        watchdog.watch(socket);
        try {
            socket.allow(commandLimit);
            try {
                socket.connectTo(address, connectLimit);
            } catch (IOException e) {
                return failed(socket, Trouble.ofFailure(context, e), Stage.CONNECT);
            }
            return open(socket, candidate.opening(), context, credentials);
        } catch (IOException e) {
            Verdict verdict = Trouble.ofFailure(context.at(Stage.GREETING, commandLimit), e);
            return failed(socket, verdict, Stage.GREETING);
        } catch (RuntimeException | Error e) {
            socket.closeQuietly();
            throw e;
        }
    }

    private ConnectResult open(
            NextHopSocket socket,
            TlsStart opening,
            Context context,
            @Nullable Credentials credentials)
            throws IOException {
        SubmissionTransport transport = server.over(socket, credentials);
        Refusal refusal = transport.open(opening, context, commandLimit);
        Context place = context.at(transport.stage(), commandLimit);
        Verdict verdict = refusal == null ? null : refusal.verdict();
        Verdict stranger =
                stranger(
                        socket,
                        transport,
                        place,
                        verdict,
                        refusal == null ? null : refusal.broken());
        if (stranger != null) {
            return failed(socket, stranger, place.stage());
        }
        if (verdict != null) {
            return failed(socket, verdict, place.stage());
        }
        if (credentials != null && !offersAuth(transport)) {
            return failed(socket, Trouble.ofFinding(place, Symptom.AUTH_NOT_OFFERED), Stage.AUTH);
        }
        return new ConnectResult.Connected(
                new SmtpConnection(transport, socket, place, credentials));
    }

    /// Jakarta Mail knows servers that say `AUTH=LOGIN` only.
    private static boolean offersAuth(SubmissionTransport transport) {
        return transport.supportsExtension(Extension.AUTH.keyword())
                || transport.supportsExtension("AUTH=LOGIN");
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
        record Failed(Verdict verdict, Stage stage) implements ConnectResult {}
    }
}
