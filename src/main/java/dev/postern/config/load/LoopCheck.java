package dev.postern.config.load;

import dev.postern.config.EgressConfig;
import dev.postern.config.HostPort;
import dev.postern.config.Hosts;
import dev.postern.config.SmtpEgressConfig;
import dev.postern.config.load.Problems.ConfigProblem;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/// Finds smtp egresses that lead back to our own listener. Asks the name service, hence no part of
/// loading; only egresses whose port could be ours are looked up.
public final class LoopCheck {

    private static final InetAddress IPV4_LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final InetAddress IPV6_LOOPBACK = InetAddress.ofLiteral("::1");

    private final HostPort listening;
    private final HostLookup network;

    /// What the check asks of the network.
    interface HostLookup {

        /// Returns the addresses of a host.
        ///
        /// @throws UnknownHostException when it has none
        default List<InetAddress> resolve(String host) throws UnknownHostException {
            return List.of(InetAddress.getAllByName(host));
        }

        /// Returns whether an interface of this machine has the address.
        default boolean own(InetAddress address) {
            try {
                return address.isLoopbackAddress()
                        || NetworkInterface.getByInetAddress(address) != null;
            } catch (SocketException _) {
                return false;
            }
        }
    }

    /// Makes a check in this machine's network.
    ///
    /// @param listening where the listener is, with the port that it really has
    public LoopCheck(HostPort listening) {
        this(listening, new HostLookup() {});
    }

    LoopCheck(HostPort listening, HostLookup network) {
        this.listening = listening;
        this.network = network;
    }

    /// Returns a problem for each egress that leads back to us.
    public List<ConfigProblem> problems(Loaded.Valid loaded) {
        List<ConfigProblem> found = new ArrayList<>();
        List<EgressConfig> egress = loaded.config().egress();
        for (int i = 0; i < egress.size(); i++) {
            if (egress.get(i) instanceof EgressConfig.Smtp smtp && loops(smtp.smtp())) {
                found.add(
                        new ConfigProblem(
                                loaded.egress().get(i).settings().source(EgressKeys.HOST),
                                "egress[" + smtp.name() + "].host",
                                "leads back to our own listener at " + listening,
                                "name the server and the port that mail leaves by"));
            }
        }
        return found;
    }

    /// Returns whether a connection to `egress` could reach our own listener. A name that can't be
    /// resolved now is no loop.
    public boolean loops(SmtpEgressConfig egress) {
        boolean ourPort =
                egress.port().isPresent()
                        ? egress.port().getAsInt() == listening.port()
                        : egress.candidates().stream()
                                .anyMatch(port -> port.port() == listening.port());
        if (!ourPort) {
            return false;
        }
        try {
            List<InetAddress> ours = ours();
            return addresses(egress.host()).stream().anyMatch(address -> reaches(address, ours));
        } catch (UnknownHostException _) {
            return false;
        }
    }

    private List<InetAddress> ours() throws UnknownHostException {
        List<InetAddress> ours = new ArrayList<>(addresses(listening.host()));
        // A listener on 127.0.0.1 has [::1] too.
        if (ours.contains(IPV4_LOOPBACK)) {
            ours.add(IPV6_LOOPBACK);
        }
        return ours;
    }

    private List<InetAddress> addresses(String host) throws UnknownHostException {
        InetAddress literal = Hosts.address(host);
        return literal == null ? network.resolve(host) : List.of(literal);
    }

    /// Connecting to the wildcard address reaches loopback.
    private boolean reaches(InetAddress address, List<InetAddress> ours) {
        boolean everywhere = ours.stream().anyMatch(InetAddress::isAnyLocalAddress);
        if (address.isAnyLocalAddress()) {
            return everywhere || ours.stream().anyMatch(InetAddress::isLoopbackAddress);
        }
        return everywhere ? network.own(address) : ours.contains(address);
    }
}
