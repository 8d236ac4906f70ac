package dev.postern.dispatch;

import dev.postern.mail.HeaderSection;
import dev.postern.mail.QueueId;
import dev.postern.mail.ReversePath;
import dev.postern.spool.DueQueue;
import dev.postern.spool.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is claimed from the spool: enough to take turns among, few enough to keep in memory.
/// Confined to the dispatcher's tasks.
///
/// Messages that may go by the same egresses are a stream, and each stream has its own share. What
/// is claimed beyond it goes to the stream's shelf in the spool, so that a thousand messages for a
/// slow egress do not stand before one for another.
///
/// *Diagnostics.* A spool that fails is logged and left alone for a while.
final class ClaimWindow {

    /// How long to leave a spool alone that failed us, or that had nothing where it promised
    /// something.
    static final Duration SPOOL_TROUBLE_WAIT = Duration.ofSeconds(5);

    /// Claimed messages for each slot.
    private static final int CLAIMS_PER_SLOT = 2;

    private static final int CLAIMS_MIN = 16;
    private static final int CLAIMS_MAX = 128;

    private static final Logger log = LoggerFactory.getLogger(ClaimWindow.class);

    private final DueQueue spool;
    private EgressPool pool;
    private int mostEach;
    private final Map<List<String>, Integer> streams = new HashMap<>();
    private final Map<QueueId, Integer> streamOf = new HashMap<>();
    private final Map<Integer, Integer> active = new HashMap<>();
    private final Set<Integer> shelves = new TreeSet<>();
    private boolean shelvesAreStale;
    private Instant spoolRests = Instant.MIN;

    ClaimWindow(DueQueue spool, EgressPool pool) {
        this.spool = spool;
        this.pool = pool;
        this.mostEach = mostEach(pool);
    }

    private static int mostEach(EgressPool pool) {
        return Math.clamp((long) pool.slots() * CLAIMS_PER_SLOT, CLAIMS_MIN, CLAIMS_MAX);
    }

    /// Goes on with other egresses: what is on a shelf may have other ways now.
    void use(EgressPool now) {
        pool = now;
        mostEach = mostEach(now);
        shelvesAreStale = true;
        // What is under way keeps its number till its end.
        streams.clear();
    }

    private void clearShelves() {
        if (shelvesAreStale) {
            spool.clearShelves();
            shelves.clear();
            shelvesAreStale = false;
        }
    }

    /// Returns whether nothing is claimed or waits to be.
    boolean isEmpty(Instant now) {
        return streamOf.isEmpty() && shelves.isEmpty() && !isDue(now);
    }

    private boolean isDue(Instant now) {
        return spool.nextDue(0).map(due -> !due.isAfter(now)).orElse(false);
    }

    /// Returns when it is worth calling [#claim] again though nothing else happens.
    Instant nextClaim(Instant now) {
        if (now.isBefore(spoolRests)) {
            return spoolRests;
        }
        if (shelvesAreStale) {
            return now;
        }
        Instant next = mayClaim(now) ? spool.nextDue(0).orElse(Instant.MAX) : Instant.MAX;
        for (int shelf : shelves) {
            Instant due = spool.nextDue(shelf).orElse(Instant.MAX);
            next = room(shelf) > 0 && due.isBefore(next) ? due : next;
        }
        return next;
    }

    /// Claims what is due and may have its turn.
    ///
    /// @param claimed gets the messages
    /// @return whether there may be more at once
    boolean claim(Instant now, List<MessageState> claimed) {
        if (now.isBefore(spoolRests)) {
            return false;
        }
        try {
            clearShelves();
            for (int shelf : List.copyOf(shelves)) {
                claimShelved(shelf, now, claimed);
            }
            return mayClaim(now) && isDue(now) && claimNew(now, claimed);
        } catch (RuntimeException | Error e) {
            spoolRests = now.plus(SPOOL_TROUBLE_WAIT);
            log.atError().setCause(e).log("the spool failed to give due messages");
            return false;
        }
    }

    private boolean mayClaim(Instant now) {
        boolean mayDiffer = pool.haveSenders() || streams.size() > 1;
        return (mayDiffer || streamOf.size() < mostEach) && !pool.isBusy(now);
    }

    private int room(int stream) {
        return mostEach - active.getOrDefault(stream, 0);
    }

    private void claimShelved(int shelf, Instant now, List<MessageState> claimed) {
        Optional<Instant> due = spool.nextDue(shelf);
        if (due.isEmpty()) {
            shelves.remove(shelf);
            return;
        }
        if (room(shelf) <= 0 || due.get().isAfter(now)) {
            return;
        }
        List<MessageState> from = spool.claim(room(shelf), shelf);
        if (from.isEmpty()) {
            spoolRests = now.plus(SPOOL_TROUBLE_WAIT);
        }
        from.forEach(message -> take(message, shelf));
        claimed.addAll(from);
    }

    private boolean claimNew(Instant now, List<MessageState> claimed) {
        List<MessageState> due = spool.claim(Math.max(CLAIMS_MIN, mostEach - streamOf.size()), 0);
        if (due.isEmpty()) {
            spoolRests = now.plus(SPOOL_TROUBLE_WAIT);
            return false;
        }
        for (MessageState message : due) {
            int stream = stream(message);
            if (room(stream) > 0 || !isShelved(message, stream)) {
                take(message, stream);
                claimed.add(message);
            }
        }
        return true;
    }

    /// Puts a message on a shelf.
    ///
    /// @return false when the spool failed to, so that the message is still ours
    private boolean isShelved(MessageState message, int stream) {
        try {
            spool.shelve(message.id(), stream);
            shelves.add(stream);
            return true;
        } catch (RuntimeException | Error e) {
            log.atError()
                    .addKeyValue("id", message.id())
                    .setCause(e)
                    .log("the spool did not shelve");
            return false;
        }
    }

    private void take(MessageState message, int stream) {
        streamOf.put(message.id(), stream);
        active.merge(stream, 1, Integer::sum);
    }

    /// Returns the number of a message's stream, which is that of its shelf. The last ones share
    /// one.
    private int stream(MessageState message) {
        List<String> ways = pool.ways(message, () -> author(message));
        Integer known = streams.get(ways);
        if (known != null) {
            return known;
        }
        int number = 1;
        while (number < DueQueue.SHELVES
                && (streams.containsValue(number) || active.containsKey(number))) {
            number++;
        }
        streams.put(ways, number);
        return number;
    }

    /// What can't be read now goes the way of mail that names nobody: its own round finds out.
    private ReversePath author(MessageState message) {
        ReversePath sender = message.envelope().sender();
        if (!sender.isNull()) {
            return sender;
        }
        try {
            return spool.content(message.id()).map(HeaderSection::author).orElse(sender);
        } catch (RuntimeException | Error _) {
            return sender;
        }
    }

    /// Notes that a claim was given back.
    void settled(QueueId id) {
        Integer stream = streamOf.remove(id);
        if (stream != null) {
            active.computeIfPresent(stream, (_, count) -> count > 1 ? count - 1 : null);
        }
    }
}
