package dev.postern.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Memory does not grow with messages, however slow the spool is and however many come in at once.
class BackPressureTest {

    private static final int MESSAGE_LINES = 400_000;
    private static final String LINE =
            "0123456789012345678901234567890123456789012345678901234567\r\n";
    private static final int BLOCK_LINES = 1000;

    private final Door door = new Door().set("max-message-size", "100000000");

    @AfterEach
    void close() {
        door.close();
    }

    private Client inData() throws IOException {
        Client client = new Client(door.address());
        client.reply();
        client.ask("EHLO x");
        client.ask("MAIL FROM:<a@example.org>");
        client.ask("RCPT TO:<b@example.net>");
        client.ask("DATA");
        return client;
    }

    @Test
    void aFullIntakeStopsReading() throws IOException {
        door.spool.full = true;
        door.spool.keepsContent = false;
        door.open();
        try (Client client = inData()) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendMessage(client));
            Eventually.until("some", () -> door.spool.writtenBytes.get() > 0);
            // Both event loops have looked at everything that they would read when these are
            // answered.
            for (int i = 0; i < 20; i++) {
                try (Client other = new Client(door.address())) {
                    other.reply();
                    assertEquals("250 2.0.0 Ok", other.ask("NOOP"));
                }
            }
            long written = door.spool.writtenBytes.get();
            assertTrue(written <= 2 * Listener.RECEIVE_BYTES_AT_MOST, written + " octets read");
            assertTrue(!sending.isDone());

            door.spool.makeRoom();
            sending.join();
            assertTrue(client.line().startsWith("250 2.0.0 Ok: queued as "));
            assertTrue(door.spool.writtenBytes.get() > (long) MESSAGE_LINES * LINE.length());
        }
    }

    @Test
    void anIntakeThatIsFullAgainAndAgainGetsEverything() throws IOException {
        door.open();
        try (Client client = inData()) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendMessage(client));
            while (!sending.isDone()) {
                door.spool.full = true;
                door.spool.makeRoom();
            }
            door.spool.makeRoom();
            assertTrue(client.line().startsWith("250 2.0.0 Ok: queued as "));
            String text = door.spool.stored.getLast().text();
            assertTrue(text.endsWith(LINE.repeat(BLOCK_LINES)));
            assertEquals(
                    (long) MESSAGE_LINES * LINE.length(),
                    text.length() - text.indexOf("\r\n\r\n") - "\r\n\r\n".length());
        }
    }

    private static void sendMessage(Client client) {
        try {
            client.send("Subject: big\r\n\r\n");
            String block = LINE.repeat(BLOCK_LINES);
            for (int i = 0; i < MESSAGE_LINES / BLOCK_LINES; i++) {
                client.send(block);
            }
            client.send(".\r\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void twoHundredMessagesHalfWayCostNoMemoryOfTheirs() throws IOException {
        door.spool.keepsContent = false;
        door.open();
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 200; i++) {
                clients.add(inData());
            }
            long before = usedBytes();
            String block = LINE.repeat(BLOCK_LINES);
            int blocks = Integer.getInteger("half.blocks", 8);
            for (int i = 0; i < blocks; i++) {
                for (Client client : clients) {
                    client.send(block);
                }
            }
            long sent = (long) blocks * clients.size() * block.length();
            Eventually.until("read", () -> door.spool.writtenBytes.get() >= sent);
            long grown = usedBytes() - before;
            assertTrue(grown < sent / 10, grown + " of " + sent + " octets are kept on the heap");
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
        Eventually.until("aborted", () -> door.spool.aborted.get() == 200);
    }

    private static long usedBytes() {
        Runtime runtime = Runtime.getRuntime();
        runtime.gc();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
