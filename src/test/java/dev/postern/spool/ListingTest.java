package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.spool.Intakes.Intake;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
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

    @Test
    void lostClaimIsListedAsItIsFound() throws Exception {
        bench.open();
        QueueId id = bench.accept("x");
        Instant due = bench.instant().plusSeconds(30);
        bench.queue()
                .settle(id, Mails.deferred(bench.claim(), Reason.RECIPIENT, bench.instant(), due));
        bench.advance(Duration.ofMinutes(1));
        bench.claim();
        bench.queue().committing(id);
        bench.kill();
        MessageState found = bench.message(id);
        assertTrue(found.possibleDuplicate());
        assertEquals(1, found.attempts().size());
        Page page = bench.admin().list(new Query(null, null, null, 1, null));
        assertEquals(List.of(found.withoutHistory()), page.messages());
        assertEquals(List.of(), page.messages().getFirst().attempts());
    }
}
