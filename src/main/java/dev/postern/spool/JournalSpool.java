package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.ForwardPath;
import dev.postern.mail.MessageContent;
import dev.postern.mail.QueueId;
import dev.postern.mail.Recipient.Reason;
import dev.postern.mail.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The spool on a disk of its own: an append-only journal of segments with group commit.
///
/// Purpose: a message is durable when [Intake#commit] completes, at the price of a share in one
/// disk sync.
///
/// Contract: that of [Spool]. Every change of a message writes its whole state again (a
/// [MessageState]); recovery takes the newest whole one. [#flush] and [#hasten] and the end of
/// `no-egress` holds are kept in memory only: after a restart such messages are due as they were
/// before.
///
/// *Diagnostics*: [SpoolException] `FULL`, `BROKEN` and `CLOSED` from [#receive] and commits,
/// `UNUSABLE` from [#open]; one line at the start says what was found; damage is logged as an error
/// and kept in `corrupt/`.
///
/// Limits: [IntakeBudget] bounds content in memory, [MessageTable] costs 67 octets a message,
/// [QueueIndex.StateCache] half a MiB.
///
/// See also: [Writer], [RecoveryTable], [Compaction], [Retention].
public final class JournalSpool implements Spool {

    private static final Logger log = LoggerFactory.getLogger(JournalSpool.class);

    private final SpoolConfig config;
    private final SpoolHome home;
    private final QueueIndex queueIndex;
    private final Writer writer;
    private final IntakeRegistry reception;
    private final Claims claims;
    private final QueueAdmin desk;
    private final DiskSpace room;
    private final StateFiles stateFiles;
    private final Preparations preparations;
    private volatile Runnable onDue = () -> {};
    private volatile Consumer<Predicate<QueueId>> onWish = _ -> {};
    private volatile boolean closed;

    private JournalSpool(
            SpoolConfig config,
            SpoolHome home,
            QueueIndex queueIndex,
            Writer writer,
            IntakeRegistry reception,
            Claims claims,
            QueueAdmin desk,
            DiskSpace room,
            StateFiles stateFiles,
            Preparations preparations) {
        this.config = config;
        this.home = home;
        this.queueIndex = queueIndex;
        this.writer = writer;
        this.reception = reception;
        this.claims = claims;
        this.desk = desk;
        this.room = room;
        this.stateFiles = stateFiles;
        this.preparations = preparations;
    }

    /// Opens the spool in `config.path()`, creating it where it is missing, and recovers what is
    /// there.
    ///
    /// @throws SpoolException `UNUSABLE` when it can't be used, in words with the fix
    public static JournalSpool open(
            SpoolConfig config, InstantSource clock, Disk disk, SpoolObserver observer)
            throws SpoolException {
        return open(config, clock, disk, observer, SpoolOptions.real());
    }

