package dev.postern.spool;

import dev.postern.mail.QueueId;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which messages are being prepared: read, taken apart and rebuilt, before the first octet of them
/// goes out. It is in a file that is mapped into memory, so that a note costs two stores and no
/// call of the system, and outlives the process: what was being prepared when that died may be what
/// killed it.
///
/// Contract: a message that was being prepared when the process ended uncleanly has a strike, and
/// loses its strikes when a round ends whose last preparation went well, or the program stops
/// cleanly. A preparation that went well does not suffice: the next egress prepares it otherwise.
/// With two strikes it is prepared alone: while nothing else is prepared. If the process dies then,
/// it is among [#suspects], which are to be held. One that an operator lets go again is prepared
/// alone too, and suspect at once if that ends the process; a clean stop does not forget it.
///
/// A program that ends whatever it prepares would so have all mail held, one message at each end.
/// Therefore the file has which message was held last. If another one dies alone before a round
/// went well, it is open whether it is to blame: it is not held, and all that has two strikes is
/// among [#undecided], which are to let others go first. If those go well, it was the message's
/// doing, and its next end decides; else it is the program's, and nothing more is held.
///
/// ```
///  a slot:  i64 queue id    i32 state: 0 free, else 1 | 2 being prepared | 4 alone | 8 * strikes
///                           i32 check: hash of id and state
///  the last one:            i32 state: 0 none, else 64: the message that was held last
/// ```
///
/// The id is written before state and check, which are one store; so a kill leaves a slot whole.
///
/// *Diagnostics*: the file is disposable. Without it, or where it is damaged, there are no strikes;
/// that is logged in one line.
///
/// Limits: [#SLOTS] messages are noted at once, the others are prepared unnoted. Nobody waits
/// longer than [#PATIENCE] for a preparation that hangs; then nobody counts as alone.
final class Preparations {

    static final String NAME = "preparing";

    /// So many strikes make a message be prepared alone.
    static final int ALONE_STRIKES = 2;

    /// The strikes of a message that was held; so many are the most.
    static final int HELD_STRIKES = 3;

    static final int SLOTS = 255;

    private static final int SLOT_BYTES = 2 * Long.BYTES;
    static final int FILE_BYTES = (SLOTS + 1) * SLOT_BYTES;

    /// How long one waits for others.
    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Logger log = LoggerFactory.getLogger(Preparations.class);

    private static final int USED = 1;
    private static final int PREPARING = 2;
    private static final int ALONE = 4;
    private static final int STRIKE = 8;
    private static final int HELD_LAST = 64;
    private static final int MIXER = 0x9E37_79B9;

    private @Nullable ByteBuffer slots;
    private final Map<Long, Integer> slotOf = new HashMap<>();
    private final Map<Long, Integer> strikes = new HashMap<>();
    private final Deque<Integer> free = new ArrayDeque<>();
    private final Set<Long> preparing = new HashSet<>();

    /// Those whose last preparation in this round went well.
    private final Set<Long> well = new HashSet<>();

    private final List<QueueId> suspects = new ArrayList<>();
    private final List<QueueId> undecided = new ArrayList<>();
    private @Nullable Long heldLast;
    private @Nullable Long alone;
    private int wantAlone;

