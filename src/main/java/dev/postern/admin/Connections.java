package dev.postern.admin;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ProtocolConfig;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/// Stands between the web server and its sockets: each connection gets one of the
/// [ConnectionSlots], and is read by a [RequestReader] before the server's own HTTP/1.1 understands
/// anything of it.
///
/// The server has neither a time for a head nor one for a body, nor any rule who has to go: its
/// read time-out does not reach the channels that it accepts. What it does have is this hook: who
/// makes a connection out of what was accepted, and so what that connection reads and writes.
///
/// *Threads.* The server runs connections on virtual threads, and these share a few carriers. The
/// admin socket's go on from there on threads of their own: no work of an operator's can keep a
/// carrier from the health socket.
final class Connections implements ServerConnectionSelector {

    /// What is read of a broken request, so that the answer is not lost to a reset.
    private static final long LINGER_BYTES = 1024L * 1024;

    private static final ScopedValue<Connection> CURRENT = ScopedValue.newInstance();

    private static final String PROTOCOL = "http_1_1";

    private final ConnectionSlots slots;
    private final boolean ownThreads;
    private final Http1ConnectionSelector http;

    /// @param ownThreads whether each connection is served by a thread of the system's
    Connections(ConnectionSlots slots, boolean ownThreads, Http1Config config) {
        this.slots = slots;
        this.ownThreads = ownThreads;
        this.http = Http1ConnectionSelector.builder().config(config).build();
    }

    /// Returns the connection whose request the calling thread serves.
    static Connection current() {
        return CURRENT.get();
    }

    /// What a server's configuration needs beside these: it adds its own HTTP/1.1, whatever it is
    /// told, unless something has the name and kind; and with two to choose from it waits for a
    /// connection's first octets before it asks anybody.
    record NoOther(String type, String name) implements ProtocolConfig {

        NoOther() {
            this(PROTOCOL, PROTOCOL);
        }
    }

    @Override
    public int bytesToIdentifyConnection() {
        return 0;
    }

    @Override
    public Support supports(BufferData data) {
        return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        return new Connection(context);
    }

    /// One connection.
    final class Connection implements ServerConnection {

        private final ConnectionSlots.Slot slot;
        private final RequestReader reader;
        private final DataReader octets;
        private final ServerConnection server;
        private int routed;

        private Connection(ConnectionContext context) {
            octets = context.dataReader();
            HelidonSocket socket = context.serverSocket();
            slot = slots.enter(client(context), () -> close(socket));
            reader = new RequestReader(this::some, slot);
            server = http.connection(new Wired(context, reader, slot));
        }

        private static InetAddress client(ConnectionContext context) {
            return context.remotePeer().address() instanceof InetSocketAddress peer
                    ? peer.getAddress()
                    : InetAddress.getLoopbackAddress();
        }

        private static void close(HelidonSocket socket) {
            try {
                socket.close();
            } catch (UncheckedIOException _) {
                // It was closed already.
            }
        }

        private byte @Nullable [] some() {
            try {
                octets.ensureAvailable();
                return octets.readBytes(octets.available());
            } catch (DataReader.InsufficientDataAvailableException | ServerConnectionException _) {
                // At its end, or closed by whoever's hand.
                return null;
            }
        }

