package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import org.junit.jupiter.api.Test;

class ListingTest {

    private final SpoolBench bench = new SpoolBench(new MemoryDisk(1));

    @Test
    void pageEndsEarlyWhereRecipientsAreMany() throws Exception {
        bench.segmentBytes(1 << 20).open();
        String[] many = new String[1000];
        for (int i = 0; i < many.length; i++) {
            many[i] = "r" + i + "@example.net";
        }
        int messages = JournalAdmin.PAGE_RECIPIENTS / many.length + 2;
        for (int i = 0; i < messages; i++) {
            Intake intake = bench.begin("x");
            intake.commit(Mails.queued(intake.id(), "a@example.org", bench.instant(), many));
            bench.spool().step();
        }
        Page first = bench.admin().list(new Query(null, null, null, 1000, null));
        assertEquals(messages - 2, first.messages().size());
        Page second = bench.admin().list(new Query(null, null, null, 1000, first.next()));
        assertEquals(2, second.messages().size());
        assertEquals(null, second.next());
    }
}
