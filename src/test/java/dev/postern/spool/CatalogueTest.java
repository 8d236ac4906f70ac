package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.postern.mail.QueueId;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import java.util.List;
import org.junit.jupiter.api.Test;

class CatalogueTest {

    private final MemoryDisk disk = new MemoryDisk(1);
    private final IndexFile file = new IndexFile(disk, SpoolBench.HOME);
    private final Catalogue catalogue = new Catalogue(file);

    private static MessageState state(long id, String sender, String... recipients) {
        return Mails.queued(new QueueId(id), sender, SpoolBench.START, recipients);
    }

    @Test
    void knowsSendersAndRecipientsWhateverTheirCase() {
        catalogue.put(3, state(7, "Ann@Example.org", "bob@x.net", "Carl@y.net"));
        assertEquals(Catalogue.Match.YES, catalogue.match(3, 7, "ann@EXAMPLE", "carl"));
        assertEquals(Catalogue.Match.NO, catalogue.match(3, 7, "bob", null));
        assertEquals(Catalogue.Match.NO, catalogue.match(3, 7, null, "net\ncarl@z"));
        assertEquals(Catalogue.Match.UNKNOWN, catalogue.match(3, 8, null, null), "another id");
        assertEquals(Catalogue.Match.UNKNOWN, catalogue.match(5000, 7, null, null));
    }

    @Test
    void whatIsCutOffIsUnknown() {
        String[] many = new String[50];
        for (int i = 0; i < many.length; i++) {
            many[i] = "recipient" + i + "@example.net";
        }
        catalogue.put(0, state(7, "a@example.org", many));
        assertEquals(Catalogue.Match.YES, catalogue.match(0, 7, null, "recipient2@"));
        assertEquals(Catalogue.Match.UNKNOWN, catalogue.match(0, 7, null, "recipient49@"));
    }

    @Test
    void withoutRoomNothingIsKnownAndSearchesStillWork() throws Exception {
        disk.capacity(1000);
        for (int i = 0; i < IndexFile.HEAP_PIECES; i++) {
            file.take();
        }
        catalogue.put(0, state(7, "a@example.org", "b@example.net"));
        assertEquals(Catalogue.Match.UNKNOWN, catalogue.match(0, 7, "a", null));
        SpoolBench bench = new SpoolBench(new MemoryDisk(1).capacity(20_000)).open();
        QueueId id = bench.accept("one");
        Page found = bench.admin().list(new Query(null, "A@EXAMPLE", null, 9, null));
        assertEquals(List.of(id), found.messages().stream().map(MessageState::id).toList());
    }
}
