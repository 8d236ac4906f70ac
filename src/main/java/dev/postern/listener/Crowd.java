package dev.postern.listener;

import dev.postern.config.SmtpConfig;
import dev.postern.listener.Protocol.SessionState;
import dev.postern.smtp.FailureThrottle.ClientNetwork;
import dev.postern.smtp.SmtpLimits;
import java.net.InetAddress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Who is connected, what all of them hold together, and who gives way when there is no room left.
///
/// *Contract.* A session has a [Seat] from its greeting until its end, or until its message is
/// committed when the client left before. Room is for two things: sessions, and octets of envelopes
/// and long command lines. When one of them runs out, a session that is in nobody's way makes room:
///
/// | the session                                      | gives way                                 |
/// |--------------------------------------------------|-------------------------------------------|
/// | said its last word                               | at once                                   |
/// | waits for us: a commit, a check of credentials,  | never                                     |
/// | room in the spool                                |                                           |
/// | is within DATA or BDAT                           | after [#STALLED_AFTER] without progress   |
/// | any other, held-back answers to log-ins included | to a client who has less, or after        |
/// |                                                  | [#SILENT_AFTER] without progress          |
///
/// Clients are told apart by address ([ClientNetwork]); the one who has most gives way first, by
/// its session without a transaction that made no progress for the longest time. So one address can
/// take all room, but not keep it from another. Progress is what brings mail nearer: a greeting, a
/// log-in, a sender, a new recipient, [Session#PROGRESS_OCTETS] of content. When nobody gives way,
/// a recipient is refused, and a new session of a client who holds some of what is used up.
///
/// *Limits.* `smtp.max-connections` sessions. Each may hold [#FREE_BYTES], which is what usual mail
/// needs; what is beyond that comes out of one budget, [#heldBytesAtMost]: an eighth of the heap,
/// 64 MiB at most, but one envelope of `smtp.max-recipients` where that is no more than a quarter;
/// and TLS out of another quarter, [#secureAtMost]. With 500 connections and a heap of 38 MiB all
/// that is 2 MiB, 4.7 MiB and 7.8 MiB.
///
/// Safe for any thread.
final class Crowd {

    /// How long a session outside of a message may do nothing while others need its room.
    static final Duration SILENT_AFTER = Duration.ofSeconds(3);

    /// How long a message may come in without progress while others need its room.
    static final Duration STALLED_AFTER = Duration.ofSeconds(10);

    /// What a session may hold in any case.
    static final int FREE_BYTES = 4 * 1024;

    /// What the TLS of a session takes of the heap: 15 KiB during the handshake, then 5 KiB.
    static final int TLS_BYTES = 16 * 1024;

    /// After nobody was found to give way to a client, it takes so long until the next search.
    private static final Duration SEARCH_EACH = Duration.ofMillis(100);

    private static final long HELD_BYTES_FLOOR = 2L * 1024 * 1024;
    private static final long HELD_BYTES_CAP = 64L * 1024 * 1024;
    private static final int HELD_PART_OF_HEAP = 8;
    private static final int LARGEST_PART_OF_HEAP = 4;
    private static final int TLS_PART_OF_HEAP = 4;

    private final int sessionsAtMost;
    private final int secureAtMost;
    private final long heldBytesAtMost;
    private final LongSupplier nanoTime;
    private final Set<Seat> seats = new LinkedHashSet<>();
    private final Map<ClientNetwork, Client> clients = new HashMap<>();
    private long heldBytes;
    private int secure;

    Crowd(int sessionsAtMost, int secureAtMost, long heldBytesAtMost, LongSupplier nanoTime) {
        this.sessionsAtMost = sessionsAtMost;
        this.secureAtMost = secureAtMost;
        this.heldBytesAtMost = heldBytesAtMost;
        this.nanoTime = nanoTime;
    }

    /// Makes the crowd of a listener.
    ///
    /// @param heapBytes the largest size of the heap
    static Crowd of(SmtpConfig config, long heapBytes) {
        return new Crowd(
                config.maxConnections(),
                secureAtMost(heapBytes),
                heldBytesAtMost(config.maxRecipients(), heapBytes),
                System::nanoTime);
    }

