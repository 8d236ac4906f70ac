package dev.postern.spool;

import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.outcome.Attempt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The messages that are due, and the claims on them.
final class Claims implements DueQueue {

    private static final Logger log = LoggerFactory.getLogger(Claims.class);

    /// When a message whose state can't be read is looked at again.
    private static final Duration UNREADABLE_AGAIN = Duration.ofMinutes(5);

    /// Over how long hastened messages are spread, a millisecond each, to keep their order.
    private static final Duration SPREAD = Duration.ofSeconds(1);

    /// So many messages are hastened in the order in which they were due.
    private static final int ORDERED_MOST = 20_000;

    /// For how long messages let others go first that may be what ends the program.
    static final Duration OTHERS_FIRST = Duration.ofMinutes(2);

    private final QueueIndex queueIndex;
    private final JournalReader reader;
    private final JournalWrites writes;
    private final Preparations preparations;
    private final SpoolHome.StateFiles stateFiles;
    private final InstantSource clock;
    private final Map<Long, MessageState> claimed = new ConcurrentHashMap<>();

    /// What is to be done to all messages once all are known, by what it is. Guarded by itself.
    private final Map<String, Runnable> postponed = new LinkedHashMap<>();

    private volatile Runnable onDue = () -> {};
    private volatile Consumer<Predicate<QueueId>> onWish = _ -> {};

    Claims(
            QueueIndex queueIndex,
            JournalReader reader,
            JournalWrites writes,
            Preparations preparations,
            SpoolHome.StateFiles stateFiles,
            InstantSource clock) {
        this.queueIndex = queueIndex;
        this.reader = reader;
        this.writes = writes;
        this.preparations = preparations;
        this.stateFiles = stateFiles;
        this.clock = clock;
    }

    @Override
    public void onDue(Runnable wake) {
        onDue = wake;
    }

    @Override
    public void onWish(Consumer<Predicate<QueueId>> told) {
        onWish = told;
    }

    /// Gives out messages from here on: all that the last run left are known.
    void open() {
        List<Runnable> work;
        synchronized (postponed) {
            queueIndex.completed();
            work = List.copyOf(postponed.values());
            postponed.clear();
        }
        for (Runnable each : work) {
            try {
                each.run();
            } catch (RuntimeException | Error e) {
                log.atError().setCause(e).log("what was wanted of all messages was not done");
            }
        }
        wake();
    }

    /// Keeps what is to be done to all messages until all are known.
    ///
    /// @return false when they are
    private boolean isPostponed(String what, Runnable work) {
        synchronized (postponed) {
            boolean early = !queueIndex.isComplete();
            if (early) {
                postponed.put(what, work);
            }
            return early;
        }
    }

    /// Tells which messages an operator is about to make due.
    void wish(Predicate<QueueId> messages) {
        onWish.accept(messages);
    }

    /// Says that something may be due. What that throws is not the trouble of whoever changed it.
    void wake() {
        try {
            onDue.run();
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("nobody could be told that mail is due");
        }
    }

