package dev.postern.listener;

import dev.postern.config.HostPort;
import dev.postern.config.SmtpConfig;
import dev.postern.listener.SessionContext.Link;
import dev.postern.reception.Reception;
import dev.postern.reception.Rejection;
import dev.postern.smtp.FailureThrottle;
import dev.postern.smtp.Replies;
import dev.postern.smtp.Reply;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The listening sockets and all their sessions, on one event loop or two, on which nothing blocks.
///
/// *Contract.* Once [#start] returns, clients are greeted at [#address()]. [#stopAccepting] answers
/// 421 to new sessions and idle ones, and lets messages that are coming in be finished. [#close]
/// ends what is left.
///
/// *Diagnostics.* A socket that can't be bound or a certificate that can't be used is an
/// `IOException` that says which and why.
///
/// *Limits.* What sessions have on the heap is bounded by [Crowd]. Off the heap one arena of
/// [#ARENA_CHUNK_BYTES] chunks holds what was read and can't be taken yet, and replies that their
/// clients don't read. Each session has [#receiveBytesAtMost] for the first, one record more with
/// TLS, and [#unsentBytesAtMost] for the second; both are shares of [#DIRECT_BYTES] that shrink
/// with `smtp.max-connections`. With 500, that is 16 KiB and 8 KiB, 12 MiB together. Of those that
/// have no place, [#LINGERING_AT_MOST] are heard out; the others are closed at once.
///
/// *See also.* [Session], [Crowd], [Reception].
public final class Listener implements AutoCloseable {

    /// What there is off the heap: `conf/java.options` gives Netty as much.
    static final long DIRECT_BYTES = 32L * 1024 * 1024;

    /// Octets that are read from a connection at once, if there are few connections.
    static final int RECEIVE_BYTES_AT_MOST = 64 * 1024;

    /// Clients without a place that are heard out behind the reply that ends their session.
    static final int LINGERING_AT_MOST = 64;

    private static final int RECEIVE_BYTES_AT_LEAST = 512;
    static final int RECEIVE_BYTES_FIRST = 2048;

    /// What Netty takes from the system at a time.
    static final int ARENA_CHUNK_BYTES = 256 * 1024;

    private static final int ARENA_PAGE_BYTES = 8 * 1024;
    private static final int ARENA_CHUNK_ORDER = 5;
    private static final int CACHED_SMALL_BUFFERS = 32;
    private static final int CACHED_NORMAL_BUFFERS = 4;
    private static final int RECEIVE_PART_OF_DIRECT = 4;
    private static final int UNSENT_PART_OF_DIRECT = 8;
    private static final int UNSENT_BYTES_AT_LEAST = 2 * 1024;
    private static final int UNSENT_BYTES_AT_MOST = 32 * 1024;
    private static final int UNSENT_LOW_PART = 4;
    private static final int BACKLOG_CONNECTIONS = 512;

    /// With fewer, one event loop does all: to hand a connection over costs more than it brings
    /// where the spool's writer and the deliveries want a processor too.
    private static final int PROCESSORS_FOR_TWO = 4;

    /// How often another port is tried when a free one on 127.0.0.1 is not free on `[::1]`.
    private static final int PORT_TRIES = 20;

    private static final Duration CLOSE_AT_MOST = Duration.ofSeconds(2);

    private static final String IPV4_LOOPBACK = "127.0.0.1";

    private static final Logger log = LoggerFactory.getLogger(Listener.class);

    /// Is told of log-ins too, for metrics; on event loops.
    public interface Observer extends Reception.Observer {

        /// A log-in failed.
        default void authFailed() {}
    }

    /// The listener as operators see it.
    ///
    /// @param address where it listens, such as `127.0.0.1:2525`; null unless it is bound and takes
    ///   mail
    /// @param connections how many sessions there are
    /// @param certificateExpiry when its certificate expires; null without one, or an address
    public record Status(
            @Nullable String address, int connections, @Nullable Instant certificateExpiry) {}

    /// The files of `smtp.tls` can't be read, or are not a certificate and its key: a mistake in
    /// the configuration, unlike a socket that can't be bound. The message is one line that names
    /// them.
    public static final class UnusableCertificate extends IOException {

        private static final long serialVersionUID = 1L;

