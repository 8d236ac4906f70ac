package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.spool.Intakes.Intake;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/// Receives many large messages at once, interleaved, and reads them back: `ManyIntakes DIRECTORY
/// INTAKES BYTES`, for a JVM with a small heap. Not a test.
final class ManyIntakes {

    private static final int WRITE_BYTES = 2048;

    private ManyIntakes() {}

    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[1]);
        int bytes = Integer.parseInt(args[2]);
        SpoolConfig config =
                new SpoolConfig(
                        Path.of(args[0]),
                        SpoolConfig.Sync.ALWAYS,
                        0,
                        0,
                        Duration.ofDays(7),
                        Duration.ofDays(1),
                        10_000);
        long start = System.nanoTime();
        try (Spool spool = Spool.open(config, InstantSource.system(), new FileDisk(), _ -> {})) {
            List<Intake> intakes = new ArrayList<>();
            List<Semaphore> rooms = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Semaphore room = new Semaphore(0);
                Intake intake = spool.intakes().receive();
                intake.onWritable(room::release);
                intakes.add(intake);
                rooms.add(room);
            }
            byte[] octets = new byte[WRITE_BYTES];
            for (int written = 0; written < bytes; written += WRITE_BYTES) {
                for (int i = 0; i < count; i++) {
                    octets[0] = (byte) i;
                    if (!intakes.get(i).write(ByteBuffer.wrap(octets))) {
                        rooms.get(i).acquire();
                    }
                }
            }
            List<CompletableFuture<Void>> commits = new ArrayList<>();
            for (Intake intake : intakes) {
                commits.add(
                        intake.commit(Mails.queued(intake.id(), "a@b", Instant.now(), "c@d"))
                                .toCompletableFuture());
            }
            commits.forEach(CompletableFuture::join);
            long received = System.nanoTime();
            for (int i = 0; i < count; i++) {
                check(spool, intakes.get(i), (byte) i, bytes);
            }
            Runtime runtime = Runtime.getRuntime();
            System.out.printf(
                    "received in %d ms, read in %d ms, heap used %d KiB%n",
                    (received - start) / 1_000_000,
                    (System.nanoTime() - received) / 1_000_000,
                    (runtime.totalMemory() - runtime.freeMemory()) / 1024);
        }
    }

    private static void check(Spool spool, Intake intake, byte first, int bytes) throws Exception {
        byte[] octets = new byte[WRITE_BYTES];
        int read = 0;
        try (InputStream content = spool.admin().content(intake.id()).orElseThrow().open()) {
            while (content.readNBytes(octets, 0, WRITE_BYTES) == WRITE_BYTES) {
                if (octets[0] != first) {
                    throw new IllegalStateException("mangled at " + read);
                }
                read += WRITE_BYTES;
            }
        }
        if (read < bytes) {
            throw new IllegalStateException("short: " + read);
        }
    }
}