    @Override
    public List<MessageState> claim(int max, int shelf) {
        checkShelf(shelf, 0);
        if (!queueIndex.isComplete() || writes.trouble() != null) {
            // What is not yet read may say that a message is gone; and while neither commit points
            // nor outcomes can be written, a kill would send it all again.
            return List.of();
        }
        record Taken(long id, QueueIndex.Found found) {}
        List<Taken> taken = new ArrayList<>();
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            long now = clock.millis();
            int next = queueIndex.dueQueues().next(shelf, now);
            while (next != MessageTable.NONE && taken.size() < max) {
                taken.add(new Taken(table.id(next), queueIndex.found(next)));
                queueIndex.requeue(next, row -> table.set(row, MessageTable.CLAIMED, true));
                next = queueIndex.dueQueues().next(shelf, now);
            }
        }
        List<MessageState> messages = new ArrayList<>();
        for (Taken one : taken) {
            try {
                MessageState state = one.found().current(reader.load(one.id(), one.found()));
                claimed.put(one.id(), state);
                messages.add(state.claimed());
            } catch (IOException | RuntimeException | Error e) {
                // Whatever one message is like, the others that were taken with it go.
                putOff(one.id(), e);
            }
        }
        return messages;
    }

    private void putOff(long id, Throwable trouble) {
        log.atError()
                .setCause(trouble)
                .addKeyValue("id", new QueueId(id))
                .log("message can't be read; tried again later");
        claimed.remove(id);
        long again = clock.millis() + UNREADABLE_AGAIN.toMillis();
        giveBack(id, 0, row -> queueIndex.table().due(row, again));
    }

    private void giveBack(long id, int shelf, IntConsumer change) {
        synchronized (queueIndex) {
            MessageTable table = queueIndex.table();
            queueIndex.requeue(
                    table.find(id),
                    row -> {
                        table.set(row, MessageTable.CLAIMED, false);
                        table.shelf(row, shelf);
                        change.accept(row);
                    });
        }
    }

    @Override
    public Optional<Instant> nextDue(int shelf) {
        checkShelf(shelf, 0);
        if (!queueIndex.isComplete()) {
            return Optional.empty();
        }
        synchronized (queueIndex) {
            long due = queueIndex.dueQueues().nextDue(shelf);
            return due == Long.MAX_VALUE
                    ? Optional.empty()
                    : Optional.of(Instant.ofEpochMilli(due));
        }
    }

    private static void checkShelf(int shelf, int least) {
        if (shelf < least || shelf > SHELVES) {
            throw new IllegalArgumentException("no such shelf: " + shelf);
        }
    }

    @Override
    public void shelve(QueueId id, int shelf) {
        checkShelf(shelf, 1);
        checkClaim(id, claimed.remove(id.value()));
        giveBack(id.value(), shelf, _ -> {});
    }

    private static MessageState checkClaim(QueueId id, @Nullable MessageState state) {
        if (state == null) {
            throw new IllegalArgumentException("message is not claimed: " + id);
        }
        return state;
    }

    @Override
    public void clearShelves() {
        each(row -> queueIndex.table().shelf(row) != 0, row -> queueIndex.table().shelf(row, 0));
    }

    @Override
    public void committing(QueueId id) {
        checkClaim(id, claimed.get(id.value()));
        IOException trouble = writes.committing(id.value());
        if (trouble != null) {
            String words = "the commit point of " + id + " is not written: " + trouble.getMessage();
            throw new UncheckedIOException(words, trouble);
        }
    }

    @Override
    public void progress(QueueId id, Settlement soFar) {
        MessageState before = checkClaim(id, claimed.get(id.value()));
        MessageState after = before.settled(soFar, clock.instant()).dueAt(before.due());
        if (after.state().isFinal()) {
            // Nothing is owed: the settlement that follows says so.
            return;
        }
        claimed.put(id.value(), after);
        writes.progress(after);
    }

    /// Makes messages wait a while, so that others go before them.
    void letOthersFirst(Set<QueueId> messages) {
        if (messages.isEmpty()) {
            return;
        }
        long then = clock.millis() + OTHERS_FIRST.toMillis();
        each(
                row ->
                        (holds(row, State.QUEUED) || holds(row, State.DEFERRED))
                                && messages.contains(new QueueId(queueIndex.table().id(row))),
                row -> {
                    MessageTable table = queueIndex.table();
                    table.due(row, Math.max(table.due(row), then));
                });
    }

    @Override
    public void preparing(QueueId id) {
        preparations.begin(id.value());
    }

    @Override
    public void prepared(QueueId id, boolean sending) {
        preparations.end(id.value(), sending);
    }

    @Override
    public void settle(QueueId id, Settlement settlement) {
        MessageState before = checkClaim(id, claimed.remove(id.value()));
        boolean noted = false;
        try {
            MessageState after = before.settled(settlement, clock.instant());
            RecordHeader.Type type =
                    after.state().isFinal() ? RecordHeader.Type.DONE : RecordHeader.Type.SETTLED;
            writes.change(type, after, false);
            noted = true;
            preparations.settled(id.value(), after.state().isFinal());
        } finally {
            if (!noted) {
                // What was sent must not be forgotten: the caller tries again.
                claimed.put(id.value(), before);
            }
        }
        wake();
    }

    @Override
    public int releaseAll() {
        if (isPostponed("release", this::releaseAll)) {
            return 0;
        }
        int count =
                each(
                        row -> holds(row, State.HELD) && waitsFor(row, Reason.NO_EGRESS),
                        row -> {
                            MessageTable table = queueIndex.table();
                            table.set(row, MessageTable.FREED, true);
                            table.state(row, State.QUEUED, 0);
                            table.due(row, Math.min(table.due(row), clock.millis()));
                        });
        wake();
        return count;
    }

    private boolean waitsFor(int row, Reason reason) {
        return (queueIndex.table().reasons(row) & MessageState.bit(reason)) != 0;
    }

    /// Makes what is deferred for this reason due at `due`, where that is earlier, and the rest up
    /// to [#SPREAD] later, `most` messages in all. What was due first stays first, so that a
    /// message that fails each time goes behind the others, and they have their turn.
    @Override
    public int hasten(Reason reason, Instant due, int most) {
        if (isPostponed(reason.name(), () -> hasten(reason, due, most))) {
            // As if there were that many: a trial goes on with more.
            return most < Integer.MAX_VALUE ? most : 0;
        }
        long millis = due.toEpochMilli();
        return hasten(row -> waitsFor(row, reason), millis, millis, most);
    }

    /// Makes all that is deferred due now.
    int flush() {
        wish(_ -> true);
        long now = clock.millis();
        return hasten(_ -> true, now, now - SPREAD.toMillis(), Integer.MAX_VALUE);
    }

    /// Hastens the first ones in their order, and what is beyond them all to the same time.
    ///
    /// @param from when the first one is due
    private int hasten(IntPredicate wanted, long laterThan, long from, int most) {
        MessageTable.Smallest first = new MessageTable.Smallest(Math.min(most, ORDERED_MOST));
        queueIndex.inSlices(row -> {
            if (isDeferred(row, wanted, laterThan)) {
                first.add(queueIndex.table().byDue(row, laterThan));
            }
        });
        long[] byDue = first.sorted();
        int[] count = {0};
        for (int done = 0; done < byDue.length; done += QueueIndex.SLICE_ROWS) {
            synchronized (queueIndex) {
                for (int i = done; i < Math.min(done + QueueIndex.SLICE_ROWS, byDue.length); i++) {
                    int row = MessageTable.rowOf(byDue[i]);
                    long turn = from + Math.min(i, SPREAD.toMillis());
                    // It may have changed, or gone.
                    if (queueIndex.table().isUsed(row) && isDeferred(row, wanted, laterThan)) {
                        hasten(row, turn);
                        count[0]++;
                    }
                }
            }
        }
        long last = from + SPREAD.toMillis();
        if (most > ORDERED_MOST && byDue.length == ORDERED_MOST) {
            queueIndex.inSlices(row -> {
                if (count[0] < most && isDeferred(row, wanted, Math.max(last, laterThan))) {
                    hasten(row, last);
                    count[0]++;
                }
            });
        }
        wake();
        return count[0];
    }

    private boolean isDeferred(int row, IntPredicate wanted, long laterThan) {
        return holds(row, State.DEFERRED)
                && wanted.test(row)
                && queueIndex.table().due(row) > laterThan;
    }

    private void hasten(int row, long turn) {
        MessageTable table = queueIndex.table();
        queueIndex.requeue(row, it -> table.due(it, Math.min(table.due(it), turn)));
    }

    private boolean holds(int row, State state) {
        return queueIndex.dueQueues().shownState(row) == state;
    }

    private int each(IntPredicate wanted, IntConsumer change) {
        int[] count = {0};
        queueIndex.inSlices(row -> {
            if (wanted.test(row)) {
                queueIndex.requeue(row, change);
                count[0]++;
            }
        });
        return count[0];
    }

    @Override
    public Optional<MessageContent> content(QueueId id) {
        return reader.content(id);
    }

    @Override
    public List<Attempt> history(QueueId id) {
        MessageState held = claimed.get(id.value());
        return held == null
                ? reader.find(id, (state, _) -> state.attempts()).orElse(List.of())
                : held.attempts();
    }

    @Override
    public void keep(String name, byte[] octets) {
        stateFiles.keep(name, octets);
    }

    @Override
    public byte[] kept(String name) {
        return stateFiles.kept(name);
    }
}