    static JournalSpool open(
            SpoolConfig config,
            InstantSource clock,
            Disk disk,
            SpoolObserver observer,
            SpoolOptions options)
            throws SpoolException {
        SpoolHome home = SpoolHome.take(disk, config.path(), options.pid());
        boolean opened = false;
        try {
            SpoolConfig own = config.at(home.directory());
            JournalSpool spool = recover(own, clock, disk, observer, options, home);
            opened = true;
            return spool;
        } catch (SpoolException e) {
            throw e;
        } catch (IOException e) {
            throw SpoolHome.unusable("spool " + config.path() + " can't be read: " + e, e);
        } finally {
            if (!opened) {
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

    private static JournalSpool recover(
            SpoolConfig config,
            InstantSource clock,
            Disk disk,
            SpoolObserver observer,
            SpoolOptions options,
            SpoolHome home)
            throws IOException {
        SpoolHome.LastStop lastStop = home.lastStop(options.bootId());
        int mark = mark(disk, config, home);
        Catalogue catalogue = new Catalogue(disk, config.path());
        catalogue.clear(disk.list(config.path()).contains(Catalogue.NAME));
        QueueIndex queueIndex = new QueueIndex(config.path(), catalogue);
        JournalRecovery.Result found =
                new JournalRecovery(disk, config.path(), mark, lastStop, queueIndex)
                        .run(clock.instant());
        home.running(options.bootId());
        Writer writer = new Writer(observer);
        Journal journal =
                journal(config, disk, options.segmentBytes(), queueIndex, mark, found, writer);
        JournalReader reader = new JournalReader(disk, config.path(), mark);
        MessageStates snapshots = new MessageStates(queueIndex, reader);
        JournalWrites notes = new JournalWrites(writer);
        IntakeRegistry reception =
                new IntakeRegistry(queueIndex, writer, reader, clock, found.lastId());
        Preparations preparations =
                Preparations.open(
                        disk,
                        config.path(),
                        lastStop == SpoolHome.LastStop.CLEAN,
                        queueIndex::isOwed);
        QueueAdmin desk = new QueueAdmin(queueIndex, snapshots, reader, notes, preparations, clock);
        DiskSpace room = new DiskSpace(disk, config, queueIndex);
        Compaction compaction =
                new Compaction(
                        queueIndex,
                        disk,
                        reader,
                        journal,
                        snapshots,
                        options.segmentBytes(),
                        reception::oldestSegment);
        Retention care = new Retention(queueIndex, config, clock, desk);
        JournalSpool spool =
                new JournalSpool(
                        config,
                        home,
                        queueIndex,
                        writer,
                        reception,
                        new Claims(queueIndex, snapshots, notes, clock),
                        desk,
                        room,
                        new StateFiles(disk, config.path()),
                        preparations);
        writer.use(journal, spool::batchDone, new Housekeeping(room, care, compaction, journal));
        writeBehind(found, queueIndex, writer, notes);
        spool.heedLastEnd();
        room.look();
        if (options.threaded()) {
            writer.start();
        }
        return spool;
    }

    /// Has written what the recovery found out.
    private static void writeBehind(
            JournalRecovery.Result found,
            QueueIndex queueIndex,
            Writer writer,
            JournalWrites notes) {
        found.possiblyDuplicate()
                .forEach(id -> writer.submit(JournalWrite.committing(queueIndex, id)));
        found.reports().forEach(report -> notes.change(queueIndex, RecordType.DONE, report, true));
    }

    private static Journal journal(
            SpoolConfig config,
            Disk disk,
            int segmentBytes,
            QueueIndex queueIndex,
            int mark,
            JournalRecovery.Result found,
            Writer writer) {
        return new Journal(
                disk,
                config.path(),
                queueIndex,
                mark,
                config.sync() == SpoolConfig.Sync.ALWAYS,
                segmentBytes,
                found.predecessor(),
                found.predecessorEnd(),
                found.nextNumber(),
                writer::synced);
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

    private void batchDone() {
        if (reception.batchDone()) {
            wake();
        }
    }

    /// Says that something may be due. What that throws is not the trouble of whoever changed it.
    private void wake() {
        try {
            onDue.run();
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("nobody could be told that mail is due");
        }
    }

    /// Holds or puts off what may have ended the last run.
    private void heedLastEnd() {
        preparations.suspects().forEach(desk::suspect);
        claims.letOthersFirst(preparations.undecided());
    }

    /// Does the writer's work on the caller's thread, where it has none of its own.
    void step() {
        writer.step();
    }

    /// Does what the writer does every second, where it has no thread.
    void tick() {
        writer.tick();
    }

    @Override
    public Intake receive() throws SpoolException {
        if (closed) {
            throw IntakeRegistry.closed();
        }
        SpoolException trouble = writer.trouble();
        if (trouble != null) {
            throw new SpoolException(trouble.kind(), String.valueOf(trouble.getMessage()), trouble);
        }
        String shortage = room.shortage();
        if (shortage != null) {
            throw new SpoolException(SpoolException.Kind.FULL, shortage, null);
        }
        return reception.begin();
    }

    @Override
    public List<QueuedMessage> claim(int max) {
        return claims.claim(max, 0);
    }

    @Override
    public List<QueuedMessage> claim(int max, int shelf) {
        return claims.claim(max, checked(shelf));
    }

    @Override
    public void shelve(QueueId id, int shelf) {
        claims.shelve(id, checked(shelf));
    }

    private static int checked(int shelf) {
        if (shelf < 1 || shelf > SHELVES) {
            throw new IllegalArgumentException("no such shelf: " + shelf);
        }
        return shelf;
    }

    @Override
    public void clearShelves() {
        claims.clearShelves();
    }

    @Override
    public Optional<Instant> nextDue() {
        return claims.nextDue(0);
    }

    @Override
    public Optional<Instant> nextDue(int shelf) {
        return claims.nextDue(checked(shelf));
    }

    @Override
    public void onDue(Runnable wake) {
        onDue = wake;
    }

    @Override
    public void onWish(Consumer<Predicate<QueueId>> told) {
        onWish = told;
    }

    @Override
    public void committing(QueueId id, String egress, List<ForwardPath> recipients) {
        claims.committing(id);
    }

    @Override
    public void preparing(QueueId id) {
        preparations.begin(id.value());
    }

    @Override
    public void prepared(QueueId id, boolean sending) {
        preparations.end(id.value(), sending);
    }

    @Override
    public void progress(QueueId id, Settlement soFar) {
        claims.progress(id, soFar);
    }

    @Override
    public void settle(QueueId id, Settlement settlement) {
        boolean done = claims.settle(id, settlement);
        preparations.settled(id.value(), done);
        wake();
    }

    @Override
    public int releaseAll(Reason reason) {
        int count = 0;
        if (reason == Reason.OPERATOR) {
            for (long id : claims.heldByOperator()) {
                count += wish(Verb.RELEASE, new QueueId(id)) == Verdict.DONE ? 1 : 0;
            }
        } else if (reason == Reason.NO_EGRESS) {
            count = claims.free(reason);
        }
        wake();
        return count;
    }

    @Override
    public int hasten(Reason reason, Instant due, int most) {
        int count = claims.hasten(reason, due, most);
        wake();
        return count;
    }

    @Override
    public void keep(String name, byte[] octets) {
        stateFiles.keep(name, octets);
    }

    @Override
    public byte[] kept(String name) {
        return stateFiles.kept(name);
    }

    @Override
    public int flush() {
        onWish.accept(_ -> true);
        int count = claims.flush();
        wake();
        return count;
    }

    @Override
    public Verdict apply(Verb verb, QueueId id) {
        Verdict verdict = wish(verb, id);
        wake();
        return verdict;
    }

    private Verdict wish(Verb verb, QueueId id) {
        if (verb == Verb.RETRY || verb == Verb.RELEASE) {
            // Before it is due, so that it is not claimed as if nobody had asked.
            onWish.accept(id::equals);
        }
        return desk.apply(verb, id);
    }

    @Override
    public Page list(Query query) {
        return desk.list(query);
    }

    @Override
    public Optional<MessageHistory> find(QueueId id) {
        return desk.find(id);
    }

    @Override
    public Optional<MessageContent> content(QueueId id) {
        return desk.content(id);
    }

    @Override
    public SpoolStatus status() {
        Map<State, Integer> counts;
        synchronized (queueIndex) {
            counts = queueIndex.lines().counts();
        }
        return new SpoolStatus(
                config.path(),
                queueIndex.bytes(),
                room.freeBytes(),
                counts,
                queueIndex.oldest(),
                trouble());
    }

    private @Nullable String trouble() {
        SpoolException trouble = writer.trouble();
        return trouble == null ? room.shortage() : String.valueOf(trouble.getMessage());
    }

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
            stateFiles.close();
            if (writer.isClean()) {
                home.stopped();
            }
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
    /// @param threaded whether the writer has a thread; else its work is done by
    ///   [JournalSpool#step]
    record SpoolOptions(int segmentBytes, String bootId, long pid, boolean threaded) {

        /// When a segment is full: small enough that one can be copied in a moment, large enough
        /// that opening one, which takes three syncs, is rare.
        static final int SEGMENT_BYTES = 16 * 1024 * 1024;

        private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

        /// Returns how it is on this machine.
        static SpoolOptions real() {
            return new SpoolOptions(
                    SEGMENT_BYTES, readBootId(), ProcessHandle.current().pid(), true);
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
