package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.postern.mail.QueueId;
import dev.postern.testing.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// What the spool reads from its disk may be anything.
class SpoolFuzzTest {

    private static final int MARK = 0x01020304;
    private static final QueueId ID = QueueId.next(SpoolBench.START.toEpochMilli(), 0);
    private static final Path SEGMENT = SpoolBench.HOME.resolve(Segment.name(1));

    /// Octets are no state, or one that is written as it was read.
    @FuzzTest
    void anyStateIsReadOrRefused(byte[] octets) {
        assertStable(octets);
    }

    @Test
    void anyDamageOfAStateIsReadOrRefused() {
        byte[] whole =
                MessageStateCodec.encode(
                        Mails.queued(ID, "a@example.org", SpoolBench.START, "b@example.net"));
        assertStable(whole);
        Seeds.forEach(
                5_000,
                random -> {
                    byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(whole.length + 9));
                    for (int left = random.nextInt(4); left > 0; left--) {
                        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                    }
                    assertStable(damaged);
                });
    }

    private static void assertStable(byte[] octets) {
        MessageState read;
        try {
            read = MessageStateCodec.decode(ID, octets);
        } catch (IOException refused) {
            return;
        }
        byte[] written = MessageStateCodec.encode(read);
        try {
            assertArrayEquals(
                    written, MessageStateCodec.encode(MessageStateCodec.decode(ID, written)));
        } catch (IOException unreadable) {
            throw new AssertionError("what was written can't be read", unreadable);
        }
    }

    /// A scan of any segment ends within it; what it keeps has the right CRCs, and what it does not
    /// keep it reports or cuts.
    @FuzzTest
    void anySegmentIsScanned(byte[] octets) throws IOException {
        assertScanned(octets);
    }

    @Test
    void anyDamageOfASegmentIsScanned() {
        ByteBuffer records = ByteBuffer.allocate(1_000);
        byte[] body = {1, 2, 3, 4, 5, 6, 7, 8, 9};
        for (int i = 0; i < 9; i++) {
            RecordHeader.Type type =
                    i % 2 == 0 ? RecordHeader.Type.CONTENT : RecordHeader.Type.COMMITTING;
            int length = i % 2 == 0 ? body.length : 0;
            RecordHeader.put(records, MARK, length, type, 80, i, 0, RecordHeader.crc(body, length));
            records.put(body, 0, length);
        }
        byte[] whole = Arrays.copyOf(records.array(), records.position());
        Seeds.forEach(
                3_000,
                random -> {
                    byte[] damaged = Arrays.copyOf(whole, 1 + random.nextInt(whole.length));
                    for (int left = random.nextInt(4); left > 0; left--) {
                        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
                    }
                    assertScanned(damaged);
                });
    }

    private static void assertScanned(byte[] octets) throws IOException {
        MemoryDisk disk = new MemoryDisk(1);
        byte[] file = new byte[Segment.Header.BYTES + octets.length];
        System.arraycopy(octets, 0, file, Segment.Header.BYTES, octets.length);
        disk.put(SEGMENT, file);
        for (int synced : new int[] {Segment.Header.BYTES, file.length}) {
            int[] covered = {Segment.Header.BYTES};
            SegmentScan.Findings findings =
                    new SegmentScan.Findings() {
                        @Override
                        public void record(RecordHeader header, long position, byte[] body) {
                            assertEquals(covered[0], Position.offset(position));
                            covered[0] += header.totalBytes();
                            int at = Position.offset(position) + RecordHeader.BYTES;
                            ByteBuffer all = ByteBuffer.wrap(file);
                            assertEquals(
                                    header.bodyCrc(), RecordHeader.crc(all, at, header.length()));
                        }

                        @Override
                        public void damage(int from, int to, RecordHeader header) {
                            assertEquals(covered[0], from);
                            covered[0] = to;
                        }
                    };
            try (Disk.File open = disk.open(SEGMENT)) {
                SegmentScan scan = new SegmentScan(open, 1, MARK, file.length);
                assertTrue(scan.knownSynced() <= file.length);
                SegmentScan.Result result = scan.run(synced, findings);
                assertEquals(covered[0], result.end());
                assertTrue(result.end() <= file.length);
            }
        }
    }
}
