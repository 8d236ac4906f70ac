package dev.postern.doctor;

import dev.postern.config.EgressConfig;
import dev.postern.doctor.Network.DnsResult;
import dev.postern.doctor.Network.PortState;
import dev.postern.egress.Probe;
import dev.postern.egress.http.EndpointCheck;
import dev.postern.egress.smtp.Answer;
import dev.postern.egress.smtp.PortCheck;
import dev.postern.egress.smtp.PortChecker;
import dev.postern.egress.smtp.PortChecker.TlsStart;
import dev.postern.egress.smtp.PortChecker.TryLimits;
import dev.postern.outcome.Outcome.Fault;
import dev.postern.outcome.Stage;
import dev.postern.outcome.Trouble;
import dev.postern.outcome.Trouble.Context;
import dev.postern.testing.TestKeys;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/// A network whose hosts, ports and servers a test sets up. What it says nothing of is refused.
/// Ports that are open lead to real servers on the loopback.
final class FakeNetwork implements Network {

    static final InetAddress IPV4 = InetAddress.ofLiteral("198.51.100.7");
    static final InetAddress IPV6 = InetAddress.ofLiteral("2001:db8::7");

    private static final Duration LONG = Duration.ofSeconds(30);

    private final Map<String, DnsResult> names = new ConcurrentHashMap<>();
    private final Map<Integer, PortState> ports = new ConcurrentHashMap<>();
    private final Map<Integer, Integer> servers = new ConcurrentHashMap<>();
    private final Set<Integer> local = ConcurrentHashMap.newKeySet();
    private final Map<String, Probe> probes = new HashMap<>();
    private volatile PortState ipv6 = PortState.OPEN;
    private volatile PortState nobody = PortState.DROPPED;
    final CountDownLatch stuck = new CountDownLatch(1);
    private final CountDownLatch never = new CountDownLatch(1);

    FakeNetwork host(String name, InetAddress... addresses) {
        names.put(name, new DnsResult.Found(List.of(addresses)));
        return this;
    }

    FakeNetwork missing(String name, String why) {
        names.put(name, new DnsResult.Missing(why));
        return this;
    }

    FakeNetwork port(int port, PortState state) {
        ports.put(port, state);
        return this;
    }

    /// Lets a port lead to a server on the loopback.
    FakeNetwork server(int port, int realPort) {
        servers.put(port, realPort);
        return port(port, PortState.OPEN);
    }

    /// Lets a port of this machine lead to a server.
    FakeNetwork local(int port, int realPort) {
        local.add(port);
        servers.put(port, realPort);
        return this;
    }

    /// Sets what becomes of all connections by IPv6.
    FakeNetwork ipv6(PortState state) {
        ipv6 = state;
        return this;
    }

    /// Sets what becomes of connections to an address that nobody has.
    FakeNetwork nobody(PortState state) {
        nobody = state;
        return this;
    }

    FakeNetwork probe(String egress, Probe found) {
        probes.put(egress, found);
        return this;
    }

    @Override
    public DnsResult lookUp(String host) {
        return names.getOrDefault(host, new DnsResult.Missing("NXDOMAIN, says 192.0.2.53"));
    }

    @Override
    public PortCheck check(
            EgressConfig.Smtp egress,
            InetSocketAddress address,
            TlsStart opening,
            TryLimits limits) {
        PortState state = knock(address, limits.connecting());
        Integer real = servers.get(address.getPort());
        if (state == PortState.OPEN && real != null) {
            InetSocketAddress there = new InetSocketAddress(InetAddress.getLoopbackAddress(), real);
            String name = egress.smtp().tlsName();
            return new PortChecker(
                            name == null ? egress.smtp().host() : name,
                            TestKeys.ca(),
                            "client.example",
                            new TryLimits(LONG, LONG))
                    .to(there, opening);
        }
        IOException trouble = trouble(state);
        Context context =
                Context.ofSmtp(Stage.CONNECT, egress.smtp().host(), address.toString(), LONG);
        return new PortCheck(
                address,
                opening,
                Stage.CONNECT,
                Trouble.ofFailure(context, trouble),
                new Answer(null, null, List.of(), null),
                null,
                Map.of());
    }

    private static IOException trouble(PortState state) {
        return switch (state) {
            case REFUSED -> new ConnectException("Connection refused");
            case DROPPED -> new SocketTimeoutException("Connect timed out");
            case UNREACHABLE -> new ConnectException("Network is unreachable");
            case NO_ROUTE -> new NoRouteToHostException("No route to host");
            case FORBIDDEN -> new ConnectException("Permission denied");
            case RESET -> new IOException("Connection reset");
            case OPEN -> throw new AssertionError("no server was set up for an open port");
        };
    }

    @Override
    public EndpointCheck web(EgressConfig egress) {
        return new EndpointCheck(egress, _ -> null);
    }

    @Override
    public PortState knock(InetSocketAddress address, Duration limit) {
        if (address.getAddress().getHostAddress().equals("192.0.2.1")) {
            return nobody;
        }
        if (address.getAddress().isLoopbackAddress()) {
            return local.contains(address.getPort()) ? PortState.OPEN : PortState.REFUSED;
        }
        if (address.getAddress() instanceof Inet6Address && ipv6 != PortState.OPEN) {
            return ipv6;
        }
        return ports.getOrDefault(address.getPort(), PortState.REFUSED);
    }

    @Override
    public Probe probe(EgressConfig egress) {
        Probe probe = probes.get(egress.name());
        if (probe != null) {
            return probe;
        }
        stuck.countDown();
        try {
            never.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return new Probe.Failed("broken off", Fault.TIMEOUT, null);
    }
}