        UnusableCertificate(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final InetAddress address;
    private volatile SessionContext context;
    private final Crowd crowd;
    private final Semaphore lingering = new Semaphore(LINGERING_AT_MOST);
    private final ExecutorService blocking;
    private final List<EventLoopGroup> groups = new CopyOnWriteArrayList<>();
    private final Set<SessionChannel> sessions = ConcurrentHashMap.newKeySet();
    private final List<Channel> sockets = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private volatile boolean accepting = true;
    private volatile boolean bound;

    /// Makes ready to listen.
    ///
    /// @throws UnusableCertificate when the certificate can't be used
    /// @throws IOException when there is no such host
    public Listener(SmtpConfig config, Reception reception, Observer observer) throws IOException {
        this(config, reception, observer, Crowd.of(config, Runtime.getRuntime().maxMemory()));
    }

    Listener(SmtpConfig config, Reception reception, Observer observer, Crowd crowd)
            throws IOException {
        this.address = resolve(config.listen().host());
        TlsCertificate certificate = TlsCertificate.of(config.tls()).orElse(null);
        this.blocking = Executors.newVirtualThreadPerTaskExecutor();
        this.context =
                new SessionContext(
                        config,
                        reception,
                        new Admission(config, address.isLoopbackAddress(), certificate != null),
                        certificate,
                        observer,
                        blocking,
                        new FailureThrottle(reception.clock()));
        this.crowd = crowd;
    }

    private EventLoopGroup group(int threads, String name) {
        EventLoopGroup group =
                new MultiThreadIoEventLoopGroup(
                        threads, new DefaultThreadFactory(name, true), NioIoHandler.newFactory());
        groups.add(group);
        return group;
    }

    /// Binds the sockets and begins to accept.
    ///
    /// @throws IOException when a socket can't be bound
    public void start() throws IOException {
        int count = Runtime.getRuntime().availableProcessors() < PROCESSORS_FOR_TWO ? 1 : 2;
        try {
            EventLoopGroup loops = group(count, "smtp");
            bind(bootstrap(loops), context.config().listen().port());
            bound = true;
            watchCertificate(loops);
        } catch (IOException | RuntimeException | Error trouble) {
            close();
            throw trouble;
        }
    }

    private static InetAddress resolve(String host) throws IOException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IOException("smtp.listen: no such host: " + host, e);
        }
    }

    // Sockets.

    private void bind(ServerBootstrap bootstrap, int port) throws IOException {
        if (!address.getHostAddress().equals(IPV4_LOOPBACK)) {
            sockets.add(bind(bootstrap, address, port));
            return;
        }
        InetAddress second = InetAddress.ofLiteral("::1");
        int tries = port == 0 ? PORT_TRIES : 1;
        for (int i = 1; sockets.isEmpty(); i++) {
            Channel first = bind(bootstrap, address, port);
            sockets.add(first);
            try {
                sockets.add(bind(bootstrap, second, address().port()));
            } catch (IOException e) {
                if (isInUse(e) && i < tries) {
                    sockets.clear();
                    first.close().syncUninterruptibly();
                } else if (isInUse(e)) {
                    throw e;
                } else {
                    log.atDebug().addKeyValue("why", e.getMessage()).log("no IPv6 loopback");
                }
            }
        }
    }

    /// An IPv6 loopback that is not there gives another error.
    private static boolean isInUse(IOException trouble) {
        return trouble.getCause() instanceof BindException cause
                && String.valueOf(cause.getMessage()).contains("in use");
    }

    private static Channel bind(ServerBootstrap bootstrap, InetAddress address, int port)
            throws IOException {
        var bound = bootstrap.bind(address, port).awaitUninterruptibly();
        Throwable trouble = bound.cause();
        if (trouble != null) {
            HostPort where = new HostPort(NetUtil.toAddressString(address), port);
            throw new IOException(
                    ("smtp.listen: can't listen on %s: %s; stop what listens there, or set"
                                    + " smtp.listen")
                            .formatted(where, trouble.getMessage()),
                    trouble);
        }
        return bound.channel();
    }