    /// Returns what all sessions may hold beyond [#FREE_BYTES] each.
    static long heldBytesAtMost(int maxRecipients, long heapBytes) {
        long share = Math.clamp(heapBytes / HELD_PART_OF_HEAP, HELD_BYTES_FLOOR, HELD_BYTES_CAP);
        long largest = maxRecipients * Transaction.bytes(SmtpLimits.PATH_OCTETS);
        return Math.max(share, Math.min(largest, heapBytes / LARGEST_PART_OF_HEAP));
    }

    /// Returns how many sessions may have TLS at once.
    static int secureAtMost(long heapBytes) {
        return Math.toIntExact(
                Math.min(Integer.MAX_VALUE, heapBytes / TLS_PART_OF_HEAP / TLS_BYTES));
    }

    /// Whose session has a seat. Called with the crowd locked: must not block.
    interface Guest {

        /// Returns where the session stands, on any thread.
        SessionState state();

        /// Returns whether the session waits for room in the spool, on any thread.
        boolean isHeldUp();

        /// Asks the session to end. It says [Seat#stay] when it can't any more.
        void giveWay();
    }

    /// What can run out.
    private enum Capacity {
        SESSIONS,
        BYTES;

        long of(Client client) {
            return this == SESSIONS ? client.sessions : client.heldBytes;
        }

        long of(Seat seat) {
            return this == SESSIONS ? 1 : seat.chargedBytes;
        }
    }

    /// What the sessions of one client have.
    private static final class Client {
        private final ClientNetwork network;
        private int sessions;
        private long heldBytes;

        /// When nobody was found to give way to it.
        private final Map<Capacity, Long> searchedNanos = new EnumMap<>(Capacity.class);

        Client(ClientNetwork network) {
            this.network = network;
        }
    }

    /// A session's place.
    final class Seat {
        private final Guest guest;
        private Client client;
        private volatile long heardNanos;
        private volatile long progressNanos;
        private boolean seated;
        private boolean left;
        private boolean isSecure;
        private long chargedBytes;

        private Seat(Client client, Guest guest) {
            this.client = client;
            this.guest = guest;
            progress();
        }

        /// Notes that the client said something whole.
        void heard() {
            heardNanos = nanoTime.getAsLong();
        }

        /// Notes that mail has come nearer.
        void progress() {
            progressNanos = nanoTime.getAsLong();
            heardNanos = progressNanos;
        }

        /// Returns for how long the client has said nothing whole.
        long silentNanos() {
            return nanoTime.getAsLong() - heardNanos;
        }

        /// Holds so many octets from now on, instead of those before.
        ///
        /// @return false when there is no room for more: then nothing has changed
        boolean hold(long bytes) {
            long charge = Math.max(0, bytes - FREE_BYTES);
            if (charge == chargedBytes) {
                return true;
            }
            synchronized (Crowd.this) {
                long more = charge - chargedBytes;
                if (more > 0 && !(seated && makeRoom(Capacity.BYTES, client, this, more))) {
                    return false;
                }
                chargedBytes = charge;
                if (seated) {
                    client.heldBytes += more;
                    heldBytes += more;
                }
                return true;
            }
        }

        /// Begins to have TLS.
        ///
        /// @return false when too many have
        boolean secure() {
            synchronized (Crowd.this) {
                if (seated && !isSecure && secure < secureAtMost) {
                    isSecure = true;
                    secure++;
                }
                return isSecure;
            }
        }

        /// Returns whether the session may go on though others need its room.
        boolean isFirm() {
            return !givesWay(this, true);
        }

        /// Sits down again instead of giving way.
        void stay() {
            synchronized (Crowd.this) {
                if (!left && !seated) {
                    sit(this);
                }
                progress();
            }
        }

        /// Returns whether the session has a place, and need not hurry to end.
        boolean isSeated() {
            synchronized (Crowd.this) {
                return seated;
            }
        }

        /// Gives the place up.
        void leave() {
            synchronized (Crowd.this) {
                left = true;
                if (seated) {
                    stand(this);
                }
            }
        }
    }

