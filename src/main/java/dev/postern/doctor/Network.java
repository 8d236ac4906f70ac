package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.config.EgressConfig.Common;
import dev.postern.egress.Egress;
import dev.postern.egress.Probe;
import dev.postern.egress.http.EndpointCheck;
import dev.postern.egress.http.HttpEgresses;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortChecker;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.egress.smtp.SmtpEgress;
import dev.postern.mail.Worded;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;

/// The world outside, as the doctor asks it; tests replace it.
interface Network {

    DnsResult lookUp(String host);

    /// Tries a submission server, without credentials.
    PortCheck check(
            EgressConfig.Smtp egress,
            InetSocketAddress address,
            TlsStart opening,
            TryLimits limits);

    /// Returns tries at an API, without credentials.
    EndpointCheck web(EgressConfig egress);

    /// Opens a TCP connection and closes it.
    PortState knock(InetSocketAddress address, Duration limit);

    /// Has an egress examine itself, log-in and all.
    Probe probe(EgressConfig egress);

    /// What looking up a name brought.
    sealed interface DnsResult {

        /// It has addresses.
        ///
        /// @param addresses at least one, in the order of the resolver
        record Found(List<InetAddress> addresses) implements DnsResult {
            public Found {
                addresses = List.copyOf(addresses);
            }

            /// Returns the first address of each family, IPv4 first.
            List<InetAddress> oneOfEachFamily() {
                return Stream.of(false, true)
                        .flatMap(six ->
                                addresses.stream()
                                        .filter(address -> address instanceof Inet6Address == six)
                                        .limit(1))
                        .toList();
            }

            /// Returns it for people: `192.0.2.1, 2001:db8::1`.
            String inWords() {
                List<String> shown =
                        oneOfEachFamily().stream().map(InetAddress::getHostAddress).toList();
                int more = addresses.size() - shown.size();
                return String.join(", ", shown) + (more > 0 ? " and " + more + " more" : "");
            }
        }

        /// It has none.
        ///
        /// @param why `NXDOMAIN`, `no answer: 192.0.2.53 within 2 s`…
        record Missing(String why) implements DnsResult {}
    }

    /// What became of a TCP connection.
    enum PortState implements Worded {
        /// A reset came back at once (ECONNREFUSED).
        REFUSED,
        /// Nothing came back.
        DROPPED,
        /// No route, by this machine or a router near it (ENETUNREACH).
        UNREACHABLE,
        /// EHOSTUNREACH, which rejecting firewalls say too.
        NO_ROUTE,
        /// This machine forbids it (EACCES, EPERM).
        FORBIDDEN,
        RESET,
        OPEN;

        private static PortState of(String said) {
            String words = said.toLowerCase(Locale.ROOT);
            if (words.contains("refused")) {
                return REFUSED;
            }
            if (words.contains("timed out")) {
                return DROPPED;
            }
            if (words.contains("permission") || words.contains("not permitted")) {
                return FORBIDDEN;
            }
            if (words.contains("reset")) {
                return RESET;
            }
            return words.contains("no route") || words.contains("host is") ? NO_ROUTE : UNREACHABLE;
        }

        /// Returns what it was in a try at a submission server.
        static PortState of(PortCheck check) {
            if (check.stage().compareTo(Stage.CONNECT) > 0) {
                return OPEN;
            }
            return switch (check.end()) {
                case REFUSED -> REFUSED;
                case DROPPED, SILENT -> DROPPED;
                case NO_ROUTE -> NO_ROUTE;
                case FORBIDDEN -> FORBIDDEN;
                case RESET, CLOSED -> RESET;
                case NO_NETWORK,
                        REACHED,
                        NEGATIVE,
                        GARBLED,
                        TLS_FAILED,
                        NO_STARTTLS,
                        BROKEN_OFF,
                        OTHER ->
                        UNREACHABLE;
            };
        }
    }

    /// The network of this machine.
    static final class RealNetwork implements Network {

        /// Shorter than those of mail, so that there are answers within the doctor's limit.
        private static final Duration CONNECT_LIMIT = Duration.ofMillis(4500);

        private static final Duration COMMAND_LIMIT = Duration.ofSeconds(6);

        private final String hostname;
        private final Resolver names = Resolver.ofMachine();
        private final Function<EgressConfig, Probe> prober;
        private final Map<EgressConfig.Smtp, PortChecker> checkers = new ConcurrentHashMap<>();

        /// @param hostname what we call ourselves
        /// @param prober makes an egress examine itself
        RealNetwork(String hostname, Function<EgressConfig, Probe> prober) {
            this.hostname = hostname;
            this.prober = prober;
        }

        /// Probes an egress that is made for it.
        ///
        /// @param hostname what we call ourselves
        static Probe probeAfresh(EgressConfig config, String hostname) {
            try (Egress egress = egress(config.with(limited(config.common())), hostname)) {
                return egress.probe();
            }
        }

        private static Egress egress(EgressConfig config, String hostname) {
            return switch (config) {
                case EgressConfig.Smtp smtp -> new SmtpEgress(smtp, hostname);
                case EgressConfig.Api _, EgressConfig.Ses _, EgressConfig.Mailgun _ ->
                        HttpEgresses.of(config);
            };
        }

        /// Returns what every egress has with the doctor's limits.
        private static Common limited(Common common) {
            return new Common(
                    common.name(),
                    common.endpoint(),
                    common.ca(),
                    common.concurrency(),
                    shorter(common.connectTimeout(), CONNECT_LIMIT),
                    shorter(common.commandTimeout(), COMMAND_LIMIT),
                    shorter(common.dataTimeout(), COMMAND_LIMIT),
                    shorter(common.answerTimeout(), COMMAND_LIMIT),
                    common.senders(),
                    common.rate(),
                    common.quota(),
                    common.whenLimited(),
                    common.fidelity(),
                    common.sign());
        }

        private static Duration shorter(Duration one, Duration other) {
            return one.compareTo(other) < 0 ? one : other;
        }

        @Override
        public DnsResult lookUp(String host) {
            return names.lookUp(host);
        }

        @Override
        public PortCheck check(
                EgressConfig.Smtp egress,
                InetSocketAddress address,
                TlsStart opening,
                TryLimits limits) {
            return checkers.computeIfAbsent(egress, it -> PortChecker.of(it, hostname))
                    .to(address, opening, limits);
        }

        @Override
        public EndpointCheck web(EgressConfig egress) {
            return new EndpointCheck(egress.with(limited(egress.common())), System::getenv);
        }

        @Override
        public PortState knock(InetSocketAddress address, Duration limit) {
            try (Socket socket = new Socket()) {
                socket.connect(address, Math.toIntExact(limit.toMillis()));
                return PortState.OPEN;
            } catch (SocketTimeoutException _) {
                return PortState.DROPPED;
            } catch (NoRouteToHostException _) {
                return PortState.NO_ROUTE;
            } catch (IOException e) {
                return PortState.of(String.valueOf(e.getMessage()));
            }
        }

        @Override
        public Probe probe(EgressConfig egress) {
            try {
                return prober.apply(egress);
            } catch (UncheckedIOException e) {
                // A mounted secret.
                return new Probe.Failed(
                        "the key is unreadable: " + e.getMessage(), Fault.CREDENTIALS, null);
            }
        }
    }
}
