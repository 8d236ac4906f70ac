package dev.postern.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.postern.testing.Arrival;
import dev.postern.testing.Postern;
import dev.postern.testing.Seeds;
import dev.postern.testing.Sink;
import dev.postern.testing.SmtpClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Journals that came to harm while nobody looked: the program starts, says what is damaged, sends
/// what is whole, and never sends what is not.
class DamageIT {

    private static final int LETTERS = 12;
    private static final int TRIALS = 2;
    private static final int LETTER_OCTETS = 20_000;

    /// A cut shorter than this reaches the last letter only.
    private static final int MAX_CUT_BYTES = LETTER_OCTETS / 2;

    @Test
    void aTruncatedJournalCostsAtMostWhatWasCutOff(@TempDir Path directory) {
        Seeds.forEach(
                TRIALS,
                random -> {
                    Path own = Files.createTempDirectory(directory, "cut");
                    try (Sink sink = Sink.start();
                            Postern postern = Postern.in(own)) {
                        List<Letter> letters = hold(postern, random);
                        Path journal = journal(postern.spool());
                        try (FileChannel file =
                                FileChannel.open(journal, StandardOpenOption.WRITE)) {
                            file.truncate(file.size() - 1 - random.nextInt(MAX_CUT_BYTES));
                        }
                        postern.egress(sink.egress()).start();
                        postern.awaitEmpty();
                        List<String> arrived = exact(sink, letters);
                        List<String> earlier =
                                letters.subList(0, LETTERS - 1).stream()
                                        .map(Letter::sender)
                                        .toList();
                        assertTrue(arrived.containsAll(earlier), () -> arrived + " of " + earlier);
                    }
                });
    }

    @Test
    void aFlippedBitCostsOneMessageAndIsReported(@TempDir Path directory) {
        Seeds.forEach(
                TRIALS,
                random -> {
                    Path own = Files.createTempDirectory(directory, "flip");
                    try (Sink sink = Sink.start();
                            Postern postern = Postern.in(own)) {
                        List<Letter> letters = hold(postern, random);
                        flip(journal(postern.spool()), random);
                        postern.egress(sink.egress()).start();
                        postern.awaitEmpty();
                        List<String> arrived = exact(sink, letters);
                        assertTrue(arrived.size() >= LETTERS - 1, () -> "only " + arrived);
                        if (arrived.size() < LETTERS) {
                            postern.awaitLine("damaged");
                            assertFalse(isEmpty(postern.spool().resolve("corrupt")));
                        }
                        assertEquals(0, postern.stop());
                    }
                });
    }

    /// Has letters held and kills the holder.
    private static List<Letter> hold(Postern postern, RandomGenerator random) throws IOException {
        SplittableRandom texts = new SplittableRandom(random.nextLong());
        List<Letter> letters = new ArrayList<>();
        postern.start();
        try (SmtpClient client = new SmtpClient(postern.smtpPort())) {
            client.say("EHLO client.example.org");
            for (int i = 0; i < LETTERS; i++) {
                Letter letter = Letter.random("m" + i, LETTER_OCTETS, texts);
                client.submit(letter.sender(), List.of("user@example.com"), letter.bytes());
                letters.add(letter);
            }
        }
        postern.kill9();
        return letters;
    }

    /// Returns the senders of what arrived, once it is found to be as it was sent.
    private static List<String> exact(Sink sink, List<Letter> letters) {
        List<String> arrived = new ArrayList<>();
        for (Arrival arrival : sink.arrivals()) {
            Letter letter =
                    letters.stream()
                            .filter(it -> it.sender().equals(arrival.sender()))
                            .findFirst()
                            .orElseThrow();
            String content = arrival.content().withoutFirst("Received").toString();
            assertEquals(letter.content(), content);
            arrived.add(arrival.sender());
        }
        assertEquals(arrived.size(), arrived.stream().distinct().count(), "sent twice");
        return arrived;
    }

    /// Returns the segment with the letters: the largest file of the spool.
    private static Path journal(Path spool) throws IOException {
        try (Stream<Path> files = Files.list(spool)) {
            return files.filter(Files::isRegularFile)
                    .max(Comparator.comparingLong(DamageIT::size))
                    .orElseThrow();
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /// Turns a bit over in the middle half of the file.
    private static void flip(Path file, RandomGenerator random) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long at = channel.size() / 4 + random.nextLong(channel.size() / 2);
            ByteBuffer octet = ByteBuffer.allocate(1);
            channel.read(octet, at);
            octet.flip();
            octet.put(0, (byte) (octet.get(0) ^ (1 << random.nextInt(8))));
            channel.write(octet, at);
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            return true;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }
}
