package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class StateFilesTest {

    private final SpoolBench bench = new SpoolBench(new MemoryDisk(1));

    private void keep(String text) {
        bench.queue().keep("limits-one", text.getBytes(StandardCharsets.US_ASCII));
    }

    private String kept() {
        return new String(bench.queue().kept("limits-one"), StandardCharsets.US_ASCII);
    }

    @Test
    void theNewestSurvivesAKill() throws Exception {
        bench.open();
        assertEquals("", kept());
        keep("a long one");
        keep("short");
        bench.kill();
        assertEquals("short", kept());
        keep("next");
        bench.restart();
        assertEquals("next", kept());
    }

    @Test
    void nothingIsSynced() throws Exception {
        bench.open();
        int syncs = bench.disk().syncs();
        keep("a");
        keep("b");
        assertEquals(syncs, bench.disk().syncs());
    }

    @Test
    void aTornOneIsNone() throws Exception {
        bench.open();
        keep("counts of something");
        bench.disk().flip(SpoolBench.HOME.resolve("limits-one"), 11, 2);
        assertEquals("", kept());
        bench.disk().truncate(SpoolBench.HOME.resolve("limits-one"), 5);
        assertEquals("", kept());
    }

    @Test
    void aFullDiskSaysSo() throws Exception {
        bench.open();
        bench.disk().capacity(bench.disk().usedBytes());
        assertThrows(UncheckedIOException.class, () -> keep("no room"));
    }
}
