package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.LogMark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The spool on a disk of its own: an append-only journal of segments with group commit.
///
/// Purpose: a message is durable when [Intakes.Intake#commit] completes, at the price of a share in
/// one disk sync.
///
/// Contract: opens, hands out the three roles, closes. Every change is kept in order; what an
/// acknowledged commit wrote is on disk. Every change of a message writes its whole state again (a
/// [MessageState]); recovery takes the newest whole one. [QueueAdmin#flush] and [DueQueue#hasten]
/// and the end of `no-egress` holds are kept in memory only: after a restart such messages are due
/// as they were before.
///
/// *Diagnostics*: [SpoolException] `FULL`, `BROKEN` and `CLOSED` from [Intakes#receive] and
/// commits, `UNUSABLE` from [#open]; one line at the start says what was found; damage is logged as
/// an error and kept in `corrupt/`.
///
/// However long the queue, it opens at once and takes mail: what the last run left is read back
/// behind, and mail is sent once all of that is known (see [JournalRecovery]).
///
/// Limits: [IntakeRegistry] bounds content in memory, [QueueIndex.StateCache] half a MiB; what
/// grows with the queue is in an [IndexFile].
///
/// See also: [Writer], [SegmentScan.RecoveryTable], [Compaction], [Housekeeping].
public final class Spool implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Spool.class);

    /// When a recovery that failed is tried again.
    private static final Duration RECOVERY_AGAIN = Duration.ofMinutes(1);

    private final SpoolHome home;
    private final SpoolHome.LastStop lastStop;
    private final Disk disk;
    private final InstantSource clock;
    private final IndexFile indexFile;
    private final QueueIndex index;
    private final Writer writer;
    private final JournalWrites writes;
    private final SpoolHome.StateFiles stateFiles;
    private final Preparations preparations = new Preparations();
    private final IntakeRegistry intakes;
    private final Claims queue;
    private final JournalAdmin admin;
    private final String bootId;

    // The writer thread's own, and the opening thread's before.

    /// What reads back what the last run left; null when the next start need not find that again.
    private @Nullable JournalRecovery recovery;

    private long recoveryRestsUntilMillis;
    private JournalWrites.@Nullable JournalWrite lastDoubt;

    private boolean closed;

    private Spool(
            SpoolConfig config,
            InstantSource clock,
            Disk disk,
            Consumer<Duration> onSync,
            Options options,
            SpoolHome home)
            throws IOException {
        this.home = home;
        this.disk = disk;
        this.clock = clock;
        this.bootId = options.bootId();
        this.lastStop = home.lastStop(bootId);
        int mark = mark(disk, config, home);
        this.indexFile = new IndexFile(disk, config.path());
        indexFile.remove();
        this.index = new QueueIndex(config.path(), indexFile);
        JournalRecovery found = new JournalRecovery(disk, config.path(), mark, lastStop, index);
        this.recovery = found;
        Journal.Start start = found.begin(clock.instant());
        this.writer = new Writer(onSync);
        boolean syncing = config.sync() == SpoolConfig.Sync.ALWAYS;
        Journal.Format format = new Journal.Format(mark, syncing, options.segmentBytes());
        Journal journal = new Journal(disk, index, format, start, writer::synced);
        JournalReader reader = new JournalReader(disk, mark, index);
        this.writes = new JournalWrites(index, writer);
        Housekeeping.DiskSpace diskSpace = new Housekeeping.DiskSpace(disk, config, index);
        this.stateFiles = new SpoolHome.StateFiles(disk, config.path());
        this.intakes = new IntakeRegistry(index, writer, reader, diskSpace, clock);
        this.queue = new Claims(index, reader, writes, preparations, stateFiles, clock);
        this.admin = new JournalAdmin(index, reader, writes, preparations, queue, diskSpace, clock);
        Compaction compaction =
                new Compaction(index, disk, reader, journal, format, intakes::oldestSegment);
        Housekeeping housekeeping =
                new Housekeeping(diskSpace, index, config, clock, admin, compaction, journal);
        writer.use(journal, this::batchDone, housekeeping);
        if (lastStop == SpoolHome.LastStop.CLEAN) {
            preparations.open(disk, config.path(), true, _ -> true);
        }
        if (lastStop != SpoolHome.LastStop.MACHINE) {
            home.running(bootId);
        }
        boolean more = found.isShort() || !found.knowsLastId();
        while (more) {
            more = found.isShort() ? recover(found) : found.read();
        }
        diskSpace.look();
    }

    /// Opens the spool in `config.path()`, creating it where it is missing, and recovers what is
    /// there.
    ///
    /// @param onSync is told how long each sync of the disk lasted, on a thread of the spool; it
    ///   must be quick
    /// @throws SpoolException `UNUSABLE` when it can't be used, in words with the fix
    public static Spool open(
            SpoolConfig config, InstantSource clock, Disk disk, Consumer<Duration> onSync)
            throws SpoolException {
        return open(config, clock, disk, onSync, Options.real());
    }

    static Spool open(
            SpoolConfig config,
            InstantSource clock,
            Disk disk,
            Consumer<Duration> onSync,
            Options options)
            throws SpoolException {
        SpoolHome home = SpoolHome.take(disk, config.path(), options.pid());
        boolean open = false;
        try {
            SpoolConfig own = config.at(home.directory());
            Spool spool = new Spool(own, clock, disk, onSync, options, home);
            if (options.threaded()) {
                spool.writer.start();
            }
            open = true;
            return spool;
        } catch (SpoolException e) {
            throw e;
        } catch (IOException e) {
            throw SpoolException.unusable("spool " + config.path() + " can't be read: " + e, e);
        } finally {
            if (!open) {
                release(home);
            }
        }
    }

    private static void release(SpoolHome home) {
        try {
            home.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("the spool's lock can't be released");
        }
    }

    private static int mark(Disk disk, SpoolConfig config, SpoolHome home) throws IOException {
        Integer known = home.mark();
        if (known != null) {
            return known;
        }
        Integer found = JournalRecovery.markOf(disk, config.path());
        int mark = found == null ? ThreadLocalRandom.current().nextInt() | 1 : found;
        home.mark(mark);
        return mark;
    }

    /// @return whether there is more to do at once
    private boolean batchDone() {
        if (intakes.batchDone()) {
            queue.wake();
        }
        JournalRecovery left = recovery;
        if (left == null || writer.isClosing() || clock.millis() < recoveryRestsUntilMillis) {
            return false;
        }
        if (index.isComplete()) {
            noteDoubts(left);
            return false;
        }
        try {
            boolean more = recover(left);
            index.unreadable(null);
            return more;
        } catch (IOException | RuntimeException | Error e) {
            recoveryRestsUntilMillis = clock.millis() + RECOVERY_AGAIN.toMillis();
            index.unreadable("what the last run left can't be read, and no mail is sent: " + e);
            log.atError()
                    .setCause(e)
                    .addMarker(LogMark.EACH)
                    .addKeyValue("again-in", RECOVERY_AGAIN)
                    .log("what the last run left can't be read: new mail is taken, none is sent");
            return false;
        }
    }

    /// Reads back a little of what the last run left, and lets all of it go when it is whole.
    ///
    /// @return whether there is more
    private boolean recover(JournalRecovery left) throws IOException {
        if (left.read() || left.settle()) {
            return true;
        }
        left.summarise();
        boolean clean = lastStop == SpoolHome.LastStop.CLEAN;
        if (clean) {
            preparations.forgetUnless(index::isOwed);
        } else {
            preparations.open(disk, index.directory(), false, index::isOwed);
        }
        left.reportDamage(clock.instant())
                .forEach(report -> writes.change(RecordHeader.Type.DONE, report, true));
        preparations.suspects().forEach(admin::suspect);
        queue.letOthersFirst(Set.copyOf(preparations.undecided()));
        if (writer.isClosing()) {
            // Some of what was found may not be written: the next start must find it again.
            return false;
        }
        if (lastStop != SpoolHome.LastStop.MACHINE) {
            recovery = null;
        }
        queue.open();
        return false;
    }

    /// Has possible duplicates noted that the death of the machine left, so many at a time as
    /// memory can bear. Until all are on disk the next start must know of that death: this one may
    /// die too.
    private void noteDoubts(JournalRecovery left) {
        JournalWrites.JournalWrite before = lastDoubt;
        if (writer.trouble() != null || (before != null && !before.isDurable())) {
            return;
        }
        lastDoubt = left.noteDoubts(writes::commitPoint);
        if (lastDoubt != null || writer.isClosing()) {
            return;
        }
        try {
            home.running(bootId);
            recovery = null;
        } catch (IOException e) {
            recoveryRestsUntilMillis = clock.millis() + RECOVERY_AGAIN.toMillis();
            log.atWarn().setCause(e).log("the next start would take this one for the machine's");
        }
    }

    /// Does the writer's work on the caller's thread, where it has none of its own.
    void step() {
        writer.step();
    }

    /// Does what the writer does every second, where it has no thread.
    void tick() {
        writer.tick();
    }

    /// Returns where messages come in.
    public Intakes intakes() {
        return intakes;
    }

    /// Returns where what is due is taken and settled.
    public DueQueue queue() {
        return queue;
    }

    /// Returns what operators see and do.
    public QueueAdmin admin() {
        return admin;
    }

    /// Flushes, releases the lock and stops taking mail. Claims that were not settled come back at
    /// the next start, as possible duplicates only if they had passed their commit point.
    @Override
    public void close() {
        synchronized (home) {
            if (closed) {
                return;
            }
            closed = true;
        }
        writer.close();
        try {
            JournalRecovery left = recovery;
            if (left != null) {
                left.close();
            }
            stateFiles.close();
            // A recovery that did not come to its end must find what this one found.
            if (writer.isClean() && (left == null || lastStop == SpoolHome.LastStop.CLEAN)) {
                home.stopped();
            }
            indexFile.remove();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("the spool can't be closed cleanly");
        }
        release(home);
    }

    /// What of a spool's surroundings tests set themselves.
    ///
    /// @param segmentBytes when a segment is full
    /// @param bootId names this boot of the machine; empty when it can't be known
    /// @param pid of this process
    /// @param threaded whether the writer has a thread; else its work is done by [#step]
    record Options(int segmentBytes, String bootId, long pid, boolean threaded) {

        /// When a segment is full: small enough that one can be copied in a moment, large enough
        /// that opening one, which takes three syncs, is rare.
        static final int SEGMENT_BYTES = 16 * 1024 * 1024;

        private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

        /// Returns how it is on this machine.
        static Options real() {
            return new Options(SEGMENT_BYTES, readBootId(), ProcessHandle.current().pid(), true);
        }

        private static String readBootId() {
            try {
                return Files.readString(BOOT_ID).strip();
            } catch (IOException _) {
                // Not a Linux: every unclean stop counts as one of the machine.
                return "";
            }
        }
    }
}