    private ServerBootstrap bootstrap(EventLoopGroup loops) {
        ByteBufAllocator allocator =
                new PooledByteBufAllocator(
                        true,
                        0,
                        1,
                        ARENA_PAGE_BYTES,
                        ARENA_CHUNK_ORDER,
                        CACHED_SMALL_BUFFERS,
                        CACHED_NORMAL_BUFFERS,
                        false);
        int connections = context.config().maxConnections();
        int unsentBytes = unsentBytesAtMost(connections);
        return new ServerBootstrap()
                .group(loops)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG_CONNECTIONS)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childOption(ChannelOption.SO_KEEPALIVE, true)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childOption(
                        ChannelOption.WRITE_BUFFER_WATER_MARK,
                        new WriteBufferWaterMark(unsentBytes / UNSENT_LOW_PART, unsentBytes))
                .childOption(
                        ChannelOption.RECVBUF_ALLOCATOR,
                        new AdaptiveRecvByteBufAllocator(
                                RECEIVE_BYTES_AT_LEAST,
                                RECEIVE_BYTES_FIRST,
                                receiveBytesAtMost(connections)))
                .childHandler(
                        new ChannelInitializer<SocketChannel>() {
                            @Override
                            protected void initChannel(SocketChannel channel) {
                                channel.pipeline().addLast(new SessionChannel(Listener.this));
                            }
                        });
    }

    /// Returns how many octets are read from a connection at once.
    static int receiveBytesAtMost(int connections) {
        return Math.clamp(
                DIRECT_BYTES / RECEIVE_PART_OF_DIRECT / connections,
                RECEIVE_BYTES_FIRST,
                RECEIVE_BYTES_AT_MOST);
    }

    /// Returns how many octets of replies may wait for a client to read them, before it is no
    /// longer heard.
    static int unsentBytesAtMost(int connections) {
        return Math.clamp(
                DIRECT_BYTES / UNSENT_PART_OF_DIRECT / connections,
                UNSENT_BYTES_AT_LEAST,
                UNSENT_BYTES_AT_MOST);
    }

    /// Returns where it really listens, the configured address first.
    List<InetSocketAddress> addresses() {
        return sockets.stream().map(c -> (InetSocketAddress) c.localAddress()).toList();
    }

    /// Returns where it really listens on the configured address.
    public HostPort address() {
        InetSocketAddress first = addresses().getFirst();
        return new HostPort(first.getAddress().getHostAddress(), first.getPort());
    }

    /// Returns how it stands, also before the start and after the end.
    public Status status() {
        boolean open = bound && accepting;
        TlsCertificate certificate = context.certificate();
        return new Status(
                open ? address().toString() : null,
                sessions.size(),
                open && certificate != null ? certificate.expires() : null);
    }

    /// Goes by other rules of who may submit, from the next session on.
    public void use(SmtpConfig config) {
        context = context.liveKeysOf(config);
    }

    private void watchCertificate(EventLoopGroup loops) {
        TlsCertificate certificate = context.certificate();
        if (certificate != null) {
            long seconds = TlsCertificate.LOOK_EVERY.toSeconds();
            loops.scheduleWithFixedDelay(
                    () -> blocking.execute(certificate::look), seconds, seconds, TimeUnit.SECONDS);
        }
    }

    // Sessions.

    SessionContext context() {
        return context;
    }

    /// Takes in a new connection.
    ///
    /// @return null, or why not
    @Nullable Reply admit(SessionChannel session, Link link) {
        sessions.add(session);
        if (!accepting) {
            ended(session);
            context.observer().rejected(Rejection.SHUTDOWN);
            return Replies.SHUTTING_DOWN;
        }
        Crowd.Seat seat = crowd.enter(link.client(), session);
        if (seat == null) {
            sessions.remove(session);
            context.observer().rejected(Rejection.CONNECTIONS);
            log.atWarn()
                    .addKeyValue("client", link.clientText())
                    .addKeyValue("open", crowd.sessions())
                    .addKeyValue("limit", context.config().maxConnections())
                    .addKeyValue("held-bytes", crowd.heldBytes())
                    .log("too many connections");
            return Replies.TOO_MANY_CONNECTIONS;
        }
        session.sit(seat);
        return null;
    }

    /// Returns who may be heard out without a place.
    Semaphore lingering() {
        return lingering;
    }

    /// Takes leave of a connection that was taken in.
    void ended(SessionChannel session) {
        sessions.remove(session);
        if (!accepting && sessions.isEmpty()) {
            drained.complete(null);
        }
    }

    /// Answers 421 to new sessions and idle ones from now on.
    ///
    /// @return completes when the messages that were coming in are finished and no session is left
    public CompletionStage<Void> stopAccepting() {
        accepting = false;
        sessions.forEach(SessionChannel::shutDown);
        if (sessions.isEmpty()) {
            drained.complete(null);
        }
        return drained.copy();
    }

    /// Closes the sockets and what is left of the sessions. Waits for the event loops, briefly.
    @Override
    public void close() {
        accepting = false;
        sockets.forEach(socket -> socket.close().awaitUninterruptibly());
        long most = CLOSE_AT_MOST.toMillis();
        groups.stream()
                .map(group -> group.shutdownGracefully(0, most, TimeUnit.MILLISECONDS))
                .toList()
                .forEach(Future::awaitUninterruptibly);
        blocking.shutdownNow();
        drained.complete(null);
    }
}
