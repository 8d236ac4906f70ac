package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Arrival;
import dev.postern.testing.Await;
import dev.postern.testing.Commands;
import dev.postern.testing.Postern;
import dev.postern.testing.Sink;
import dev.postern.testing.SmallDisk;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Disks that are full or can't be written, and a spool that somebody else has: the program says
/// so, loses nothing, and works again when the cause is gone.
class DiskIT {

    private static final int MEBIBYTE = 1 << 20;
    private static final int DISK_MEBIBYTES = 48;
    private static final String FULL = "452 4.3.1";

    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void aFullDiskIsAnsweredTemporarilyAndMailPassesAgainLater(@TempDir Path directory)
            throws IOException {
        try (SmallDisk disk = SmallDisk.mount(directory.resolve("disk"), DISK_MEBIBYTES);
                Sink sink = Sink.start();
                Postern postern = Postern.in(directory).spool(disk.path().resolve("spool"))) {
            postern.start();
            Letter before = letter("before");
            assertReply("250 ", offer(postern, before));

            disk.fillUpTo(MEBIBYTE / 2);
            Await.until("not ready", () -> ready(postern) == 503);
            assertReply(FULL, offer(postern, letter("refused")));
            assertEquals(200, postern.health("/health/live").statusCode());

            disk.free();
            Await.until("ready", () -> ready(postern) == 200);
            Letter after = letter("after");
            assertReply("250 ", offer(postern, after));
            assertEquals(0, postern.stop());
            assertDelivers(postern, sink, List.of(before, after));
        }
    }

    @Test
    void aDiskThatFillsUpWithinAMessageIsThatMessagesTroubleOnly(@TempDir Path directory)
            throws IOException {
        try (SmallDisk disk = SmallDisk.mount(directory.resolve("disk"), DISK_MEBIBYTES);
                Sink sink = Sink.start();
                Postern postern = Postern.in(directory).spool(disk.path().resolve("spool"))) {
            postern.start();
            Letter before = letter("before");
            assertReply("250 ", offer(postern, before));

            disk.fillUpTo(20 * MEBIBYTE);
            Letter large = Letter.random("large", 30 * MEBIBYTE, random);
            assertReply(FULL, offer(postern, large));

            disk.free();
            Letter after = letter("after");
            Await.until("mail passes again", () -> offer(postern, after).startsWith("250 "));
            postern.kill9();
            assertDelivers(postern, sink, List.of(before, after));
        }
    }

    @Test
    void aReadOnlySpoolIsToldInOneLine(@TempDir Path directory) throws IOException {
        try (SmallDisk disk = SmallDisk.mount(directory.resolve("disk"), DISK_MEBIBYTES);
                Sink sink = Sink.start();
                Postern postern = Postern.in(directory).spool(disk.path().resolve("spool"))) {
            postern.start();
            Letter held = letter("held");
            assertReply("250 ", offer(postern, held));
            assertEquals(0, postern.stop());

            disk.remount("ro");
            assertRefusesToStart(postern, "spool " + postern.spool(), "can't be written");

            disk.remount("rw");
            assertDelivers(postern, sink, List.of(held));
        }
    }

    @Test
    void aSpoolHasOneOwner(@TempDir Path directory) throws IOException {
        Path other = Files.createDirectory(directory.resolve("other"));
        try (Postern owner = Postern.in(directory).start();
                Postern second = Postern.in(other).spool(owner.spool())) {
            assertRefusesToStart(second, "spool " + owner.spool(), "process " + owner.pid());
            assertReply("250 ", offer(owner, letter("first")));
            Await.until("the first one goes on", () -> owner.count("held") == 1);
        }
    }

    /// Ends with status 1 and one line on standard error that has the words.
    private static void assertRefusesToStart(Postern postern, String... words) throws IOException {
        String configuration = postern.writeConfiguration().toString();
        Commands.Result result = postern.run("serve", "--config", configuration).expect(1);
        List<String> errors = result.errors().lines().toList();
        assertEquals(1, errors.size(), result.errors());
        for (String word : words) {
            assertTrue(errors.getFirst().contains(word), errors.getFirst());
        }
    }

    private Letter letter(String name) {
        return Letter.random(name, 10_000, random);
    }

    private static int ready(Postern postern) {
        try {
            return postern.health("/health/ready").statusCode();
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    private static void assertReply(String expected, String reply) {
        assertTrue(reply.startsWith(expected), reply);
    }

    private static String offer(Postern postern, Letter letter) {
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            return client.send(letter.sender(), List.of("user@example.com"), letter.bytes());
        } catch (IOException broken) {
            throw new AssertionError(broken);
        }
    }

    /// Starts it with an egress: these letters arrive, and no others.
    private static void assertDelivers(Postern postern, Sink sink, List<Letter> letters)
            throws IOException {
        postern.egress(sink.egress()).start();
        List<String> expected = new ArrayList<>();
        for (Letter letter : letters) {
            Arrival arrival = sink.await(letter.sender());
            assertEquals(letter.content(), arrival.content().withoutFirst("Received").toString());
            expected.add(letter.sender());
        }
        postern.awaitEmpty();
        List<String> arrived = sink.arrivals().stream().map(Arrival::sender).sorted().toList();
        assertEquals(expected.stream().sorted().toList(), arrived);
    }
}
