package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.State;
import dev.postern.testing.Seeds;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MessageTableTest {

    private static final int QUEUED = 100_000;
    private static final long LIMIT_BYTES = 9 * 1024 * 1024;

    private final MemoryDisk disk = new MemoryDisk(1).wholeWrites();

    private MessageTable table() {
        return new MessageTable(new IndexFile(disk, SpoolBench.HOME));
    }

    @Test
    void hundredThousandMessagesFitIntoNineMebibytes() {
        MessageTable index = table();
        DueQueues lines = new DueQueues(index);
        for (int i = 0; i < QUEUED; i++) {
            int row = index.add(i + 1L);
            index.state(row, i % 2 == 0 ? State.QUEUED : State.DEFERRED, 0);
            index.due(row, i);
            lines.join(row);
        }
        long heap = (long) IndexFile.HEAP_PIECES * IndexFile.PIECE_BYTES;
        long bytes = heap + disk.usedBytes();
        assertTrue(bytes <= LIMIT_BYTES, bytes + " octets");
    }

    @Test
    void isAMap() {
        Seeds.forEach(
                20,
                random -> {
                    MessageTable index = table();
                    Map<Long, Long> model = new TreeMap<>();
                    for (int i = 0; i < 5_000; i++) {
                        long id = random.nextInt(2_000);
                        int row = index.find(id);
                        assertEquals(model.containsKey(id), row != MessageTable.NONE);
                        if (row == MessageTable.NONE) {
                            row = index.add(id);
                            index.due(row, i);
                            model.put(id, (long) i);
                        } else if (random.nextBoolean()) {
                            index.remove(row);
                            model.remove(id);
                        } else {
                            assertEquals(model.get(id), index.due(row));
                        }
                    }
                    assertEquals(model.size(), index.size());
                });
    }

    @Test
    void heapGivesTheEarliestFirst() {
        Seeds.forEach(
                20,
                random -> {
                    MessageTable index = table();
                    DueQueues.DueHeap heap = new DueQueues.DueHeap(index);
                    TreeMap<Long, Long> model = new TreeMap<>(Comparator.naturalOrder());
                    for (long id = 1; id < 500; id++) {
                        int row = index.add(id);
                        long due = random.nextInt(50);
                        index.due(row, due);
                        heap.add(row);
                        model.put(due << 32 | id, id);
                        if (random.nextInt(3) == 0) {
                            long victim = Seeds.oneOf(random, model.keySet().stream().toList());
                            heap.remove(index.find(model.remove(victim)));
                        }
                    }
                    while (!model.isEmpty()) {
                        assertEquals(model.pollFirstEntry().getValue(), index.id(heap.first()));
                        heap.remove(heap.first());
                    }
                    assertEquals(MessageTable.NONE, heap.first());
                });
    }

    /// Through all the pieces that lists and rows are made of, and back.
    @Test
    void isTheSameHoweverLong() {
        MessageTable index = table();
        DueQueues.DueHeap heap = new DueQueues.DueHeap(index);
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < QUEUED; i++) {
                int row = index.add(i);
                index.due(row, i * 7919L % QUEUED);
                heap.add(row);
            }
            for (int due = 0; due < QUEUED; due++) {
                int row = heap.first();
                assertEquals(due, index.due(row));
                assertEquals(row, index.find(index.id(row)));
                heap.remove(row);
                index.remove(row);
            }
            assertEquals(0, index.size() + heap.size());
        }
        long most = LIMIT_BYTES;
        assertTrue(disk.usedBytes() < most, "rows are not used again: " + disk.usedBytes());
    }

    @Test
    void withoutRoomOnDiskItTakesTheHeap() {
        disk.capacity(IndexFile.EXTENT_BYTES / 2);
        MessageTable index = table();
        for (int i = 0; i < QUEUED; i++) {
            index.due(index.add(i), i);
        }
        for (int i = 0; i < QUEUED; i++) {
            assertEquals(i, index.due(index.find(i)));
        }
        disk.capacity(Long.MAX_VALUE / 2);
        for (int i = QUEUED; i < 2 * QUEUED; i++) {
            index.due(index.add(i), i);
        }
        assertTrue(disk.usedBytes() > IndexFile.EXTENT_BYTES, "the disk has room again");
        for (int i = 0; i < 2 * QUEUED; i++) {
            assertEquals(i, index.due(index.find(i)));
        }
    }

    @Test
    void givesTheNewestAndRowsByDueTime() {
        Seeds.forEach(
                20,
                random -> {
                    MessageTable index = table();
                    TreeMap<Long, Long> dueOf = new TreeMap<>();
                    for (int i = 0; i < 1_000; i++) {
                        long id = random.nextInt(100_000);
                        if (dueOf.putIfAbsent(id, 5_000L + random.nextInt(1_000_000)) == null) {
                            index.due(index.add(id), dueOf.get(id));
                        }
                    }
                    long below = random.nextInt(100_000);
                    int most = 1 + random.nextInt(400);
                    List<Long> older = List.copyOf(dueOf.headMap(below).keySet());
                    assertEquals(
                            older.subList(Math.max(0, older.size() - most), older.size())
                                    .reversed(),
                            LongStream.of(index.newest(_ -> true, below, most)).boxed().toList());
                    List<Long> byDue =
                            index.rows()
                                    .mapToLong(row -> index.byDue(row, 5_000))
                                    .sorted()
                                    .mapToObj(MessageTable::rowOf)
                                    .map(index::due)
                                    .toList();
                    assertEquals(dueOf.values().stream().sorted().toList(), byDue);
                });
    }
}
