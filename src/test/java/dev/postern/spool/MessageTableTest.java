package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.State;
import dev.postern.testing.Seeds;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MessageTableTest {

    private static final int QUEUED = 100_000;
    private static final long LIMIT_BYTES = 16 * 1024 * 1024;

    @Test
    void hundredThousandMessagesFitIntoSixteenMebibytes() {
        MessageTable index = new MessageTable();
        DueQueues lines = new DueQueues(index);
        for (int i = 0; i < QUEUED; i++) {
            int row = index.add(i + 1L);
            index.state(row, i % 2 == 0 ? State.QUEUED : State.DEFERRED, 0);
            index.due(row, i);
            lines.join(row);
        }
        long bytes = index.arrayBytes() + lines.arrayBytes();
        assertTrue(bytes <= LIMIT_BYTES, bytes + " octets");
    }

    @Test
    void isAMap() {
        Seeds.forEach(
                20,
                random -> {
                    MessageTable index = new MessageTable();
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
                    MessageTable index = new MessageTable();
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
}
