package dev.postern.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.postern.smtp.Reply;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/// A session without a network: octets go straight in, replies are kept. The test's thread is the
/// event loop.
final class DirectPeer implements Session.Output, Crowd.Guest {

    private static final long HELD_BYTES_AT_MOST = 1 << 20;

    final List<Reply> replies = new ArrayList<>();
    final Session session;
    boolean secured;
    boolean dropped;

    /// So many replies the client takes before it is behind.
    int repliesAtMost = Integer.MAX_VALUE;

    /// How long answers waited.
    final List<Duration> waits = new ArrayList<>();

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private ByteBuffer kept = ByteBuffer.allocate(0);

    DirectPeer(SessionContext context) {
        this(context, HELD_BYTES_AT_MOST);
    }

    DirectPeer(SessionContext context, long heldBytesAtMost) {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        Crowd.Seat seat = new Crowd(1, 1, heldBytesAtMost, System::nanoTime).enter(loopback, this);
        session = new Session(context, new SessionContext.Link(loopback, loopback), this, seat);
        session.greet();
    }

    @Override
    public boolean isHeldUp() {
        return session.isHeldUp();
    }

    /// Gives octets to the session, one a character, and waits while it is busy.
    DirectPeer give(String octets) {
        return give(octets.getBytes(ISO_8859_1));
    }

    DirectPeer give(byte[] octets) {
        ByteBuffer all = ByteBuffer.allocate(kept.remaining() + octets.length);
        kept = all.put(kept).put(octets).flip();
        run();
        return this;
    }

    private void run() {
        session.consume(kept);
        while (session.state().isBusy()) {
            try {
                tasks.take().run();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /// Returns the last reply, in one line.
    String last() {
        return replies.getLast().toString();
    }

    @Override
    public void send(Reply reply) {
        replies.add(reply);
    }

    @Override
    public void secure() {
        secured = true;
    }

    @Override
    public void drop() {
        dropped = true;
        session.gone();
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public void after(Duration wait, Runnable task) {
        waits.add(wait);
        tasks.add(() -> {
            task.run();
            resume();
        });
    }

    @Override
    public boolean isBehind() {
        return replies.size() >= repliesAtMost;
    }

    @Override
    public Protocol.SessionState state() {
        return session == null ? Protocol.SessionState.START : session.state();
    }

    @Override
    public void giveWay() {
        session.giveWay();
    }

    @Override
    public void resume() {
        session.consume(kept);
    }
}
