package dev.postern.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;

/// A next hop of our own, plain text, that takes everything and records every DATA, also those that
/// were broken off. Recipients whose address begins with `refused` don't exist; addresses without a
/// domain are refused, as every provider does.
public final class Sink implements NextHop {

    private final ServerSocket listener;
    private final UnaryOperator<Taken> beforeReply;
    private final int ownFields;
    private final List<Taken> taken = new CopyOnWriteArrayList<>();
    private final Set<Socket> sessions = ConcurrentHashMap.newKeySet();

    private Sink(int ownFields, UnaryOperator<Taken> beforeReply) throws IOException {
        this.listener = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        this.ownFields = ownFields;
        this.beforeReply = beforeReply;
        Thread.ofVirtual().start(this::accept);
    }

    /// Starts a sink on a free port.
    public static Sink start() throws IOException {
        return new Sink(0, UnaryOperator.identity());
    }

    /// Starts a sink that first gives each DATA to the operator and answers when that is done: it
    /// may take its time. It returns what to record.
    public static Sink start(UnaryOperator<Taken> beforeReply) throws IOException {
        return new Sink(0, beforeReply);
    }

    /// Starts a sink behind a server that puts so many fields of its own first.
    static Sink behind(int ownFields) throws IOException {
        return new Sink(ownFields, UnaryOperator.identity());
    }

    /// Returns the port.
    public int port() {
        return listener.getLocalPort();
    }

    /// Returns every DATA so far, in the order in which they ended.
    public List<Taken> taken() {
        return List.copyOf(taken);
    }

    @Override
    public List<Arrival> arrivals() {
        return taken.stream().filter(Taken::whole).map(this::arrival).toList();
    }

    private Arrival arrival(Taken it) {
        HeaderSection content = HeaderSection.of(it.content());
        for (int i = 0; i < ownFields; i++) {
            content = content.withoutFirst("Received");
        }
        return new Arrival(it.sender(), Set.copyOf(it.recipients()), content);
    }

    @Override
    public String egress() {
        return "  - {name: sink, type: smtp, host: 127.0.0.1, port: %d, tls: none}\n"
                .formatted(port());
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                sessions.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException closed) {
            sessions.forEach(Sink::closeQuietly);
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            new SinkSession(socket, this::take).converse();
        } catch (IOException gone) {
            closeQuietly(socket);
        } finally {
            sessions.remove(socket);
        }
    }

    private void take(Taken data) {
        taken.add(data.whole() ? beforeReply.apply(data) : data);
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException alreadyGone) {
            return;
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
        sessions.forEach(Sink::closeQuietly);
    }
}
