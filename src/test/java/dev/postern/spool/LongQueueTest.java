package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// A long queue is read back behind the open door.
class LongQueueTest {

    private static final int MANY = 200;
    private static final String CONTENT = "m".repeat(500);

    private final MemoryDisk disk = new MemoryDisk(1).wholeWrites();
    private final SpoolBench bench = new SpoolBench(disk);

    /// Opens a spool with messages in many segments.
    private List<QueueId> open() throws SpoolException {
        bench.open();
        List<QueueId> all = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            all.add(bench.accept(CONTENT));
        }
        return all;
    }

    private Set<QueueId> claimAll() {
        Set<QueueId> all = new TreeSet<>();
        bench.queue().claim(10 * MANY, 0).forEach(message -> all.add(message.id()));
        return all;
    }

    @Test
    void mailIsTakenBeforeAllIsReadAndSentAfter() throws Exception {
        List<QueueId> all = open();
        bench.end(false);
        bench.openBehind();
        QueueId fresh = bench.accept("new");
        assertFalse(bench.isComplete());
        assertTrue(fresh.compareTo(all.getLast()) > 0);
        assertEquals(List.of(), bench.queue().claim(9, 0));
        assertEquals(Optional.empty(), bench.queue().nextDue(0));
        assertEquals("new", bench.content(fresh));
        bench.recover();
        assertEquals(MANY + 1, bench.admin().status().messages().get(State.QUEUED));
        all.add(fresh);
        assertEquals(new TreeSet<>(all), claimAll());
        assertEquals(CONTENT, bench.content(all.getFirst()));
    }

    @Test
    void whatIsWantedOfAllIsDoneOnceAllIsKnown() throws Exception {
        List<QueueId> all = open();
        Duration later = Duration.ofHours(1);
        for (MessageState message : bench.queue().claim(2 * MANY, 0)) {
            int number = all.indexOf(message.id());
            Reason reason = number % 2 == 0 ? Reason.EGRESS_DOWN : Reason.RECIPIENT;
            DueQueue.Settlement settlement =
                    number % 10 == 0
                            ? Mails.held(message, bench.instant())
                            : Mails.deferred(
                                    message, reason, bench.instant(), bench.instant().plus(later));
            bench.queue().settle(message.id(), settlement);
        }
        bench.restartBehind();
        assertEquals(0, bench.queue().releaseAll());
        assertEquals(5, bench.queue().hasten(Reason.EGRESS_DOWN, bench.instant(), 5));
        assertEquals(
                0, bench.queue().hasten(Reason.EGRESS_DOWN, bench.instant(), Integer.MAX_VALUE));
        bench.recover();
        bench.advance(Duration.ofSeconds(1));
        assertEquals(MANY / 2, claimAll().size());
        bench.restart();
        assertEquals(MANY - MANY / 10, bench.admin().flush());
        assertEquals(MANY - MANY / 10, claimAll().size());
    }

    /// The newest segment knows of old messages only, and the clock was set back since.
    @Test
    void aNewIdIsNoOldOne() throws Exception {
        bench.advance(Duration.ofHours(9));
        List<QueueId> all = open();
        bench.advance(Duration.ofHours(1));
        QueueId newest = bench.accept("newest");
        for (MessageState message : bench.queue().claim(MANY, 0)) {
            assertTrue(message.id().compareTo(newest) < 0);
            bench.queue()
                    .settle(
                            message.id(),
                            Mails.deferred(
                                    message,
                                    Reason.RECIPIENT,
                                    bench.instant(),
                                    bench.instant().plusSeconds(60)));
        }
        bench.end(false);
        bench.advance(Duration.ofHours(-5));
        bench.openBehind();
        QueueId fresh = bench.accept("new");
        assertFalse(bench.isComplete());
        assertTrue(fresh.compareTo(newest) > 0, fresh + " after " + newest);
        bench.recover();
        assertEquals(
                MANY + 2,
                bench.admin().status().messages().values().stream()
                        .mapToInt(Integer::intValue)
                        .sum());
        // What was due in a minute is, whatever the clock says.
        bench.advance(Duration.ofMinutes(1));
        all.add(newest);
        all.add(fresh);
        assertEquals(new TreeSet<>(all), claimAll());
    }

    @Test
    void whatCantBeReadIsTriedAgainWhileMailIsTaken() throws Exception {
        List<QueueId> all = open();
        bench.end(false);
        bench.openBehind();
        bench.disk().failReads(1);
        QueueId fresh = bench.accept("new");
        for (int i = 0; i < 50; i++) {
            bench.spool().tick();
            bench.advance(Duration.ofSeconds(1));
        }
        assertFalse(bench.isComplete());
        String trouble = String.valueOf(bench.admin().status().trouble());
        assertTrue(trouble.startsWith("what the last run left can't be read"), trouble);
        assertEquals(List.of(), bench.queue().claim(9, 0));
        bench.advance(Duration.ofSeconds(20));
        bench.recover();
        assertEquals(null, bench.admin().status().trouble());
        all.add(fresh);
        assertEquals(new TreeSet<>(all), claimAll());
    }

    @Test
    void aStopAmidItLeavesTheNextStartWhatThisOneFound() throws Exception {
        List<QueueId> all = open();
        bench.end(true);
        bench.openBehind();
        bench.spool().step();
        bench.spool().close();
        bench.end(false);
        bench.open();
        for (QueueId id : all) {
            assertTrue(bench.message(id).possibleDuplicate(), id.toString());
        }
        bench.restart();
        assertTrue(bench.message(all.getFirst()).possibleDuplicate());
    }

    /// Notes of possible duplicates are needed themselves: they must not be written again and again
    /// because of the room that they take.
    @Test
    void manyPossibleDuplicatesAreNotNotedWithoutEnd() throws Exception {
        open();
        bench.powerCut();
        bench.housekeeping();
        long before = bench.disk().writtenBytes();
        bench.housekeeping();
        assertEquals(before, bench.disk().writtenBytes());
        bench.kill();
        bench.queue().claim(2 * MANY, 0).forEach(each -> assertTrue(each.possibleDuplicate()));
    }

    @Test
    void aNewerRecordInTheNewestSegmentStopsTheStart() throws Exception {
        open();
        bench.end(false);
        byte[] newest = newestSegment();
        int end = newest.length;
        byte[] longer = Arrays.copyOf(newest, end + RecordHeader.BYTES);
        int mark = ByteBuffer.wrap(newest).getInt(12);
        ByteBuffer record = ByteBuffer.wrap(longer, end, RecordHeader.BYTES);
        RecordHeader.put(
                record, mark, 0, RecordHeader.Type.REMOVED, end, 1, 0, RecordHeader.crc(longer, 0));
        record.put(end + 8, (byte) 99);
        record.putInt(end + 36, RecordHeader.crc(ByteBuffer.wrap(longer), end, 36));
        bench.disk().put(newestPath(), longer);
        assertThrows(SpoolException.class, bench::openBehind);
    }

    private Path newestPath() throws Exception {
        return bench.disk().list(SpoolBench.HOME).stream()
                .filter(name -> Segment.numberOf(name).isPresent())
                .sorted()
                .reduce((_, last) -> last)
                .map(SpoolBench.HOME::resolve)
                .orElseThrow();
    }

    private byte[] newestSegment() throws Exception {
        return bench.disk().octets(newestPath());
    }
}