    /// Gives a new session its seat.
    ///
    /// @return null when there is no room
    synchronized @Nullable Seat enter(InetAddress address, Guest guest) {
        ClientNetwork network = ClientNetwork.of(address);
        Client client = clients.getOrDefault(network, new Client(network));
        if (!makeRoom(Capacity.SESSIONS, client, null, 1)) {
            return null;
        }
        // A client who holds nothing of what is used up is let in: for most mail what each session
        // may hold will do.
        if (!makeRoom(Capacity.BYTES, client, null, FREE_BYTES) && client.heldBytes > 0) {
            return null;
        }
        Seat seat = new Seat(client, guest);
        sit(seat);
        return seat;
    }

    private void sit(Seat seat) {
        Client client = clients.computeIfAbsent(seat.client.network, Client::new);
        seats.add(seat);
        seat.seated = true;
        seat.client = client;
        client.sessions++;
        client.heldBytes += seat.chargedBytes;
        heldBytes += seat.chargedBytes;
        secure += seat.isSecure ? 1 : 0;
    }

    private void stand(Seat seat) {
        Client client = seat.client;
        seats.remove(seat);
        seat.seated = false;
        client.sessions--;
        client.heldBytes -= seat.chargedBytes;
        heldBytes -= seat.chargedBytes;
        secure -= seat.isSecure ? 1 : 0;
        if (client.sessions == 0) {
            clients.remove(client.network);
        }
    }

    private boolean hasRoom(Capacity what, long wanted) {
        return switch (what) {
            case SESSIONS -> seats.size() + wanted <= sessionsAtMost;
            case BYTES -> heldBytes + wanted <= heldBytesAtMost;
        };
    }

    private boolean makeRoom(Capacity what, Client asking, @Nullable Seat asker, long wanted) {
        while (!hasRoom(what, wanted)) {
            Seat found = whoGivesWay(what, asking, asker, wanted);
            if (found == null) {
                return false;
            }
            stand(found);
            found.guest.giveWay();
        }
        return true;
    }

    private @Nullable Seat whoGivesWay(
            Capacity what, Client asking, @Nullable Seat asker, long wanted) {
        long now = nanoTime.getAsLong();
        Long searched = asking.searchedNanos.get(what);
        if (searched != null && now - searched < SEARCH_EACH.toNanos()) {
            return null;
        }
        Seat found = null;
        for (Seat seat : seats) {
            boolean hasMore = what.of(seat.client) > what.of(asking) + wanted;
            if (seat != asker
                    && what.of(seat) > 0
                    && givesWay(seat, hasMore)
                    && (found == null || isBefore(what, seat, found))) {
                found = seat;
            }
        }
        if (found == null) {
            asking.searchedNanos.put(what, now);
        }
        return found;
    }

    private boolean givesWay(Seat seat, boolean hasMore) {
        long withoutProgress = nanoTime.getAsLong() - seat.progressNanos;
        return switch (seat.guest.state()) {
            case CLOSED -> true;
            case CHECKING, COMMITTING -> false;
            case DATA, CHUNK, CHUNKED ->
                    !seat.guest.isHeldUp() && withoutProgress >= STALLED_AFTER.toNanos();
            case START, READY, SENDER, ADDRESSED, CHALLENGED, DELAYED, REFUSED_CHUNK, SECURING ->
                    hasMore || withoutProgress >= SILENT_AFTER.toNanos();
        };
    }

    /// Returns which of two that give way does so first.
    private static boolean isBefore(Capacity what, Seat one, Seat other) {
        SessionState first = one.guest.state();
        SessionState second = other.guest.state();
        if ((first == SessionState.CLOSED) != (second == SessionState.CLOSED)) {
            return first == SessionState.CLOSED;
        }
        if (what.of(one.client) != what.of(other.client)) {
            return what.of(one.client) > what.of(other.client);
        }
        if (first.isInTransaction() != second.isInTransaction()) {
            return !first.isInTransaction();
        }
        return one.progressNanos - other.progressNanos < 0;
    }

    /// Returns how many sessions have a seat.
    synchronized int sessions() {
        return seats.size();
    }

    /// Returns what all of them hold beyond [#FREE_BYTES] each.
    synchronized long heldBytes() {
        return heldBytes;
    }
}
