package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShelfTest {

    private final MemoryDisk disk = new MemoryDisk(1).wholeWrites();
    private final SpoolBench bench = new SpoolBench(disk);

    private QueueId shelved(int shelf) throws Exception {
        QueueId id = bench.accept("x");
        assertEquals(id, bench.claim().id());
        bench.queue().shelve(id, shelf);
        return id;
    }

    private List<QueueId> claimed(int shelf) {
        return bench.queue().claim(99, shelf).stream().map(MessageState::id).toList();
    }

    @Test
    void whatIsOnAShelfIsClaimedFromThereOnlyNewOnesFirst() throws Exception {
        bench.open();
        QueueId old = bench.accept("old");
        bench.queue()
                .settle(
                        old,
                        Mails.deferred(
                                bench.claim(), Reason.RECIPIENT, bench.instant(), bench.instant()));
        assertEquals(old, bench.claim().id());
        bench.queue().shelve(old, 7);
        QueueId first = shelved(7);
        QueueId other = shelved(8);
        QueueId second = shelved(7);
        assertEquals(List.of(), bench.queue().claim(99, 0));
        assertEquals(Optional.empty(), bench.queue().nextDue(0));
        assertEquals(Optional.of(bench.instant()), bench.queue().nextDue(7));
        assertEquals(State.QUEUED, bench.message(first).state());
        assertEquals(List.of(first, second, old), claimed(7));
        assertEquals(List.of(other), claimed(8));
        assertEquals(Optional.empty(), bench.queue().nextDue(8));
    }

    @Test
    void shelvingWritesNothingAndEndsWithTheProgram() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        bench.claim();
        bench.spool().step();
        long before = disk.writtenBytes();
        bench.queue().shelve(id, 1);
        bench.spool().step();
        assertEquals(before, disk.writtenBytes());
        bench.kill();
        assertEquals(id, bench.claim().id());
    }

    @Test
    void clearedShelvesAreNone() throws Exception {
        bench.open();
        List<QueueId> ids = new ArrayList<>();
        for (int shelf = 1; shelf <= DueQueue.SHELVES; shelf++) {
            ids.add(shelved(shelf));
        }
        bench.queue().clearShelves();
        assertEquals(
                ids, bench.queue().claim(999, 0).stream().map(MessageState::id).sorted().toList());
    }

    @Test
    void verbsWorkOnShelvedOnes() throws Exception {
        bench.open();
        QueueId held = shelved(1);
        QueueId deleted = shelved(1);
        assertEquals(QueueAdmin.Verdict.DONE, bench.admin().apply(QueueAdmin.Verb.HOLD, held));
        assertEquals(QueueAdmin.Verdict.DONE, bench.admin().apply(QueueAdmin.Verb.DELETE, deleted));
        assertEquals(List.of(), claimed(1));
        bench.admin().apply(QueueAdmin.Verb.RELEASE, held);
        assertEquals(held, bench.claim().id(), "a changed one is on no shelf");
        bench.admin().flush();
        bench.advance(Duration.ofSeconds(1));
        assertTrue(claimed(1).isEmpty());
    }

    @Test
    void onlyClaimsCanBeShelvedAndOnlyOnShelves() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        assertThrows(IllegalArgumentException.class, () -> bench.queue().shelve(id, 1));
        bench.claim();
        assertThrows(IllegalArgumentException.class, () -> bench.queue().shelve(id, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> bench.queue().shelve(id, DueQueue.SHELVES + 1));
    }
}
