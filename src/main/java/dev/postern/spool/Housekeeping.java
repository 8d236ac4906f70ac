package dev.postern.spool;

import dev.postern.config.PosternConfig.SpoolConfig;
import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the [Writer] does besides writing, after each batch and every second: watches the room,
/// forgets, and has [Compaction] give room back.
///
/// Finished messages are forgotten: the history of sent ones after `keep-sent` or beyond
/// `keep-sent-count`, failed ones after `keep-failed`. When room is short, all history of sent ones
/// goes first, then the octets of failed ones, the oldest first.
///
/// Until all that the last run left is known ([QueueIndex#isComplete]), it only watches.
///
/// What is forgotten by age needs no record: the next start forgets it again. The segment with its
/// last record stays while an older one may say that the message still waits.
final class Housekeeping {

    private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);

    /// Octets that may be written before the disk's room is looked at again.
    private static final long LOOK_AFTER_BYTES = 16 * 1024 * 1024;

    /// How long room that was given up is waited for; a segment that is nearly full of what is
    /// needed is not copied, and then other room must be found.
    private static final Duration RETURN_WAIT = Duration.ofMinutes(1);

    /// Messages that are forgotten between two batches of work.
    private static final int FORGOTTEN_AT_ONCE = 200;

    /// Failed messages that give up their octets in one look at the room.
    private static final int RELIEVED_AT_ONCE = 20_000;

    private final DiskSpace room;
    private final QueueIndex queueIndex;
    private final SpoolConfig config;
    private final InstantSource clock;
    private final JournalAdmin admin;
    private final Compaction compaction;
    private final Journal journal;
    private final List<ReturningSpace> returning = new ArrayList<>();
    private long lookedAtBytes;

    /// Octets that were given up and whose segment is still there.
    private record ReturningSpace(int segment, long bytes, long untilMillis) {}

    Housekeeping(
            DiskSpace room,
            QueueIndex queueIndex,
            SpoolConfig config,
            InstantSource clock,
            JournalAdmin admin,
            Compaction compaction,
            Journal journal) {
        this.room = room;
        this.queueIndex = queueIndex;
        this.config = config;
        this.clock = clock;
        this.admin = admin;
        this.compaction = compaction;
        this.journal = journal;
    }

    /// Runs after each batch.
    ///
    /// @return whether there is more to do at once
    boolean step() throws IOException {
        if (journal.appendedBytes() - lookedAtBytes > LOOK_AFTER_BYTES) {
            lookAtRoom();
        }
        if (!queueIndex.isComplete()) {
            return false;
        }
        boolean more = trim();
        return compaction.step() || more;
    }

    /// Runs every second.
    void everySecond() throws IOException {
        lookAtRoom();
        if (queueIndex.isComplete()) {
            compaction.look(room.shortage() != null);
            if (room.shortage() != null) {
                lookAtRoom();
            }
        }
    }

    private void lookAtRoom() {
        lookedAtBytes = journal.appendedBytes();
        room.look();
        if (room.shortage() != null && queueIndex.isComplete()) {
            relieve(room.missingBytes());
        }
    }

    /// Makes room on a full disk, as far as that goes without writing.
    void makeRoom() {
        if (queueIndex.isComplete()) {
            while (trim()) {
                // Others get the index between the parts.
            }
            compaction.removeWithoutWriting();
        }
    }

    /// Forgets what was begun, after a failure of the disk.
    void giveUp() {
        compaction.giveUp();
    }

    /// Forgets what is too old or too much.
    ///
    /// @return whether there may be more
    private boolean trim() {
        long now = clock.millis();
        synchronized (queueIndex) {
            DueQueues.DueHeap sent = queueIndex.dueQueues().sent();
            long sentBefore = now - config.keepSent().toMillis();
            int count = forget(sent, config.keepSentCount(), sentBefore);
            long failedBefore = now - config.keepFailed().toMillis();
            count += forget(queueIndex.dueQueues().failed(), Integer.MAX_VALUE, failedBefore);
            return count >= FORGOTTEN_AT_ONCE;
        }
    }

    /// Forgets the oldest until at most `most` are left and none was finished at `before` or
    /// earlier, or until it is time for others.
    private int forget(DueQueues.DueHeap finished, int most, long before) {
        MessageTable table = queueIndex.table();
        int count = 0;
        while (finished.size() > 0 && count < FORGOTTEN_AT_ONCE) {
            int row = finished.first();
            boolean stays = finished.size() <= most && table.due(row) > before;
            if (stays || queueIndex.cache().isPinned(table.id(row))) {
                return count;
            }
            int head = Position.segment(table.head(row));
            queueIndex.segmentAt(table.head(row)).knowsEnded(table.first(row), head);
            queueIndex.forget(row);
            count++;
        }
        return count;
    }

    /// Gives up what can be given up, for about so many octets, less what was given up before and
    /// comes back when [Compaction] gets to its segments.
    private void relieve(long allMissingBytes) {
        long missingBytes = allMissingBytes - returningBytes();
        if (missingBytes <= 0) {
            return;
        }
        int sent = 0;
        int some;
        do {
            synchronized (queueIndex) {
                some = forget(queueIndex.dueQueues().sent(), 0, Long.MAX_VALUE);
            }
            sent += some;
        } while (some > 0);
        List<Long> failed = List.of();
        if (sent == 0) {
            synchronized (queueIndex) {
                failed = oldestFailed(missingBytes);
            }
        }
        if (sent > 0) {
            log.atWarn().addKeyValue("messages", sent).log("room is short: sent history dropped");
        }
        failed.forEach(this::dropOctets);
    }

    private long returningBytes() {
        synchronized (queueIndex) {
            long now = clock.millis();
            returning.removeIf(given ->
                    given.untilMillis() <= now
                            || !queueIndex.segments().containsKey(given.segment()));
        }
        return returning.stream().mapToLong(ReturningSpace::bytes).sum();
    }

    private List<Long> oldestFailed(long missingBytes) {
        MessageTable table = queueIndex.table();
        DueQueues.DueHeap failed = queueIndex.dueQueues().failed();
        if (failed.size() == 0) {
            return List.of();
        }
        long first = table.due(failed.first());
        MessageTable.Smallest oldest = new MessageTable.Smallest(RELIEVED_AT_ONCE);
        failed.rows()
                .filter(row -> table.has(row, MessageTable.HAS_CONTENT))
                .forEach(row -> oldest.add(table.byDue(row, first)));
        List<Long> ids = new ArrayList<>();
        long freed = 0;
        long[] byDue = oldest.sorted();
        for (int i = 0; i < byDue.length && freed < missingBytes; i++) {
            int row = MessageTable.rowOf(byDue[i]);
            freed += table.sizeBytes(row);
            ids.add(table.id(row));
        }
        return ids;
    }

    private void dropOctets(long id) {
        try {
            ReturningSpace given;
            synchronized (queueIndex) {
                MessageTable table = queueIndex.table();
                int row = table.find(id);
                if (row == MessageTable.NONE) {
                    return;
                }
                int segment = Position.segment(table.tail(row));
                long until = clock.millis() + RETURN_WAIT.toMillis();
                given = new ReturningSpace(segment, table.sizeBytes(row), until);
            }
            if (admin.dropContent(id)) {
                returning.add(given);
                log.atWarn()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", new QueueId(id))
                        .log("room is short: octets of a failed message dropped");
            }
        } catch (IOException e) {
            JournalReader.report(new QueueId(id), e);
        }
    }

    /// Watches how much room there is, for the spool's limits `min-free` and `max-size`. Looks at
    /// the disk when told to, which the [Writer]'s thread does every second and when much was
    /// written.
    static final class DiskSpace {

        private final Disk disk;
        private final SpoolConfig config;
        private final QueueIndex queueIndex;
        private volatile long freeBytes = Long.MAX_VALUE;
        private @Nullable String shortage;

        DiskSpace(Disk disk, SpoolConfig config, QueueIndex queueIndex) {
            this.disk = disk;
            this.config = config;
            this.queueIndex = queueIndex;
        }

        /// Looks at the disk.
        void look() {
            try {
                freeBytes = disk.freeBytes(config.path());
            } catch (IOException e) {
                // The journal tells soon enough whether the disk works; what was known of its room
                // stands.
                log.atWarn().setCause(e).log("free space can't be read");
            }
            String before = shortage;
            String now = words(freeBytes, queueIndex.bytes());
            shortage = now;
            if (before == null && now != null) {
                log.atError()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("why", now)
                        .log("mail is refused: room is short");
            } else if (before != null && now == null) {
                log.atInfo().addMarker(LogMark.EACH).log("the spool has room again");
            }
        }

        private @Nullable String words(long free, long used) {
            if (free < config.minFreeBytes()) {
                return ("the disk of spool %s has %s bytes free, less than spool.min-free (%s):"
                                + " make room")
                        .formatted(config.path(), free, config.minFreeBytes());
            }
            if (config.maxSizeBytes() > 0 && used > config.maxSizeBytes()) {
                return ("spool %s holds %s bytes, more than spool.max-size (%s): deliver or delete"
                                + " mail, or raise it")
                        .formatted(config.path(), used, config.maxSizeBytes());
            }
            return null;
        }

        /// Returns what is short, in words with the fix; null when there is room. The spool's own
        /// size is that of this moment.
        @Nullable String shortage() {
            return words(freeBytes, queueIndex.bytes());
        }

        /// Returns how many octets are missing.
        long missingBytes() {
            long free = Math.max(0, config.minFreeBytes() - freeBytes);
            long size = config.maxSizeBytes() > 0 ? queueIndex.bytes() - config.maxSizeBytes() : 0;
            return Math.max(free, size);
        }

        /// Returns how much the file system had left when it was last looked at.
        long freeBytes() {
            return freeBytes;
        }
    }
}
