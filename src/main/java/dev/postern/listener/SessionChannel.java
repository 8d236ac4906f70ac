package dev.postern.listener;

import dev.postern.listener.SessionContext.Link;
import dev.postern.smtp.Reply;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A session's connection: hands it what comes in, gathers its replies and flushes them once the
/// input runs dry (RFC 2920 §3.2), keeps back what a stalled session can't take, minds the idle
/// time.
///
/// *Limits.* At most one read ([Listener#receiveBytesAtMost]) is kept back; then nothing is read. A
/// client that does not read its replies is not read from either. Idle time counts from the last
/// whole command, or [Session#PROGRESS_OCTETS] of content: octets that come one by one are none.
/// Behind the last word a client is heard out for [#LAST_REPLY_AT_MOST] and as many octets as a
/// message may have, while it is not quiet for [#QUIET_AT_MOST].
final class SessionChannel extends ChannelInboundHandlerAdapter
        implements Session.Output, Crowd.Guest {

    /// How long a client may say nothing and not hang up once we said the last word. To close at
    /// once, with octets of it unread, would reset the connection, and the client might never see
    /// that word.
    static final Duration QUIET_AT_MOST = Duration.ofSeconds(2);

    /// How long a client may take to read the reply that ends its session, and to end itself.
    static final Duration LAST_REPLY_AT_MOST = Duration.ofSeconds(10);

    private static final Logger log = LoggerFactory.getLogger(SessionChannel.class);

    /// Replies that are gathered before they are flushed in any case.
    private static final int GATHERED_REPLY_BYTES = 4096;

    private static final int FIRST_REPLY_BYTES = 256;

    private static final ThreadLocal<byte[]> LOOKED_AT =
            ThreadLocal.withInitial(() -> new byte[Listener.RECEIVE_BYTES_FIRST]);

    private final Listener listener;
    private @Nullable ChannelHandlerContext context;
    private volatile @Nullable Session session;
    private Crowd.@Nullable Seat seat;
    private @Nullable ByteBuf kept;
    private @Nullable ByteBuf replies;
    private @Nullable Future<?> idleTimer;
    private @Nullable Future<?> delayed;
    private boolean closing;
    private boolean gone;
    private boolean lingers;
    private boolean inputEnded;
    private boolean consuming;
    private boolean quiet;
    private long unheardOctets;

    SessionChannel(Listener listener) {
        this.listener = listener;
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(context, "not active");
    }

    private Session session() {
        return Objects.requireNonNull(session, "not active");
    }

    private Crowd.Seat seat() {
        return Objects.requireNonNull(seat, "not admitted");
    }

    // Netty's events.

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        context = ctx;
        Link link = link(ctx.channel());
        Reply refusal = listener.admit(this, link);
        if (refusal != null) {
            send(refusal);
            return;
        }
        Session begun = new Session(listener.context(), link, this, seat());
        session = begun;
        idleTimer = later(listener.context().config().idleTimeout().toNanos(), this::lookAtIdle);
        begun.greet();
        flush();
    }

    /// Takes its seat.
    void sit(Crowd.Seat place) {
        seat = place;
    }

    private static Link link(Channel channel) {
        return new Link(
                ((InetSocketAddress) channel.remoteAddress()).getAddress(),
                ((InetSocketAddress) channel.localAddress()).getAddress());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (closing || session == null) {
            hearOut(in);
        } else if (kept != null) {
            kept = joined(kept, in);
        } else {
            consume(in);
        }
    }

    /// What SslHandler decodes after reading was stopped can come in several pieces.
    private ByteBuf joined(ByteBuf first, ByteBuf second) {
        ByteBuf whole = context().alloc().buffer(first.readableBytes() + second.readableBytes());
        whole.writeBytes(first).writeBytes(second);
        first.release();
        second.release();
        return whole;
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            resume();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            if (handshake.isSuccess()) {
                session().secured();
            } else {
                log.atInfo()
                        .addKeyValue("client", link(ctx.channel()).clientText())
                        .addKeyValue("why", handshake.cause().getMessage())
                        .log("TLS was not agreed on");
                drop();
            }
        } else if (event instanceof ChannelInputShutdownEvent) {
            inputEnded = true;
            ctx.channel().config().setAutoRead(false);
            closeIfAllIsSaid();
        }
    }

    /// Scripts send all they have, end their side at once (`nc -N`), and still want to hear the
    /// answers.
    private void closeIfAllIsSaid() {
        boolean busy = session != null && (kept != null || session().state().isBusy());
        if (inputEnded && (closing || !busy)) {
            context().close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closing = true;
        gone = true;
        if (lingers) {
            listener.lingering().release();
        }
        if (delayed != null) {
            delayed.cancel(false);
        }
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        ReferenceCountUtil.release(kept);
        kept = null;
        ReferenceCountUtil.release(replies);
        replies = null;
        if (session != null) {
            session().gone();
            listener.ended(this);
            leaveSeat();
        }
    }

    /// What is being committed still needs the place of the client that left.
    private void leaveSeat() {
        if (!session().state().isBusy()) {
            seat().leave();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            log.atDebug().addKeyValue("why", cause.getMessage()).log("connection broken");
        } else {
            log.atError().setCause(cause).log("session broken off by a mistake of ours");
        }
        ctx.close();
    }

    // What the session does with its connection.

    @Override
    public void send(Reply reply) {
        if (closing) {
            return;
        }
        if (replies == null) {
            replies = context().alloc().buffer(FIRST_REPLY_BYTES);
        }
        replies.writeBytes(reply.encode());
        if (reply.closesSession()) {
            sayAtLast(replies);
            replies = null;
        } else if (replies.readableBytes() >= GATHERED_REPLY_BYTES || !consuming) {
            flush();
        }
    }

    @Override
    public void secure() {
        TlsCertificate certificate =
                Objects.requireNonNull(listener.context().certificate(), "no certificate");
        flush();
        SslHandler handler = certificate.newHandler(context().alloc());
        context().pipeline().addFirst(handler);
    }

    @Override
    public void drop() {
        closing = true;
        context().close();
    }

    @Override
    public void execute(Runnable task) {
        try {
            context().executor().execute(task);
        } catch (RejectedExecutionException e) {
            // The listener was closed meanwhile: nobody is there to be answered.
            log.atDebug().setCause(e).log("too late for an answer");
        }
    }

    @Override
    public void after(Duration wait, Runnable task) {
        delayed =
                later(
                        wait.toNanos(),
                        () -> {
                            task.run();
                            resume();
                        });
    }

    private Future<?> later(long nanos, Runnable task) {
        return context().executor().schedule(task, nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public boolean isBehind() {
        return !context().channel().isWritable();
    }

    @Override
    public void resume() {
        if (gone) {
            leaveSeat();
            return;
        }
        ByteBuf in = kept;
        if (in != null && !closing) {
            kept = null;
            consume(in);
        }
        flush();
        readAsWanted();
        closeIfAllIsSaid();
    }

    private void flush() {
        if (replies != null) {
            ByteBuf out = replies;
            replies = null;
            context().writeAndFlush(out, context().voidPromise());
        }
    }

    private void consume(ByteBuf in) {
        consuming = true;
        boolean keep = false;
        try {
            while (in.isReadable() && !closing && !isStalled()) {
                ByteBuffer octets = onHeap(in);
                session().consume(octets);
                in.skipBytes(octets.position());
            }
            keep = in.isReadable() && !closing;
        } finally {
            consuming = false;
            if (keep) {
                kept = in;
            } else {
                in.release();
            }
        }
        readAsWanted();
    }

    /// Copies what came into an array of the event loop's, where it is looked at octet by octet:
    /// off the heap each of these looks takes three to four times as long.
    private static ByteBuffer onHeap(ByteBuf in) {
        int length = in.readableBytes();
        byte[] octets = LOOKED_AT.get();
        if (octets.length < length) {
            octets = new byte[length];
            LOOKED_AT.set(octets);
        }
        in.getBytes(in.readerIndex(), octets, 0, length);
        return ByteBuffer.wrap(octets, 0, length);
    }

    private boolean isStalled() {
        return session().isStalled() || isBehind();
    }

    /// A session that only waits for its commit is read from until something comes: mostly nothing
    /// does, and stopping costs system calls.
    private void readAsWanted() {
        boolean room = kept == null && (session().state().isBusy() || !isStalled());
        boolean wanted = !inputEnded && (closing || room);
        if (context().channel().config().isAutoRead() != wanted) {
            context().channel().config().setAutoRead(wanted);
        }
    }

    // The last word.

    /// Says it, and hears the client out for a while: as one that may, or as one of a few for whom
    /// there is no place any more.
    private void sayAtLast(ByteBuf words) {
        closing = true;
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        boolean seated = seat != null && seat.isSeated();
        lingers = !seated && listener.lingering().tryAcquire();
        ChannelFuture written = context().writeAndFlush(words);
        if (seated || lingers) {
            written.addListener((ChannelFutureListener) _ -> endOutput());
            idleTimer = later(LAST_REPLY_AT_MOST.toNanos(), () -> context().close());
        } else {
            context().close();
        }
    }

    /// With TLS its own end goes before TCP's (RFC 8446 §6.1). What comes then is thrown away as it
    /// is.
    private void endOutput() {
        SslHandler tls = context().pipeline().get(SslHandler.class);
        if (tls == null) {
            shutDownOutput();
        } else {
            tls.closeOutbound()
                    .addListener(_ -> {
                        if (!context().isRemoved() && context().channel().isActive()) {
                            context().pipeline().remove(tls);
                            shutDownOutput();
                        }
                    });
        }
    }

    private void shutDownOutput() {
        if (context().channel() instanceof SocketChannel socket && socket.isActive()) {
            socket.shutdownOutput();
            socket.config().setAutoRead(!inputEnded);
            lookWhetherQuiet();
        } else {
            context().close();
        }
    }

    private void lookWhetherQuiet() {
        if (quiet) {
            context().close();
            return;
        }
        quiet = true;
        var _ = later(QUIET_AT_MOST.toNanos(), this::lookWhetherQuiet);
    }

    private void hearOut(ByteBuf in) {
        quiet = false;
        unheardOctets += in.readableBytes();
        in.release();
        if (unheardOctets > listener.context().config().maxMessageSizeBytes()) {
            context().close();
        }
    }

    // Idle time and the end.

    private void lookAtIdle() {
        if (closing) {
            return;
        }
        if (session().isStalled()) {
            // It waits for us, so its time begins anew.
            seat().heard();
        }
        long idleNanos = seat().silentNanos();
        long allowedNanos = listener.context().config().idleTimeout().toNanos();
        if (idleNanos < allowedNanos) {
            idleTimer = later(allowedNanos - idleNanos, this::lookAtIdle);
        } else if (context().channel().isWritable()) {
            session().idle();
        } else {
            drop();
        }
    }

    /// Ends the session with 421 as soon as no message comes in; on any thread.
    void shutDown() {
        execute(() -> {
            if (session != null && !closing) {
                session().shutDown();
            }
        });
    }

    @Override
    public Protocol.SessionState state() {
        Session known = session;
        return known == null ? Protocol.SessionState.START : known.state();
    }

    @Override
    public boolean isHeldUp() {
        Session known = session;
        return known != null && known.isHeldUp();
    }

    @Override
    public void giveWay() {
        execute(() -> {
            if (closing) {
                context().close();
            } else if (seat().isFirm() || isWaitingForUs()) {
                seat().stay();
            } else {
                session().giveWay();
            }
        });
    }

    private boolean isWaitingForUs() {
        return session().isStalled() && state() != Protocol.SessionState.DELAYED;
    }
}
