package dev.postern.spool;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import dev.postern.spool.Intakes.Intake;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The spool with its thread on a real disk.
class FileDiskSpoolTest {

    private static final Instant NOW = Instant.parse("2026-11-22T10:00:00Z");
    private static final int WAIT_SECONDS = 60;

    @TempDir private Path directory;

    private Spool open() throws SpoolException {
        SpoolConfig config =
                new SpoolConfig(
                        directory.resolve("spool"),
                        SpoolConfig.Sync.ALWAYS,
                        0,
                        0,
                        Duration.ofDays(7),
                        Duration.ofDays(1),
                        1000);
        Spool spool = Spool.open(config, InstantSource.fixed(NOW), new FileDisk(), _ -> {});
        assertTrue(spool.admin().awaitComplete(Duration.ofSeconds(WAIT_SECONDS)));
        return spool;
    }

    @Test
    void messageIsThereAfterRestart() throws Exception {
        QueueId id;
        try (Spool spool = open()) {
            Intake intake = spool.intakes().receive();
            id = intake.id();
            assertTrue(intake.write(Mails.octets("Subject: a\r\n\r\nbody\r\n")));
            intake.commit(Mails.queued(intake.id(), "a@example.org", NOW, "b@example.net"))
                    .toCompletableFuture()
                    .get(WAIT_SECONDS, TimeUnit.SECONDS);
            MessageState claimed = spool.queue().claim(10, 0).getFirst();
            assertEquals(id, claimed.id());
            assertEquals(State.SENDING, claimed.state());
            spool.queue().committing(id);
            spool.queue()
                    .settle(
                            id,
                            Mails.deferred(claimed, Reason.RECIPIENT, NOW, NOW.plusSeconds(30)));
        }
        try (Spool spool = open()) {
            MessageState message = spool.admin().find(id).orElseThrow();
            assertEquals(State.DEFERRED, message.state());
            assertEquals(NOW.plusSeconds(30), message.due());
            assertFalse(message.possibleDuplicate());
            try (InputStream content = spool.admin().content(id).orElseThrow().open()) {
                assertEquals(
                        "Subject: a\r\n\r\nbody\r\n",
                        new String(content.readAllBytes(), StandardCharsets.UTF_8));
            }
            assertEquals(1, spool.admin().flush());
            MessageState again = spool.queue().claim(10, 0).getFirst();
            spool.queue().settle(id, Mails.sent(again, NOW));
            assertTrue(spool.admin().content(id).isEmpty());
            assertEquals(1, spool.admin().status().messages().get(State.SENT));
        }
        try (Spool spool = open()) {
            assertEquals(List.of(), spool.queue().claim(10, 0));
            assertEquals(2, spool.admin().find(id).orElseThrow().attempts().size());
        }
    }

    @Test
    void secondProcessIsRefused() throws Exception {
        try (Spool _ = open()) {
            SpoolException refused = assertThrows(SpoolException.class, this::open);
            assertEquals(SpoolException.Kind.UNUSABLE, refused.kind());
            assertTrue(
                    refused.getMessage()
                            .contains("used by process " + ProcessHandle.current().pid()),
                    refused.getMessage());
        }
    }

    @Test
    void largeContentIsReadBackAsItCame() throws Exception {
        byte[] octets = new byte[20 * 1024 * 1024 + 17];
        new Random(7).nextBytes(octets);
        try (Spool spool = open()) {
            Intake intake = spool.intakes().receive();
            Semaphore room = new Semaphore(0);
            intake.onWritable(room::release);
            ByteBuffer rest = ByteBuffer.wrap(octets);
            while (rest.hasRemaining()) {
                ByteBuffer some = rest.slice(rest.position(), Math.min(5000, rest.remaining()));
                rest.position(rest.position() + some.remaining());
                if (!intake.write(some)) {
                    assertTrue(room.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS));
                }
            }
            intake.commit(Mails.queued(intake.id(), "", NOW, "b@example.net", "c@example.net"))
                    .toCompletableFuture()
                    .get(WAIT_SECONDS, TimeUnit.SECONDS);
            try (InputStream content = spool.admin().content(intake.id()).orElseThrow().open()) {
                assertArrayEquals(octets, content.readAllBytes());
            }
        }
    }
}
