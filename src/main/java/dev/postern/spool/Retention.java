package dev.postern.spool;

import dev.postern.config.SpoolConfig;
import dev.postern.mail.LogMark;
import dev.postern.mail.QueueId;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Forgets finished messages: the history of sent ones after `keep-sent` or beyond
/// `keep-sent-count`, failed ones after `keep-failed`. When room is short, all history of sent ones
/// goes first, then the octets of failed ones, the oldest first.
///
/// What is forgotten by age needs no record: the next start forgets it again. The segment with its
/// last record stays while an older one may say that the message still waits.
final class Retention {

    private static final Logger log = LoggerFactory.getLogger(Retention.class);

    /// How long room that was given up is waited for; a segment that is nearly full of what is
    /// needed is not copied, and then other room must be found.
    private static final Duration RETURN_WAIT = Duration.ofMinutes(1);

    /// Octets that were given up and whose segment is still there.
    private record Given(int segment, long bytes, long untilMillis) {}

    private final List<Given> returning = new ArrayList<>();
    private final QueueIndex queueIndex;
    private final SpoolConfig config;
    private final InstantSource clock;
    private final JournalAdmin desk;

    Retention(QueueIndex queueIndex, SpoolConfig config, InstantSource clock, JournalAdmin desk) {
        this.queueIndex = queueIndex;
        this.config = config;
        this.clock = clock;
        this.desk = desk;
    }

    /// Forgets what is too old or too much.
    void trim() {
        long now = clock.millis();
        synchronized (queueIndex) {
            DueHeap sent = queueIndex.lines().sent();
            long sentBefore = now - config.keepSent().toMillis();
            forget(sent, config.keepSentCount(), sentBefore);
            long failedBefore = now - config.keepFailed().toMillis();
            forget(queueIndex.lines().failed(), Integer.MAX_VALUE, failedBefore);
        }
    }

    /// Forgets the oldest until at most `most` are left and none was finished at `before` or
    /// earlier.
    private int forget(DueHeap finished, int most, long before) {
        MessageTable index = queueIndex.index();
        int count = 0;
        while (finished.size() > 0) {
            int row = finished.first();
            boolean stays = finished.size() <= most && index.due(row) > before;
            if (stays || queueIndex.recent().isPinned(index.id(row))) {
                return count;
            }
            int head = Position.segment(index.head(row));
            queueIndex.segmentAt(index.head(row)).knowsEnded(index.first(row), head);
            queueIndex.forget(row);
            count++;
        }
        return count;
    }

    /// Gives up what can be given up, for about so many octets, less what was given up before and
    /// comes back when [Compaction] gets to its segments.
    void relieve(long allMissingBytes) {
        long missingBytes = allMissingBytes - returningBytes();
        if (missingBytes <= 0) {
            return;
        }
        int sent;
        List<Long> failed = new ArrayList<>();
        synchronized (queueIndex) {
            sent = forget(queueIndex.lines().sent(), 0, Long.MAX_VALUE);
            if (sent == 0) {
                failed.addAll(oldestFailed(missingBytes));
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
        return returning.stream().mapToLong(Given::bytes).sum();
    }

    private List<Long> oldestFailed(long missingBytes) {
        MessageTable index = queueIndex.index();
        List<Long> ids = new ArrayList<>();
        long[] freed = {0};
        queueIndex
                .lines()
                .failed()
                .forEachInOrder(row -> {
                    boolean more = freed[0] < missingBytes;
                    if (more && index.has(row, MessageTable.HAS_CONTENT)) {
                        freed[0] += index.sizeBytes(row);
                        ids.add(index.id(row));
                    }
                    return more;
                });
        return ids;
    }

    private void dropOctets(long id) {
        try {
            Given given;
            synchronized (queueIndex) {
                MessageTable index = queueIndex.index();
                int row = index.find(id);
                if (row == MessageTable.NONE) {
                    return;
                }
                int segment = Position.segment(index.tail(row));
                long until = clock.millis() + RETURN_WAIT.toMillis();
                given = new Given(segment, index.sizeBytes(row), until);
            }
            if (desk.dropContent(id)) {
                returning.add(given);
                log.atWarn()
                        .addMarker(LogMark.EACH)
                        .addKeyValue("id", new QueueId(id))
                        .log("room is short: octets of a failed message dropped");
            }
        } catch (IOException e) {
            log.atError()
                    .setCause(e)
                    .addKeyValue("id", new QueueId(id))
                    .log("message can't be read");
        }
    }
}