        @Override
        public void handle(Limit limit) {
            try {
                if (ownThreads) {
                    apart(limit);
                } else {
                    serve(limit);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CloseConnectionException("the server stops", e);
            } finally {
                slot.leave();
            }
        }

        private boolean serve(Limit limit) throws InterruptedException {
            try {
                return ScopedValue.where(CURRENT, this)
                        .call(() -> {
                            server.handle(limit);
                            return true;
                        });
            } finally {
                if (reader.isAstray()) {
                    linger();
                }
            }
        }

        private void apart(Limit limit) throws InterruptedException {
            FutureTask<Boolean> task = new FutureTask<>(() -> serve(limit));
            Thread.ofPlatform().daemon().name("http-connection").start(task);
            try {
                task.get();
            } catch (ExecutionException e) {
                switch (e.getCause()) {
                    case RuntimeException known -> throw known;
                    case InterruptedException known -> throw known;
                    case Error known -> throw known;
                    case null, default -> throw new IllegalStateException(e);
                }
            }
        }

        /// Lets the client read the answer to what it could not finish: closed upon octets that are
        /// unread, a connection is reset, and the answer may be lost with it.
        private void linger() {
            slot.lingers();
            long left = LINGER_BYTES;
            byte[] more = some();
            while (more != null && left > 0) {
                left -= more.length;
                more = some();
            }
        }

        /// Notes that the server has understood a request.
        ///
        /// @throws CloseConnectionException when it is none that was read as one
        void routes() {
            routed++;
            if (routed != reader.heads()) {
                throw new CloseConnectionException("no request begins there");
            }
        }

        /// Notes that all is here that the request needs to be run.
        void runs() {
            slot.runs();
        }

        /// Notes that the answer is out.
        void answered() {
            slot.answered();
        }

        /// Holds the answer back, as one that waits for its client.
        ///
        /// @throws CloseConnectionException when the connection had to go meanwhile
        void hold(Duration wait) {
            try {
                if (slot.hold(wait)) {
                    return;
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            throw new CloseConnectionException("closed while an answer was held back");
        }

        /// Never idle as far as the server knows: the slots know better.
        @Override
        public Duration idleTime() {
            return Duration.ZERO;
        }

        @Override
        public void close(boolean interrupt) {
            server.close(interrupt);
        }
    }

    /// The server's view of a connection: it reads what the reader lets pass, and what it writes is
    /// known to the slot.
    private static final class Wired implements ConnectionContext, DataWriter {

        private final ConnectionContext context;
        private final DataReader reader;
        private final DataWriter writer;
        private final ConnectionSlots.Slot slot;

        Wired(ConnectionContext context, RequestReader reader, ConnectionSlots.Slot slot) {
            this.context = context;
            this.reader = DataReader.create(reader);
            this.writer = context.dataWriter();
            this.slot = slot;
        }

        @Override
        public DataReader dataReader() {
            return reader;
        }

        @Override
        public DataWriter dataWriter() {
            return this;
        }

        /// Writes, and blocks until the client has taken the octets or is gone.
        @Override
        public void writeNow(BufferData... buffers) {
            int octets = Arrays.stream(buffers).mapToInt(BufferData::available).sum();
            slot.transfers();
            try {
                writer.writeNow(buffers);
            } catch (UncheckedIOException e) {
                throw new CloseConnectionException("the client takes no more", e);
            }
            slot.transferred(octets);
        }

        @Override
        public void writeNow(BufferData buffer) {
            writeNow(new BufferData[] {buffer});
        }

        @Override
        public void write(BufferData... buffers) {
            writeNow(buffers);
        }

        @Override
        public void write(BufferData buffer) {
            writeNow(buffer);
        }

        @Override
        public void flush() {
            writer.flush();
        }

        @Override
        public void close() {
            writer.close();
        }

        @Override
        public ListenerContext listenerContext() {
            return context.listenerContext();
        }

        @Override
        public ExecutorService executor() {
            return context.executor();
        }

        @Override
        public Router router() {
            return context.router();
        }

        @Override
        public HelidonSocket serverSocket() {
            return context.serverSocket();
        }

        @Override
        public PeerInfo remotePeer() {
            return context.remotePeer();
        }

        @Override
        public PeerInfo localPeer() {
            return context.localPeer();
        }

        @Override
        public boolean isSecure() {
            return context.isSecure();
        }

        @Override
        public String socketId() {
            return context.socketId();
        }

        @Override
        public String childSocketId() {
            return context.childSocketId();
        }
    }
}
