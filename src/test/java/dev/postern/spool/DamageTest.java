package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.QueueAdmin.Query;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Flips and cuts at every offset of a small journal: a message is there as it was, or its damage
/// is reported; never is it sent mangled.
class DamageTest {

    private static final Path SEGMENT = SpoolBench.HOME.resolve(Segment.name(1));

    private final MemoryDisk disk = new MemoryDisk(3).wholeWrites();
    private final Map<QueueId, String> contents = new HashMap<>();
    private final List<QueueId> ids = new ArrayList<>();
    private Map<Path, byte[]> files = new HashMap<>();

    @BeforeEach
    void fill() throws Exception {
        SpoolBench bench = new SpoolBench(disk).segmentBytes(1 << 20).open();
        for (int i = 0; i < 3; i++) {
            String content = "content " + i + " of a message\r\n";
            QueueId id = bench.accept(content);
            ids.add(id);
            contents.put(id, content);
        }
        MessageState claimed = bench.claim();
        bench.queue()
                .settle(
                        claimed.id(),
                        Mails.deferred(
                                claimed, Reason.RECIPIENT, bench.instant(), bench.instant()));
        bench.spool().close();
        for (Path path : disk.paths()) {
            files.put(path, disk.octets(path));
        }
    }

    /// Returns a spool on a disk with these files, of which the segment has other octets.
    private SpoolBench open(byte[] segment, boolean clean) throws SpoolException {
        MemoryDisk copy = new MemoryDisk(5);
        files.forEach(copy::put);
        copy.put(SEGMENT, segment);
        if (!clean) {
            copy.put(
                    SpoolBench.HOME.resolve("running"),
                    "boot-1\n".getBytes(StandardCharsets.US_ASCII));
        }
        return new SpoolBench(copy).segmentBytes(1 << 20).open();
    }

    private void verify(SpoolBench bench, String what) throws IOException {
        List<QueueId> claimed = bench.queue().claim(10, 0).stream().map(MessageState::id).toList();
        for (QueueId id : ids) {
            if (claimed.contains(id)) {
                assertEquals(contents.get(id), bench.content(id), what);
            } else if (bench.admin().find(id).isPresent()) {
                assertEquals(State.FAILED, bench.message(id).state(), what);
                assertTrue(bench.admin().content(id).isEmpty(), what);
            }
        }
        assertTrue(ids.containsAll(claimed), what);
    }

    private static boolean isReported(SpoolBench bench) {
        return bench.disk().paths().stream()
                .anyMatch(path -> path.startsWith(SpoolBench.HOME.resolve("corrupt")));
    }

    @Test
    void everyFlippedBitIsFoundAfterACleanStop() throws Exception {
        byte[] whole = files.get(SEGMENT);
        for (int offset = 0; offset < whole.length; offset++) {
            byte[] flipped = whole.clone();
            flipped[offset] ^= (byte) (1 << (offset % 8));
            SpoolBench bench = open(flipped, true);
            verify(bench, "flipped at " + offset);
            assertTrue(
                    offset < Segment.Header.BYTES || isReported(bench),
                    "flipped at " + offset + " and not reported");
        }
    }

    @Test
    void flipInOneMessageLeavesTheOthers() throws Exception {
        byte[] whole = files.get(SEGMENT);
        for (int offset = Segment.Header.BYTES; offset < whole.length; offset++) {
            byte[] flipped = whole.clone();
            flipped[offset] ^= 1;
            SpoolBench bench = open(flipped, true);
            long good = bench.queue().claim(10, 0).size();
            assertTrue(good >= 2, "flipped at " + offset + ": " + good + " are left");
        }
    }

    @Test
    void everyCutAfterAKillLosesOnlyTheEnd() throws Exception {
        byte[] whole = files.get(SEGMENT);
        int before = 0;
        for (int length = 0; length <= whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            SpoolBench bench = open(cut, false);
            int count = bench.admin().list(new Query(null, null, null, 10, null)).messages().size();
            verify(bench, "cut at " + length);
            assertTrue(count >= before, "cut at " + length);
            assertFalse(isReported(bench), "a torn tail is no damage");
            before = count;
        }
        assertEquals(3, before);
    }

    @Test
    void damagedContentIsReportedAndNotSent() throws Exception {
        byte[] whole = files.get(SEGMENT);
        byte[] flipped = whole.clone();
        flipped[Segment.Header.BYTES + RecordHeader.BYTES + 3] ^= 1;
        SpoolBench bench = open(flipped, true);
        assertEquals(State.FAILED, bench.message(ids.getFirst()).state());
        assertEquals(
                IndexRebuild.DAMAGED_REPLY,
                bench.message(ids.getFirst()).recipients().getFirst().reply());
        assertEquals(2, bench.queue().claim(10, 0).size());
        bench.kill();
        assertEquals(State.FAILED, bench.message(ids.getFirst()).state(), "and stays so");
    }

    @Test
    void newerFormatIsRefused() {
        files.put(
                SpoolBench.HOME.resolve("format"),
                "postern spool\nversion 2\nmark 01020304\n".getBytes(StandardCharsets.US_ASCII));
        SpoolException refused =
                assertThrows(SpoolException.class, () -> open(files.get(SEGMENT), true));
        assertEquals(SpoolException.Kind.UNUSABLE, refused.kind());
        assertTrue(refused.getMessage().contains("newer"), refused.getMessage());
    }

    @Test
    void lostFormatFileIsMadeAgainFromTheSegments() throws Exception {
        files.remove(SpoolBench.HOME.resolve("format"));
        assertEquals(3, open(files.get(SEGMENT), true).queue().claim(10, 0).size());
    }
}
