package dev.postern.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Passes connections on to another server, octet for octet; where it is told to, what clients say
/// arrives there only after a while, as on a long line.
final class Relay implements AutoCloseable {

    private static final int BUFFER_BYTES = 1 << 14;

    /// A line holds no more than this.
    private static final int PIECES_MAX = 1 << 10;

    private final ServerSocket listener;
    private final Supplier<Socket> target;
    private final Duration delay;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    private Relay(ServerSocket listener, Supplier<Socket> target, Duration delay) {
        this.listener = listener;
        this.target = target;
        this.delay = delay;
    }

    /// What is on its way.
    ///
    /// @param octets none: the end
    /// @param arrives on the clock of `System.nanoTime`
    private record Piece(ByteBuffer octets, long arrives) {}

    /// Starts a relay that passes on at once.
    static Relay start(ServerSocket listener, Supplier<Socket> target) {
        return start(listener, target, Duration.ZERO);
    }

    /// Starts a relay that holds back what clients say for so long.
    static Relay start(ServerSocket listener, Supplier<Socket> target, Duration delay) {
        Relay relay = new Relay(listener, target, delay);
        Thread.ofVirtual().start(relay::accept);
        return relay;
    }

    int port() {
        return listener.getLocalPort();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                open.add(client);
                Thread.ofVirtual().start(() -> join(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void join(Socket client) {
        try (client;
                Socket server = target.get()) {
            open.add(server);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            Thread back = Thread.ofVirtual().start(() -> pass(server, client, Duration.ZERO));
            pass(client, server, delay);
            back.join();
            open.remove(server);
        } catch (IOException | UncheckedIOException gone) {
            // The client sees a closed connection, which is what happened.
            open.remove(client);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(client);
        }
    }

    /// Passes on until one side ends; then the other side's end is told.
    private static void pass(Socket from, Socket to, Duration delay) {
        BlockingQueue<Piece> line = new LinkedBlockingQueue<>(PIECES_MAX);
        Thread writer = Thread.ofVirtual().start(() -> write(line, to));
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            InputStream in = from.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                line.put(piece(Arrays.copyOf(buffer, count), delay));
            }
        } catch (IOException reset) {
            close(to);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            line.put(piece(new byte[0], delay));
            writer.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Piece piece(byte[] octets, Duration delay) {
        return new Piece(ByteBuffer.wrap(octets), System.nanoTime() + delay.toNanos());
    }

    private static void write(BlockingQueue<Piece> line, Socket to) {
        boolean broken = false;
        try {
            OutputStream out = to.getOutputStream();
            for (Piece piece = line.take(); piece.octets().hasRemaining(); piece = line.take()) {
                broken = broken || !written(piece, out);
            }
            if (!broken) {
                to.shutdownOutput();
            }
        } catch (IOException gone) {
            close(to);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Returns whether the other side still takes it.
    private static boolean written(Piece piece, OutputStream out) {
        for (long left = piece.arrives() - System.nanoTime();
                left > 0;
                left = piece.arrives() - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
        try {
            out.write(piece.octets().array());
            return true;
        } catch (IOException gone) {
            return false;
        }
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        open.forEach(Relay::close);
    }
}
