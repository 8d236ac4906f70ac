package dev.postern.spool;

import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// The real spool on a disk in memory, without a thread: each call does the writer's work itself.
/// It can be killed and opened again.
public final class SimulatedSpool implements Spool {

    private static final int SEGMENT_BYTES = 64 * 1024;
    private static final int PAGE = 1000;

    private final InstantSource clock;
    private Consumer<QueueId> settled = _ -> {};
    private MemoryDisk disk;
    private JournalSpool spool;

    /// Creates an empty spool.
    public SimulatedSpool(InstantSource clock, long seed) {
        this.clock = clock;
        this.disk = new MemoryDisk(seed).wholeWrites();
        this.spool = open();
    }

    private JournalSpool open() {
        try {
            JournalSpool opened =
                    JournalSpool.open(
                            SpoolBench.config(0, 0),
                            clock,
                            disk,
                            SpoolObserver.NONE,
                            new JournalSpool.SpoolOptions(SEGMENT_BYTES, "boot-1", 42, false));
            opened.step();
            return opened;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Sets who is told of each message that was settled.
    public void onSettled(Consumer<QueueId> told) {
        settled = told;
    }

    /// Kills the process that has it, and opens it again.
    public void kill() {
        disk = disk.processCrash();
        spool = open();
    }

    /// Stops cleanly, and opens it again.
    public void restart() {
        spool.close();
        spool = open();
    }

    /// Does what is done every second.
    public void tick() {
        spool.tick();
        spool.step();
    }

    /// Accepts a message.
    public QueueId add(String sender, String... recipients) {
        try {
            Intake intake = spool.receive();
            intake.write(Mails.octets("Subject: x\r\n\r\nx\r\n"));
            CompletableFuture<Void> done =
                    intake.commit(Mails.acceptance(sender, clock.instant(), recipients))
                            .toCompletableFuture();
            spool.step();
            done.join();
            return intake.id();
        } catch (SpoolException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Returns the ids of what is claimed.
    public List<QueueId> sending() {
        return all().stream()
                .filter(message -> message.state() == State.SENDING)
                .map(QueuedMessage::id)
                .toList();
    }

    /// Returns all messages, newest first.
    public List<QueuedMessage> all() {
        List<QueuedMessage> all = new ArrayList<>();
        QueueId after = null;
        do {
            Page page = spool.list(new Query(null, null, null, PAGE, after));
            all.addAll(page.messages());
            after = page.next();
        } while (after != null);
        return all;
    }

    @Override
    public Intake receive() throws SpoolException {
        return spool.receive();
    }

    @Override
    public List<QueuedMessage> claim(int max) {
        return spool.claim(max);
    }

    @Override
    public List<QueuedMessage> claim(int max, int shelf) {
        return spool.claim(max, shelf);
    }

    @Override
    public void shelve(QueueId id, int shelf) {
        spool.shelve(id, shelf);
    }

    @Override
    public void clearShelves() {
        spool.clearShelves();
    }

    @Override
    public Optional<Instant> nextDue() {
        return spool.nextDue();
    }

    @Override
    public Optional<Instant> nextDue(int shelf) {
        return spool.nextDue(shelf);
    }

    @Override
    public void onWish(Consumer<Predicate<QueueId>> told) {
        spool.onWish(told);
    }

    @Override
    public void onDue(Runnable wake) {
        spool.onDue(wake);
    }

    @Override
    public void committing(QueueId id, String egress, List<ForwardPath> recipients) {
        spool.committing(id, egress, recipients);
        spool.step();
    }

    @Override
    public void preparing(QueueId id) {
        spool.preparing(id);
    }

    @Override
    public void prepared(QueueId id, boolean sending) {
        spool.prepared(id, sending);
    }

    @Override
    public void progress(QueueId id, Settlement soFar) {
        spool.progress(id, soFar);
        spool.step();
    }

    @Override
    public void settle(QueueId id, Settlement settlement) {
        spool.settle(id, settlement);
        spool.step();
        settled.accept(id);
    }

    @Override
    public int releaseAll(Reason reason) {
        return spool.releaseAll(reason);
    }

    @Override
    public int hasten(Reason reason, Instant due, int most) {
        return spool.hasten(reason, due, most);
    }

    @Override
    public void keep(String name, byte[] octets) {
        spool.keep(name, octets);
    }

    @Override
    public byte[] kept(String name) {
        return spool.kept(name);
    }

    @Override
    public int flush() {
        return spool.flush();
    }

    @Override
    public Verdict apply(Verb verb, QueueId id) {
        return spool.apply(verb, id);
    }

    @Override
    public Page list(Query query) {
        return spool.list(query);
    }

    @Override
    public Optional<MessageHistory> find(QueueId id) {
        return spool.find(id);
    }

    @Override
    public Optional<MessageContent> content(QueueId id) {
        return spool.content(id);
    }

    @Override
    public SpoolStatus status() {
        return spool.status();
    }

    @Override
    public void close() {
        spool.close();
    }
}
