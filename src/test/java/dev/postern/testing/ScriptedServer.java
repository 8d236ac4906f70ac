package dev.postern.testing;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/// An SMTP server on a free loopback port that does what the test says at each verb, and remembers
/// every octet. Without orders it accepts all.
///
/// Orders are given for the beginning of a command line (`RCPT TO:<bad`), or for `GREETING`,
/// `CONTENT` (once 354 was said), `.` (the end of the content); the longest that fits holds. Those
/// of one verb are followed one after another, then the usual way again.
public final class ScriptedServer implements AutoCloseable {

    /// What the server does instead of its usual answer.
    public sealed interface Act {

        /// Says this; further lines after `\n`.
        record Say(String reply) implements Act {}

        /// Says this and closes.
        record SayAndClose(String reply) implements Act {}

        /// Says nothing more and reads nothing more.
        record Stall() implements Act {}

        /// Gives a reply that never ends, an octet now and then.
        record Dribble() implements Act {}

        /// Gives a reply that never ends, as fast as it can.
        record Flood() implements Act {}

        /// Closes the connection in the orderly way.
        record Close() implements Act {}

        /// Resets the connection.
        record Reset() implements Act {}

        /// Waits, then goes on in the usual way.
        record Hold(CountDownLatch until) implements Act {}
    }

    /// A message that was accepted in the usual way.
    ///
    /// @param mail the MAIL command
    /// @param rcpts the RCPT commands that were accepted
    /// @param content what came, as it was before dot-stuffing, a character for each octet; empty
    ///   where only its digest is kept
    /// @param size octets of it
    /// @param digest its SHA-256
    public record Received(
            String mail, List<String> rcpts, String content, long size, String digest) {}

    private static final int BACKLOG = 50;

    private final ServerSocket listening;
    private final Map<String, Deque<Act>> orders =
            new TreeMap<>(Comparator.comparingInt(String::length).reversed().thenComparing(s -> s));
    private final Map<String, Act> standing = new ConcurrentHashMap<>();
    private final Queue<String> commands = new ConcurrentLinkedQueue<>();
    private final Queue<Received> messages = new ConcurrentLinkedQueue<>();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile List<String> offers =
            List.of("PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8");
    private volatile String name = "scripted.example";
    private volatile SSLContext tls;
    private volatile boolean implicitTls;

    private ScriptedServer(ServerSocket listening) {
        this.listening = listening;
    }

