package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.spool.Intakes.Intake;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Measures commits of small messages: `Throughput DIRECTORY THREADS SECONDS`. Not a test.
final class Throughput {

    private static final int CONTENT_BYTES = 2000;
    private static final long PAUSE_NANOS = 1_000_000;

    private Throughput() {}

    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[1]);
        long end = System.nanoTime() + Duration.ofSeconds(Long.parseLong(args[2])).toNanos();
        AtomicLong syncs = new AtomicLong();
        AtomicLong commits = new AtomicLong();
        SpoolConfig config =
                new SpoolConfig(
                        Path.of(args[0]),
                        SpoolConfig.Sync.ALWAYS,
                        0,
                        0,
                        Duration.ofDays(7),
                        Duration.ofDays(1),
                        10_000);
        boolean sending = args.length > 3;
        try (Spool spool =
                Spool.open(
                        config,
                        InstantSource.system(),
                        new FileDisk(),
                        _ -> syncs.incrementAndGet())) {
            List<Thread> running = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                running.add(Thread.ofPlatform().start(() -> run(spool, commits, end)));
            }
            if (sending) {
                running.add(Thread.ofPlatform().start(() -> send(spool, end)));
            }
            for (Thread thread : running) {
                thread.join();
            }
            System.out.printf(
                    "threads=%d commits/s=%d syncs/s=%d syncs/commit=%.3f bytes=%d%n",
                    threads,
                    commits.get() / Long.parseLong(args[2]),
                    syncs.get() / Long.parseLong(args[2]),
                    (double) syncs.get() / commits.get(),
                    spool.admin().status().bytes());
        }
    }

    private static void send(Spool spool, long end) {
        while (System.nanoTime() < end) {
            List<MessageState> claimed = spool.queue().claim(64, 0);
            for (MessageState message : claimed) {
                spool.queue().settle(message.id(), Mails.sent(message, Instant.now()));
            }
            if (claimed.isEmpty()) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private static void run(Spool spool, AtomicLong commits, long end) {
        byte[] octets = new byte[CONTENT_BYTES];
        try {
            while (System.nanoTime() < end) {
                Intake intake = spool.intakes().receive();
                intake.write(ByteBuffer.wrap(octets));
                intake.commit(
                                Mails.queued(
                                        intake.id(),
                                        "a@example.org",
                                        Instant.now(),
                                        "b@example.net"))
                        .toCompletableFuture()
                        .join();
                commits.incrementAndGet();
            }
        } catch (SpoolException e) {
            throw new IllegalStateException(e);
        }
    }
}
