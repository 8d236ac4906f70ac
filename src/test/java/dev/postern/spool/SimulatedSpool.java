package dev.postern.spool;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// The real spool on a disk in memory, without a thread: each call does the writer's work itself.
/// It can be killed and opened again.
public final class SimulatedSpool {

    private static final Set<String> WRITING = Set.of("committing", "progress", "settle");

    private static final int SEGMENT_BYTES = 64 * 1024;
    private static final int PAGE = 1000;

    private final InstantSource clock;
    private Consumer<QueueId> settled = _ -> {};
    private MemoryDisk disk;
    private Spool spool;

    /// Creates an empty spool.
    public SimulatedSpool(InstantSource clock, long seed) {
        this.clock = clock;
        this.disk = new MemoryDisk(seed).wholeWrites();
        this.spool = open();
    }

    private Spool open() {
        try {
            Spool opened =
                    Spool.open(
                            SpoolBench.config(0, 0),
                            clock,
                            disk,
                            _ -> {},
                            new Spool.Options(SEGMENT_BYTES, "boot-1", 42, false));
            while (!opened.admin().awaitComplete(Duration.ZERO)) {
                opened.step();
            }
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
            Intake intake = spool.intakes().receive();
            intake.write(Mails.octets("Subject: x\r\n\r\nx\r\n"));
            CompletableFuture<Void> done =
                    intake.commit(Mails.queued(intake.id(), sender, clock.instant(), recipients))
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
                .map(MessageState::id)
                .toList();
    }

    /// Returns all messages, newest first.
    public List<MessageState> all() {
        List<MessageState> all = new ArrayList<>();
        QueueId after = null;
        do {
            Page page = spool.admin().list(new Query(null, null, null, PAGE, after));
            all.addAll(page.messages());
            after = page.next();
        } while (after != null);
        return all;
    }

    /// Returns the queue, whichever process has the spool at the time of a call.
    public DueQueue queue() {
        return (DueQueue)
                Proxy.newProxyInstance(
                        DueQueue.class.getClassLoader(),
                        new Class<?>[] {DueQueue.class},
                        (_, method, arguments) -> {
                            try {
                                Object result = method.invoke(spool.queue(), arguments);
                                written(method.getName(), arguments);
                                return result;
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    /// Has written what the queue was told.
    private void written(String method, Object[] arguments) {
        if (WRITING.contains(method)) {
            spool.step();
        }
        if (method.equals("settle")) {
            settled.accept((QueueId) arguments[0]);
        }
    }

    /// Returns what operators see and do.
    public QueueAdmin admin() {
        return spool.admin();
    }

    /// Releases all that an operator holds.
    public void releaseAll() {
        for (MessageState message : all()) {
            if (message.recipients().stream().anyMatch(r -> r.reason() == Reason.OPERATOR)) {
                admin().apply(QueueAdmin.Verb.RELEASE, message.id());
            }
        }
    }
}
