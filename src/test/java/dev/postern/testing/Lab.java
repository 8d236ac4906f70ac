package dev.postern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;

/// A machine with a firewall of its own, and the rest of the world, where servers have the names of
/// well-known providers: two network namespaces, a cable between them.
///
/// ```
///   machine  192.0.2.2  ----------------  192.0.2.1  world
///            fd00:2::2                    fd00:2::1
///            the program, its fence                  198.51.100.N, fd00:100::N: a provider each
/// ```
///
/// Providers have certificates by the lab's authority, which the program is told of by `ca`.
public final class Lab implements AutoCloseable {

    private final Netns machine;
    private final Netns world;
    private final Fence fence;
    private final Certificates certificates;
    private final SSLContext tls;
    private final Map<String, Integer> hosts = new LinkedHashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    private Lab(Netns machine, Netns world, Certificates certificates) throws IOException {
        this.machine = machine;
        this.world = world;
        this.certificates = certificates;
        this.tls = certificates.server();
        this.fence = new Fence(machine);
        connect();
    }

    /// Makes a lab.
    ///
    /// @param directory for the authority's files
    /// @param hosts the providers' names
    public static Lab in(Path directory, String... hosts) throws IOException {
        Certificates certificates = Certificates.in(directory, List.of(hosts));
        Netns machine = Netns.create();
        try {
            Netns world = Netns.create();
            try {
                return new Lab(machine, world, certificates).with(hosts);
            } catch (IOException | RuntimeException | Error e) {
                world.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            machine.close();
            throw e;
        }
    }

    private void connect() throws IOException {
        machine.configure("link add way type veth peer name way netns " + world.name());
        machine.configure(
                "address add 192.0.2.2/24 dev way",
                "address add fd00:2::2/64 dev way nodad",
                "link set way up");
        world.configure(
                "address add 192.0.2.1/24 dev way",
                "address add fd00:2::1/64 dev way nodad",
                "link set way up");
        machine.configure("route add default via 192.0.2.1", "route add default via fd00:2::1");
    }

    private Lab with(String... names) throws IOException {
        for (String name : names) {
            int number = hosts.size() + 1;
            hosts.put(name, number);
            world.configure(
                    "address add " + four(name) + "/32 dev lo",
                    "address add " + six(name) + "/128 dev lo nodad");
        }
        resolve(List.copyOf(hosts.keySet()), List.copyOf(hosts.keySet()));
        return this;
    }

    /// Sets which names have an IPv4 address, and which an IPv6 address, for programs that are
    /// started from now on.
    public void resolve(List<String> withFour, List<String> withSix) throws IOException {
        StringBuilder lines = new StringBuilder();
        withFour.forEach(name -> lines.append(four(name) + " " + name + "\n"));
        withSix.forEach(name -> lines.append(six(name) + " " + name + "\n"));
        machine.names(lines.toString());
    }

    /// Returns a provider's IPv4 address.
    public String four(String host) {
        return "198.51.100." + hosts.get(host);
    }

    /// Returns a provider's IPv6 address.
    public String six(String host) {
        return "fd00:100::" + hosts.get(host);
    }

    /// Returns where the program runs.
    public Netns machine() {
        return machine;
    }

    /// Returns the program's firewall.
    public Fence fence() {
        return fence;
    }

    /// Returns the certificate of the lab's authority, PEM.
    public Path ca() {
        return certificates.ca();
    }

    /// Returns options for a Java that knows the lab's authority as it does real ones.
    public String javaOptions() throws IOException {
        return certificates.javaOptions(certificates.ca().getParent());
    }

    /// Returns the context of the providers' servers.
    public SSLContext tls() {
        return tls;
    }

    /// Listens at a port of a provider, for both address families.
    public ServerSocket listen(String host, int port) {
        ServerSocket listener = world.listen(four(host), port);
        Relay six =
                Relay.start(
                        world.listen(six(host), port),
                        () -> world.connect(new InetSocketAddress(four(host), port)));
        open.add(listener);
        open.add(six);
        return listener;
    }

    /// Starts a provider's submission servers: STARTTLS and AUTH on these ports, TLS from the first
    /// octet on those of them that are meant for it.
    public Provider provider(String host, int... ports) {
        Map<Integer, ServerSocket> listeners = new LinkedHashMap<>();
        for (int port : ports) {
            listeners.put(port, listen(host, port));
        }
        return keep(Provider.start(host, tls, listeners));
    }

    /// Starts a provider's submission servers at the end of a long line: what is said to them
    /// arrives after the delay.
    public Provider remoteProvider(String host, Duration delay, int... ports) {
        Map<Integer, ServerSocket> listeners = new LinkedHashMap<>();
        for (int port : ports) {
            ServerSocket hidden = world.listen("127.0.0.1", 0);
            InetSocketAddress target = new InetSocketAddress("127.0.0.1", hidden.getLocalPort());
            keep(Relay.start(listen(host, port), () -> world.connect(target), delay));
            listeners.put(port, hidden);
        }
        return keep(Provider.start(host, tls, listeners));
    }

    /// Starts an Exim on the program's machine, on all mail ports.
    public VpsExim eximOnMachine(Path directory) throws IOException {
        return keep(VpsExim.start(directory, machine));
    }

    /// Has the lab close it.
    public <T extends AutoCloseable> T keep(T resource) {
        open.add(resource);
        return resource;
    }

    @Override
    public void close() {
        for (AutoCloseable resource : open.reversed()) {
            try {
                resource.close();
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            } catch (Exception impossible) {
                throw new AssertionError(impossible);
            }
        }
        world.close();
        machine.close();
    }
}
