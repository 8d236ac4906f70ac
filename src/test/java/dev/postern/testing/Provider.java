package dev.postern.testing;

import dev.postern.testing.ScriptedServer.Act;
import dev.postern.testing.ScriptedServer.Received;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLContext;

/// A mail provider's submission servers, as many as it has ports, with one mind: what is ordered
/// counts for them all, what they saw is told together.
public final class Provider implements AutoCloseable {

    private static final Set<Integer> IMPLICIT_TLS = Set.of(465, 2465, 8465);

    private final Map<Integer, ScriptedServer> servers;

    private Provider(Map<Integer, ScriptedServer> servers) {
        this.servers = servers;
    }

    static Provider start(String host, SSLContext tls, Map<Integer, ServerSocket> listeners) {
        Map<Integer, ScriptedServer> servers = new TreeMap<>();
        listeners.forEach((port, listener) -> {
            ScriptedServer server =
                    ScriptedServer.serve(listener)
                            .named(host)
                            .offering("PIPELINING", "SIZE 35882577", "8BITMIME", "AUTH PLAIN");
            servers.put(
                    port,
                    IMPLICIT_TLS.contains(port) ? server.implicitTls(tls) : server.startTls(tls));
        });
        return new Provider(servers);
    }

    /// Returns the log-in that AUTH PLAIN says for these (RFC 4616).
    public static String login(String username, String password) {
        byte[] said = ("\0" + username + "\0" + password).getBytes(StandardCharsets.UTF_8);
        return "AUTH PLAIN " + Base64.getEncoder().encodeToString(said);
    }

    /// Takes no log-in but this one.
    public Provider knowing(String username, String password) {
        return each(server ->
                server.always("AUTH", new Act.Say("535 5.7.8 Username and Password not accepted."))
                        .always(login(username, password), new Act.Say("235 2.7.0 Accepted")));
    }

    /// Gives each of its servers an order.
    public Provider each(Consumer<ScriptedServer> order) {
        servers.values().forEach(order);
        return this;
    }

    /// Returns the server on a port.
    public ScriptedServer at(int port) {
        return servers.get(port);
    }

    /// Returns what was taken, on all ports.
    public List<Received> messages() {
        return all(ScriptedServer::messages);
    }

    /// Returns the senders of what was taken, each as often as it was.
    public List<String> senders() {
        return messages().stream()
                .map(it -> it.mail().replaceFirst("(?i)^MAIL FROM:<([^>]*)>.*", "$1"))
                .toList();
    }

    /// Returns every command that was ever said, on all ports.
    public List<String> commands() {
        return all(ScriptedServer::commands);
    }

    /// Returns how many commands begin so.
    public long count(String verb) {
        return servers.values().stream().mapToLong(server -> server.count(verb)).sum();
    }

    private <T> List<T> all(Function<ScriptedServer, List<T>> part) {
        return servers.values().stream().flatMap(server -> part.apply(server).stream()).toList();
    }

    @Override
    public void close() throws IOException {
        for (ScriptedServer server : servers.values()) {
            server.close();
        }
    }
}