    /// Starts a server.
    public static ScriptedServer start() throws IOException {
        return serve(new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress()));
    }

    /// Starts a server on a port that another one has left.
    public static ScriptedServer start(int port) {
        return serve(Ports.retake(port, BACKLOG));
    }

    /// Starts a server on a socket that listens anywhere; it is closed with the server.
    public static ScriptedServer serve(ServerSocket listening) {
        ScriptedServer server = new ScriptedServer(listening);
        Thread.ofVirtual().start(server::listen);
        return server;
    }

    /// Sets the extensions of the EHLO reply; STARTTLS is added where it is possible.
    public ScriptedServer offering(String... extensions) {
        offers = List.of(extensions);
        return this;
    }

    /// Offers STARTTLS with a key from the test resources.
    public ScriptedServer startTls(String key) {
        return startTls(TestKeys.server(key));
    }

    /// Offers STARTTLS.
    public ScriptedServer startTls(SSLContext context) {
        tls = context;
        return this;
    }

    /// Speaks TLS from the first octet.
    public ScriptedServer implicitTls(String key) {
        return implicitTls(TestKeys.server(key));
    }

    /// Speaks TLS from the first octet.
    public ScriptedServer implicitTls(SSLContext context) {
        implicitTls = true;
        return startTls(context);
    }

    /// Sets the name that it greets with.
    public ScriptedServer named(String host) {
        name = host;
        return this;
    }

    /// Gives orders for a verb.
    public ScriptedServer on(String verb, Act... acts) {
        synchronized (orders) {
            orders.computeIfAbsent(verb.toUpperCase(Locale.ROOT), _ -> new ArrayDeque<>())
                    .addAll(List.of(acts));
        }
        return this;
    }

    /// Gives an order for a verb that stands until [#behave]; those of [#on] come first.
    public ScriptedServer always(String verb, Act act) {
        standing.put(verb.toUpperCase(Locale.ROOT), act);
        return this;
    }

    /// Takes all orders back.
    public ScriptedServer behave() {
        synchronized (orders) {
            orders.clear();
        }
        standing.clear();
        return this;
    }

    /// Has these replies given to a verb, one after another.
    public ScriptedServer say(String verb, String... replies) {
        for (String reply : replies) {
            on(verb, new Act.Say(reply));
        }
        return this;
    }

    public int port() {
        return listening.getLocalPort();
    }

    /// Returns the commands of all connections, in order; content is left out.
    public List<String> commands() {
        return List.copyOf(commands);
    }

    /// Returns how many commands begin with these words.
    public long count(String verb) {
        return commands.stream().filter(command -> command.startsWith(verb)).count();
    }

    public List<Received> messages() {
        return List.copyOf(messages);
    }

    public int connections() {
        return connections.get();
    }

    /// Waits until a connection was told to stall.
    public void awaitStall() throws InterruptedException {
        stalled.await();
    }

    /// Closes all connections, as servers do with idle ones.
    public void hangUp() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
    }

    private void listen() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                connections.incrementAndGet();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException _) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (ScriptedSession session = new ScriptedSession(this, socket)) {
            session.run();
        } catch (IOException | RuntimeException _) {
            // The other side went away, or the script said so; what it saw is what the test looks
            // at.
        } finally {
            open.remove(socket);
        }
    }

    String name() {
        return name;
    }

    SSLContext tls() {
        return tls;
    }

    boolean isImplicitTls() {
        return implicitTls;
    }

    List<String> offers(boolean secured) {
        List<String> all = new ArrayList<>(offers);
        if (tls != null && !secured) {
            all.add("STARTTLS");
        }
        return all;
    }

    void heard(String command) {
        synchronized (commands) {
            commands.add(command);
            commands.notifyAll();
        }
    }

    /// Waits for a command that begins with these words.
    public void awaitCommand(String verb) throws InterruptedException {
        synchronized (commands) {
            while (count(verb) == 0) {
                commands.wait();
            }
        }
    }

    void received(Received message) {
        messages.add(message);
    }

    /// Waits a moment, or until the test ends.
    ///
    /// @return whether it goes on
    boolean pause() {
        try {
            return !ended.await(20, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void noteStall() {
        stalled.countDown();
    }

    void awaitEnd() {
        try {
            ended.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    boolean hasOrder(String verb) {
        synchronized (orders) {
            Deque<Act> waiting = orders.get(verb);
            return (waiting != null && !waiting.isEmpty()) || standing.containsKey(verb);
        }
    }

    /// Returns the next order for this line; null: the usual.
    Act order(String line) {
        String upper = line.toUpperCase(Locale.ROOT);
        synchronized (orders) {
            for (Map.Entry<String, Deque<Act>> entry : orders.entrySet()) {
                if (upper.startsWith(entry.getKey()) && !entry.getValue().isEmpty()) {
                    return entry.getValue().remove();
                }
            }
        }
        return standing.entrySet().stream()
                .filter(entry -> upper.startsWith(entry.getKey()))
                .max(Comparator.comparingInt(entry -> entry.getKey().length()))
                .map(Map.Entry::getValue)
                .orElse(null);
    }

    @Override
    public void close() throws IOException {
        listening.close();
        ended.countDown();
        hangUp();
    }

    /// Wraps a socket's stream for reading lines and content.
    static BufferedInputStream buffered(Socket socket) throws IOException {
        return new BufferedInputStream(socket.getInputStream(), 64 * 1024);
    }
}
