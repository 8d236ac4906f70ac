package dev.postern.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A network namespace of a test's own: its interfaces, routes, firewall and names are nobody
/// else's. Programs run in it ([#command]), and sockets of the tests' JVM can be in it as well
/// ([#listen]).
///
/// Its name tells which JVM made it, so that what a killed one left behind is removed by the next.
/// Tests that need it are skipped where they don't run as root or namespaces are forbidden.
public final class Netns implements AutoCloseable {

    private static final String PREFIX = "postern-test-";
    private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d+)-\\d+");
    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final Path CONFIGURATIONS = Path.of("/etc/netns");
    private static final int BACKLOG = 256;
    private static final AtomicInteger COUNT = new AtomicInteger();
    private static final Set<Netns> ALL = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALL.forEach(Netns::close)));
    }

    private final String name;
    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());
    private final Map<Integer, Relay> passages = new ConcurrentHashMap<>();

    private Netns(String name) {
        this.name = name;
    }

    /// Makes a namespace with nothing but its loopback interface.
    public static Netns create() throws IOException {
        Access.needsRoot();
        Programs.IP.require();
        Programs.NFT.require();
        removeStale();
        Netns netns =
                new Netns(PREFIX + ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
        Commands.Result made = ip("netns", "add", netns.name);
        Programs.needs(
                made.status() == 0,
                "network namespaces not allowed here: run privileged ("
                        + made.errors().strip()
                        + ")");
        ALL.add(netns);
        netns.enter();
        netns.configure("link set lo up");
        return netns;
    }

    /// Removes the namespaces of JVMs that are no more, and ends what still runs in them.
    private static synchronized void removeStale() throws IOException {
        if (!Files.isDirectory(NAMESPACES)) {
            return;
        }
        try (Stream<Path> all = Files.list(NAMESPACES)) {
            for (Path file : all.toList()) {
                Matcher ours = NAME.matcher(file.getFileName().toString());
                if (ours.matches() && ProcessHandle.of(Long.parseLong(ours.group(1))).isEmpty()) {
                    remove(ours.group());
                }
            }
        }
    }

    private static void remove(String name) throws IOException {
        ip("netns", "pids", name)
                .output()
                .lines()
                .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.strip())).stream())
                .forEach(ProcessHandle::destroyForcibly);
        ip("netns", "delete", name);
        Path configuration = CONFIGURATIONS.resolve(name);
        if (Files.isDirectory(configuration)) {
            try (Stream<Path> files = Files.list(configuration)) {
                for (Path file : files.toList()) {
                    Files.deleteIfExists(file);
                }
            }
            Files.deleteIfExists(configuration);
        }
    }

    private static Commands.Result ip(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(Programs.IP.require().toString()));
        command.addAll(List.of(arguments));
        return Commands.run(new ProcessBuilder(command));
    }

    /// Returns the file that stands for it.
    Path file() {
        return NAMESPACES.resolve(name);
    }

    /// Has its thread enter: sockets belong for all their life to where they were made.
    private void enter() {
        inside(() -> {
            NativeNetns.enter(file());
            return name;
        });
    }

    /// Returns its name.
    public String name() {
        return name;
    }

    /// Gives orders to `ip`, each without the word `ip` itself.
    public void configure(String... orders) throws IOException {
        byte[] batch = String.join("\n", orders).concat("\n").getBytes(StandardCharsets.US_ASCII);
        ProcessBuilder command =
                new ProcessBuilder(Programs.IP.require().toString(), "-netns", name, "-batch", "-");
        Commands.run(command, batch).expect(0);
    }

    /// Gives a script to `nft`.
    public void filter(String script) throws IOException {
        List<String> command = command(List.of(Programs.NFT.require().toString(), "-f", "-"));
        Commands.run(new ProcessBuilder(command), script.getBytes(StandardCharsets.US_ASCII))
                .expect(0);
    }

    /// Sets the names that programs know which are started in it from now on.
    ///
    /// @param hosts the content of their `/etc/hosts`
    public void names(String hosts) throws IOException {
        Path directory = Files.createDirectories(CONFIGURATIONS.resolve(name));
        Files.writeString(directory.resolve("hosts"), "127.0.0.1 localhost\n" + hosts);
        // Nobody answers there: names that are not in the file are unknown at once.
        Files.writeString(directory.resolve("resolv.conf"), "nameserver 127.0.0.1\n");
    }

    /// Returns a command that runs in it, under the process id that it is started with.
    public List<String> command(List<String> command) {
        return Stream.concat(
                        Stream.of(Programs.IP.require().toString(), "netns", "exec", name),
                        command.stream())
                .toList();
    }

    /// Listens at an address of it.
    public ServerSocket listen(String address, int port) {
        return inside(() -> new ServerSocket(port, BACKLOG, InetAddress.getByName(address)));
    }

    /// Connects from it.
    public Socket connect(InetSocketAddress address) {
        return inside(() -> new Socket(address.getAddress(), address.getPort()));
    }

    /// Returns a port of this machine's loopback that leads to a port of its loopback.
    public int passage(int port) {
        return passages.computeIfAbsent(port, this::open).port();
    }

    private Relay open(int port) {
        try {
            ServerSocket here = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
            InetSocketAddress there = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            return Relay.start(here, () -> connect(there));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private <T> T inside(Callable<T> task) {
        try {
            return thread.submit(task).get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException broken) {
                throw new UncheckedIOException(broken);
            }
            throw new AssertionError(failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", interrupted);
        }
    }

    /// Removes it, with all that runs in it. Those who were given sockets in it close them.
    @Override
    public void close() {
        if (!ALL.remove(this)) {
            return;
        }
        passages.values().forEach(Relay::close);
        thread.shutdown();
        try {
            remove(name);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
