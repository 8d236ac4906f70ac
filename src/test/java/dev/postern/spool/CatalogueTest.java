package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.mail.QueueId;
import dev.postern.spool.QueueAdmin.Page;
import dev.postern.spool.QueueAdmin.Query;
import dev.postern.testing.Seeds;
import java.util.List;
import java.util.Locale;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class CatalogueTest {

    private final MemoryDisk disk = new MemoryDisk(1);
    private final IndexFile file = new IndexFile(disk, SpoolBench.HOME);
    private final Catalogue catalogue = new Catalogue(file);

    private static MessageState state(long id, String sender, String... recipients) {
        return Mails.queued(new QueueId(id), sender, SpoolBench.START, recipients);
    }

    private boolean mayMatch(int row, long id, String sender, String recipient) {
        return catalogue.mayMatch(row, id, Catalogue.Sought.of(sender, recipient));
    }

    @Test
    void excludesWhatIsFromOrForOthers() {
        catalogue.put(3, state(7, "Ann@Example.org", "bob@x.net", "Carl@y.net"));
        assertTrue(mayMatch(3, 7, "ann@EXAMPLE", "carl"));
        assertTrue(mayMatch(3, 7, "a", null), "too short to tell");
        assertFalse(mayMatch(3, 7, "bob@", null));
        assertFalse(mayMatch(3, 7, null, "dora"));
        assertTrue(mayMatch(3, 8, "dora", null), "another id");
        assertTrue(mayMatch(5000, 7, "dora", null));
    }

    @Test
    void neverExcludesWhatIsAskedForAndSeldomKeepsAnother() {
        Seeds.forEach(
                20,
                random -> {
                    int kept = 0;
                    for (int row = 0; row < 500; row++) {
                        int count = 1 + random.nextInt(random.nextInt(10) == 0 ? 200 : 3);
                        String[] to = new String[count];
                        for (int i = 0; i < count; i++) {
                            to[i] = address(random);
                        }
                        String from = address(random);
                        catalogue.put(row, state(row, from, to));
                        String asked = Seeds.oneOf(random, List.of(to));
                        assertTrue(mayMatch(row, row, part(random, from), null));
                        assertTrue(mayMatch(row, row, null, part(random, asked)));
                        kept += mayMatch(row, row, address(random), null) ? 1 : 0;
                    }
                    assertTrue(kept < 25, kept + " of 500 others");
                });
    }

    private static String address(RandomGenerator random) {
        return "u" + random.nextInt(1_000_000) + "@m" + random.nextInt(10_000) + ".example.net";
    }

    private static String part(RandomGenerator random, String address) {
        int from = random.nextInt(address.length());
        int to = from + random.nextInt(address.length() - from + 1);
        String part = address.substring(from, to);
        return random.nextBoolean() ? part.toUpperCase(Locale.ROOT) : part;
    }

    @Test
    void withoutRoomNothingIsKnownAndSearchesStillWork() throws Exception {
        disk.capacity(1000);
        for (int i = 0; i < IndexFile.HEAP_PIECES; i++) {
            file.take();
        }
        catalogue.put(0, state(7, "a@example.org", "b@example.net"));
        assertTrue(mayMatch(0, 7, "dora", null));
        SpoolBench bench = new SpoolBench(new MemoryDisk(1).capacity(20_000)).open();
        QueueId id = bench.accept("one");
        Page found = bench.admin().list(new Query(null, "A@EXAMPLE", null, 9, null));
        assertEquals(List.of(id), found.messages().stream().map(MessageState::id).toList());
    }
}