    /// Opens the notes and takes those of the last run into account. Before that, nothing is noted.
    ///
    /// @param clean whether that run ended cleanly
    /// @param owed whether something is still owed of a message
    void open(Disk disk, Path directory, boolean clean, LongPredicate owed) {
        if (slots != null) {
            return;
        }
        Path file = directory.resolve(NAME);
        try {
            if (!disk.list(directory).contains(NAME)) {
                create(disk, file);
                if (!clean) {
                    log.atWarn().log("no notes of what was being prepared: nothing has strikes");
                }
            } else if (disk.sizeBytes(file) != FILE_BYTES) {
                log.atWarn().log("notes of what was being prepared are damaged and begin anew");
                disk.delete(file);
                create(disk, file);
            }
            ByteBuffer notes = disk.map(file, 0, FILE_BYTES);
            Set<Long> known = new HashSet<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                long id = notes.getLong(slot * SLOT_BYTES);
                if (owed.test(id)) {
                    known.add(id);
                }
            }
            recall(notes, clean, known::contains);
        } catch (IOException e) {
            log.atWarn().setCause(e).log("no notes are kept of what is being prepared");
        }
    }

    /// Forgets messages of which nothing is owed, now that this is known.
    void forgetUnless(LongPredicate owed) {
        for (long id : struck()) {
            if (!owed.test(id)) {
                settled(id, true);
            }
        }
    }

    private synchronized List<Long> struck() {
        return List.copyOf(strikes.keySet());
    }

    /// Written, not left as a hole: a page of a mapped hole that finds no room kills the process.
    private static void create(Disk disk, Path file) throws IOException {
        try (Disk.File created = disk.create(file)) {
            created.writeFully(ByteBuffer.allocate(FILE_BYTES), 0);
        }
    }

    private synchronized void recall(ByteBuffer from, boolean clean, LongPredicate owed) {
        slots = from;
        heldLast = clean ? null : heldLast(from);
        boolean open = false;
        int damaged = 0;
        for (int slot = 0; slot < SLOTS; slot++) {
            long id = from.getLong(slot * SLOT_BYTES);
            long word = from.getLong(slot * SLOT_BYTES + Long.BYTES);
            int state = (int) (word >>> Integer.SIZE);
            boolean whole = word == 0 || (word == word(id, state) && !slotOf.containsKey(id));
            damaged += whole ? 0 : 1;
            int before = state / STRIKE;
            if (word != 0 && whole && owed.test(id)) {
                int kept = before < HELD_STRIKES ? 0 : HELD_STRIKES;
                recall(slot, id, clean ? kept : afterDeath(id, state, before));
                open |= !clean && isOpen(id, state, before);
            } else {
                recall(slot, id, 0);
            }
        }
        noteHeldLast(suspects.isEmpty() ? heldLast : Long.valueOf(suspects.getLast().value()));
        if (open) {
            strikes.forEach((id, count) -> {
                if (count == ALONE_STRIKES) {
                    undecided.add(new QueueId(id));
                }
            });
            log.atError()
                    .addKeyValue("messages", undecided.size())
                    .addKeyValue(
                            "advice",
                            "see why it ended in the log before this start; if it ran out of"
                                    + " memory, give it more")
                    .log(
                            "the program ends again and again whatever message it prepares:"
                                    + " no more are held until one goes well");
        }
        if (damaged > 0) {
            log.atWarn()
                    .addKeyValue("slots", damaged)
                    .log("notes of what was being prepared are damaged and forgotten");
        }
    }

    private int afterDeath(long id, int state, int before) {
        if ((state & PREPARING) == 0 || isOpen(id, state, before)) {
            return before;
        }
        if (before >= ALONE_STRIKES && (state & ALONE) != 0) {
            suspects.add(new QueueId(id));
            return HELD_STRIKES;
        }
        return before >= ALONE_STRIKES ? before : before + 1;
    }

    /// Returns whether a message died alone, as it should be held for, and yet the program may end
    /// whatever it prepares: another one was held, and none went well since.
    private boolean isOpen(long id, int state, int before) {
        Long held = heldLast;
        boolean diedAlone = (state & (PREPARING | ALONE)) == (PREPARING | ALONE);
        return diedAlone && before == ALONE_STRIKES && held != null && held != id;
    }

    private static @Nullable Long heldLast(ByteBuffer from) {
        long id = from.getLong(SLOTS * SLOT_BYTES);
        long word = from.getLong(SLOTS * SLOT_BYTES + Long.BYTES);
        return word == word(id, HELD_LAST) ? id : null;
    }

    private void noteHeldLast(@Nullable Long id) {
        heldLast = id;
        put(SLOTS, id == null ? 0 : id, id == null ? 0 : HELD_LAST);
    }

    private void recall(int slot, long id, int count) {
        if (count == 0) {
            put(slot, id, 0);
            free.add(slot);
        } else {
            slotOf.put(id, slot);
            strikes.put(id, count);
            put(slot, id, USED | STRIKE * count);
        }
    }

    /// Returns the messages that are to be held.
    List<QueueId> suspects() {
        return suspects;
    }

    /// Returns the messages that are to let others go first.
    List<QueueId> undecided() {
        return undecided;
    }

    /// Notes that an operator lets a suspect go once more.
    synchronized void lastChance(long id) {
        strikes.put(id, HELD_STRIKES);
        write(id, 0);
    }

    /// A preparation begins, or goes on: once no other message must be alone, or this one is.
    void begin(long id) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        synchronized (this) {
            if (preparing.contains(id)) {
                return;
            }
            well.remove(id);
            boolean wishesAlone = strikes.getOrDefault(id, 0) >= ALONE_STRIKES;
            wantAlone += wishesAlone ? 1 : 0;
            try {
                while (wishesAlone ? !preparing.isEmpty() : alone != null || wantAlone > 0) {
                    long millis = (deadline - System.nanoTime()) / 1_000_000;
                    if (millis <= 0) {
                        break;
                    }
                    wait(millis);
                }
            } catch (InterruptedException _) {
                // Whoever wants this thread back finds it soon: the egress looks for interrupts.
                Thread.currentThread().interrupt();
            }
            wantAlone -= wishesAlone ? 1 : 0;
            enter(id, wishesAlone);
        }
    }

    private void enter(long id, boolean wishesAlone) {
        Long lone = alone;
        if (lone != null) {
            // Not alone any more: if the process dies now, it may have been this one.
            alone = null;
            write(lone, PREPARING);
        }
        boolean isAlone = wishesAlone && preparing.isEmpty();
        alone = isAlone ? id : null;
        preparing.add(id);
        write(id, PREPARING | (isAlone ? ALONE : 0));
    }

    /// A preparation pauses, or is over.
    ///
    /// @param toItsEnd whether it came to its end
    synchronized void end(long id, boolean toItsEnd) {
        if (toItsEnd) {
            well.add(id);
        }
        if (preparing.remove(id)) {
            Long lone = alone;
            alone = lone != null && lone == id ? null : lone;
            write(id, 0);
            notifyAll();
        }
    }

    /// A round is over: the process outlived whatever was done with the message.
    ///
    /// @param done whether nothing is owed of it any more
    synchronized void settled(long id, boolean done) {
        boolean wentWell = well.remove(id);
        if (wentWell && heldLast != null) {
            noteHeldLast(null);
        }
        if ((wentWell || done) && strikes.remove(id) != null) {
            // Its preparation may go on, and nobody waits for that: the slot must not tell of them.
            Long lone = alone;
            alone = lone != null && lone == id ? null : lone;
            write(id, preparing.contains(id) ? PREPARING : 0);
            notifyAll();
        }
    }

    /// Writes what is known of a message.
    private void write(long id, int flags) {
        int count = strikes.getOrDefault(id, 0);
        if (flags == 0 && count == 0) {
            Integer slot = slotOf.remove(id);
            if (slot != null) {
                put(slot, id, 0);
                free.add(slot);
            }
            return;
        }
        Integer slot = slotOf.get(id);
        if (slot == null) {
            slot = free.poll();
            if (slot == null) {
                return;
            }
            slotOf.put(id, slot);
        }
        put(slot, id, USED | flags | STRIKE * count);
    }

    private void put(int slot, long id, int state) {
        ByteBuffer to = slots;
        if (to == null) {
            return;
        }
        int at = slot * SLOT_BYTES;
        if (state != 0) {
            to.putLong(at, id);
            VarHandle.releaseFence();
        }
        to.putLong(at + Long.BYTES, state == 0 ? 0 : word(id, state));
    }

    private static long word(long id, int state) {
        int check = (Long.hashCode(id) ^ state) * MIXER;
        return ((long) state << Integer.SIZE) | (check & 0xFFFF_FFFFL);
    }
}
