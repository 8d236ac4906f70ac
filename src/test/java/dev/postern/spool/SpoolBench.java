package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.QueueId;
import dev.postern.spool.Intakes.Intake;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;

/// A spool without a thread on a disk in memory, with a clock that tests turn.
final class SpoolBench implements InstantSource {

    static final Path HOME = Path.of("/spool");
    static final Instant START = Instant.parse("2026-11-22T10:00:00Z");

    private Instant now = START;
    private MemoryDisk disk;
    private Spool spool;
    private int segmentBytes = 8 * 1024;
    private String bootId = "boot-1";
    private SpoolConfig config = config(0, 0);

    SpoolBench(MemoryDisk disk) {
        this.disk = disk;
    }

    static SpoolConfig config(long minFree, long maxSize) {
        return new SpoolConfig(
                HOME,
                SpoolConfig.Sync.ALWAYS,
                minFree,
                maxSize,
                Duration.ofDays(7),
                Duration.ofHours(24),
                100);
    }

    SpoolBench config(SpoolConfig wanted) {
        config = wanted;
        return this;
    }

    SpoolBench segmentBytes(int bytes) {
        segmentBytes = bytes;
        return this;
    }

    /// Opens it, and has it read back all that the last run left.
    SpoolBench open() throws SpoolException {
        openBehind();
        recover();
        return this;
    }

    /// Has it read back all that the last run left, unless the disk fails.
    void recover() {
        int faults = disk.faults();
        boolean more;
        do {
            more = !isComplete();
            spool.step();
        } while (more && disk.faults() == faults);
    }

    /// Returns whether all that the last run left is known.
    boolean isComplete() {
        return spool.admin().awaitComplete(Duration.ZERO);
    }

    /// Opens it, and has it read back nothing but what it must.
    SpoolBench openBehind() throws SpoolException {
        spool =
                Spool.open(
                        config,
                        this,
                        disk,
                        _ -> {},
                        new Spool.Options(segmentBytes, bootId, 42, false));
        return this;
    }

    @Override
    public Instant instant() {
        return now;
    }

    void advance(Duration time) {
        now = now.plus(time);
    }

    Spool spool() {
        return spool;
    }

    Intakes intakes() {
        return spool.intakes();
    }

    DueQueue queue() {
        return spool.queue();
    }

    QueueAdmin admin() {
        return spool.admin();
    }

    MemoryDisk disk() {
        return disk;
    }

    /// Stops cleanly and starts again.
    void restart() throws SpoolException {
        spool.close();
        open();
    }

    /// Stops cleanly and starts again, as far as [#openBehind] goes.
    void restartBehind() throws SpoolException {
        spool.close();
        openBehind();
    }

    /// Kills the process, or lets the machine die.
    void end(boolean machine) {
        disk = machine ? disk.machineCrash() : disk.processCrash();
        bootId += machine ? "'" : "";
    }

    /// Kills the process and starts again.
    void kill() throws SpoolException {
        end(false);
        open();
    }

    /// Lets the machine die and starts again.
    void powerCut() throws SpoolException {
        end(true);
        open();
    }

    /// Starts, but with a process or a machine that dies after so many operations of the disk.
    void startAndDie(int operations, boolean machine) {
        disk.crashAfter(operations);
        try {
            open();
        } catch (SpoolException died) {
            assert disk.faults() > 0 : died;
        }
        end(machine);
    }

    /// Begins a message with this content.
    Intake begin(String content) throws SpoolException {
        Intake intake = spool.intakes().receive();
        intake.write(Mails.octets(content));
        return intake;
    }

    CompletableFuture<Void> commit(Intake intake) {
        return intake.commit(Mails.queued(intake.id(), "a@example.org", now, "b@example.net"))
                .toCompletableFuture();
    }

    /// Has a message with this content accepted.
    QueueId accept(String content) throws SpoolException {
        Intake intake = begin(content);
        CompletableFuture<Void> done = commit(intake);
        spool.step();
        done.join();
        return intake.id();
    }

    /// Returns a message's content.
    String content(QueueId id) throws IOException {
        try (InputStream content = spool.admin().content(id).orElseThrow().open()) {
            return new String(content.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    MessageState message(QueueId id) {
        return spool.admin().find(id).orElseThrow();
    }

    /// Claims the message that is next.
    MessageState claim() {
        return spool.queue().claim(1, 0).getFirst();
    }

    /// Lets the seconds pass that housekeeping needs to get its work done.
    void housekeeping() {
        for (int i = 0; i < 20; i++) {
            spool.tick();
            spool.step();
        }
    }

    /// Returns how many segment files there are.
    long segments() throws IOException {
        return disk.list(HOME).stream().filter(name -> Segment.numberOf(name).isPresent()).count();
    }

    static ByteBuffer octets(byte[] octets) {
        return ByteBuffer.wrap(octets);
    }
}
