package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.mail.State;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompactionTest {

    private static final int SEGMENT_BYTES = 4 * 1024 * 1024;
    private static final int MESSAGE_BYTES = 100_000;

    private final MemoryDisk disk = new MemoryDisk(1).wholeWrites();
    private final SpoolBench bench = new SpoolBench(disk).segmentBytes(SEGMENT_BYTES);

    @Test
    void stepCopiesNoMoreThanItsShareAndAMessage() throws Exception {
        bench.open();
        List<QueueId> held = new ArrayList<>();
        for (int i = 0; bench.segments() < 2; i++) {
            QueueId id = bench.accept("m".repeat(MESSAGE_BYTES));
            if (i % 3 == 0) {
                held.add(id);
                bench.admin().apply(QueueAdmin.Verb.HOLD, id);
            } else {
                bench.queue().settle(id, Mails.sent(bench.claim(), bench.instant()));
            }
        }
        bench.spool().tick();
        long most = 0;
        for (int i = 0; i < 20; i++) {
            long before = disk.writtenBytes();
            bench.spool().step();
            most = Math.max(most, disk.writtenBytes() - before);
        }
        assertTrue(most > MESSAGE_BYTES, "copied at a time: " + most);
        assertTrue(most < Compaction.STEP_BYTES + 2 * MESSAGE_BYTES, "copied at a time: " + most);
        bench.housekeeping();
        bench.kill();
        assertEquals("m".repeat(MESSAGE_BYTES), bench.content(held.getFirst()));
    }

    @Test
    void fullDiskFreesItsOwnRoom() throws Exception {
        bench.segmentBytes(8 * 1024).open();
        for (int i = 0; i < 20; i++) {
            QueueId id = bench.accept("m".repeat(4000));
            bench.queue().settle(id, Mails.sent(bench.claim(), bench.instant()));
        }
        bench.spool().tick();
        bench.advance(Duration.ofHours(25));
        QueueId owed = bench.accept("owed");
        MessageState claimed = bench.claim();
        disk.capacity(disk.usedBytes());
        bench.queue().settle(owed, Mails.sent(claimed, bench.instant()));
        bench.spool().step();
        assertThrows(SpoolException.class, () -> bench.intakes().receive());
        bench.spool().tick();
        assertEquals(null, bench.admin().status().trouble());
        bench.kill();
        assertEquals(State.SENT, bench.message(owed).state());
        assertEquals(List.of(), bench.queue().claim(9, 0));
    }

    @Test
    void deletionHoldsForCopiesInAnySegment() throws Exception {
        bench.open();
        QueueId id = bench.accept("deleted");
        bench.admin().apply(QueueAdmin.Verb.DELETE, id);
        ByteBuffer octets = ByteBuffer.wrap(disk.octets(SpoolBench.HOME.resolve(Segment.name(1))));
        int mark = Segment.Header.read(disk, SpoolBench.HOME.resolve(Segment.name(1))).mark();
        RecordHeader last = null;
        for (int at = Segment.Header.BYTES; at < octets.capacity(); at += last.totalBytes()) {
            last = RecordHeader.get(octets, at, mark);
        }
        assertEquals(RecordHeader.Type.REMOVED, last.type());
        assertEquals(Integer.MAX_VALUE, Position.offset(last.link()));
    }

    @Test
    void noMoreIsGivenUpThanIsMissing() throws Exception {
        bench.config(SpoolBench.config(0, 250_000)).open();
        List<QueueId> failed = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            failed.add(bench.accept("m".repeat(MESSAGE_BYTES)));
            bench.queue().settle(failed.get(i), Mails.failed(bench.claim(), bench.instant()));
        }
        bench.housekeeping();
        assertTrue(bench.admin().content(failed.get(0)).isEmpty());
        assertTrue(bench.admin().content(failed.get(1)).isPresent());
        assertTrue(bench.admin().content(failed.get(2)).isPresent());
    }

    @Test
    void aSegmentStaysWhileItsEndWaitsToBeWritten() throws Exception {
        bench.segmentBytes(8 * 1024).open();
        // Content in segments before that of the accepted record.
        QueueId owed = bench.accept("m".repeat(20_000));
        MessageState claimed = bench.claim();
        QueueId other = bench.accept("other");
        MessageState second = bench.claim();
        bench.queue().settle(other, Mails.sent(second, bench.instant()));
        // In the midst of a batch, another thread settles: that waits for the next batch.
        disk.onWrite(() -> bench.queue().settle(owed, Mails.sent(claimed, bench.instant())));
        bench.spool().tick();
        bench.kill();
        MessageState after = bench.message(owed);
        assertTrue(after.state() == State.SENT || bench.content(owed).equals("m".repeat(20_000)));
    }
}
